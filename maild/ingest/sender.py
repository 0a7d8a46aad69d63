"""Who sent this, and how do we know: agents proved by token and authenticated From (MAIL.md A1-A3), everybody else by address.

Pure. Says nothing about what a sender may do to a given ticket; that is `maild.ingest.thread` for customers and `maild.desk.agent_mail`
for agents.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from maild.config.settings import AgentAuth, Settings
from maild.ingest.authentication import judge
from maild.ingest.author import Carrier
from maild.ingest.details import find_details
from maild.ingest.witness import Witness
from maild.message import Address, Authentication, AuthResult, InboundMessage
from maild.reason import Reason
from maild.tokens import LetterKind, LetterToken, Tokens

NOT_AN_AGENT = Reason("not-an-agent", "the sender is no agent")


class TokenPlace(Enum):
    """Where an agent token stood. Only the first two make a public reply (MAIL.md A6)."""

    IN_REPLY_TO = "In-Reply-To"
    RECIPIENT = "a recipient's address"
    REFERENCES = "References"
    REFERENCE_LINE = "the maild-ref line"


PUBLIC_PLACES = frozenset({TokenPlace.IN_REPLY_TO, TokenPlace.RECIPIENT})


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A valid token of ours, and where it stood."""

    token: LetterToken
    place: TokenPlace


@dataclass(frozen=True, slots=True)
class Sender:
    """`agent` is set where the From is an agent's address; `proof` says how he proved it, or why he did not (MAIL.md A3).

    `proven`: he may answer and change tickets, by what `agent_auth` asks. `authenticated`: his From is strict and passed S1, which is all
    that fresh mail can show, having no token; `personal`: it is strict, has not failed S1, and the mail came to his personal address, which
    shows as much (A3). `personal_of` is whose personal address it came to, if that is somebody else's. `token` is the agent token found,
    `strange_token` marks one under a From it was not made for (MAIL.md A1a). `distrust` is why nothing weaker than a token is believed of
    him at the moment (S6). `carrier` is the machine that named him; None: he wrote himself. `forwarded_by`: the name of the agent who has
    handed his mail on (A12). `welcome` is the token of a letter that tries out an agent's mail programs, whoever answers it, and proves
    nothing else (PRODUCT 34c).
    """

    address: Address | None
    authentication: Authentication
    agent: str | None = None
    proven: bool = False
    authenticated: bool = False
    proof: Reason = NOT_AN_AGENT
    token: FoundToken | None = None
    strange_token: bool = False
    distrust: Reason | None = None
    carrier: Carrier | None = None
    forwarded_by: str = ""
    personal: bool = False
    personal_of: str | None = None
    welcome: FoundToken | None = None

    @property
    def vouched(self) -> bool:
        """Whether a fresh mail, which can carry no token, is his (MAIL.md A3: proof by act). What it discloses goes to his registered
        address only."""
        return self.authenticated or self.personal

    def describe_voucher(self) -> str:
        """Why a fresh mail of his counts: what vouches for it, else a person, who has let it in."""
        if self.authenticated:
            return f"proven by {self.authentication.inside or self.authentication.reason.text}"
        return "proven by his personal address" if self.personal else "let in after it was held"


def identify(message: InboundMessage, witness: Witness | None, settings: Settings, tokens: Tokens) -> Sender:
    """The sender of a message, with every proof it carries. `witness`: whose word about him counts."""
    agent = next((found for address in message.header_from if (found := settings.agent_at(address.address))), None)
    authentication = judge(message, witness, agent.logins + agent.addresses if agent else ())
    details = find_details(message, settings)
    tokens_found = tuple(_find_agent_tokens(message, details, tokens))
    token = _first_of(LetterKind.NOTIFICATION, tokens_found)
    welcome = _first_of(LetterKind.WELCOME, tokens_found)
    owners = [owner for detail in details if (owner := tokens.read_personal(detail))]
    personal_of = next(iter(owners), None)
    if agent is None:
        return Sender(
            message.author, authentication, token=token, strange_token=token is not None, personal_of=personal_of, welcome=welcome
        )
    own_token = token if token and token.token.agent == agent.key else None
    fault = find_from_fault(message)
    failure = fault or find_proof_failure(own_token, authentication, settings.trust.agent_auth)
    return Sender(
        message.author,
        authentication,
        agent.key,
        proven=failure is None,
        authenticated=fault is None and authentication.verdict is AuthResult.PASS,
        proof=failure or Reason("proven", describe_proofs(own_token, authentication)),
        token=own_token,
        strange_token=token is not None and own_token is None,
        personal=fault is None and agent.key in owners and authentication.verdict is not AuthResult.FAIL,
        personal_of=None if agent.key in owners else personal_of,
        welcome=welcome,
    )


def _first_of(kind: LetterKind, found: Iterable[FoundToken]) -> FoundToken | None:
    return next((item for item in found if item.token.kind is kind), None)


def _find_agent_tokens(message: InboundMessage, details: Iterable[str], tokens: Tokens) -> Iterator[FoundToken]:
    """Agent tokens in order of weight: In-Reply-To, the addresses, References right to left, the visible line (MAIL.md A1, F3b)."""
    yield from _agent_tokens(message.in_reply_to, TokenPlace.IN_REPLY_TO, tokens)
    for detail in details:
        if token := tokens.read_answer(detail) or tokens.read_welcome(detail):
            yield FoundToken(token, TokenPlace.RECIPIENT)
    yield from _agent_tokens(reversed(message.references), TokenPlace.REFERENCES, tokens)
    line = tokens.find_reference_line(message.text)
    if line:
        yield FoundToken(line, TokenPlace.REFERENCE_LINE)


def _agent_tokens(identifiers: Iterable[str], place: TokenPlace, tokens: Tokens) -> Iterator[FoundToken]:
    for identifier in identifiers:
        token = tokens.read_message_id(identifier)
        if token and token.kind.is_for_agents:
            yield FoundToken(token, place)


def find_proof_failure(token: FoundToken | None, authentication: Authentication, wanted: AgentAuth) -> Reason | None:
    """What `agent_auth` asks for and the mail lacks, None if it has all (MAIL.md A3)."""
    if wanted != "dmarc" and token is None:
        return Reason("no-token", "it carries no token of this agent")
    if wanted != "token" and authentication.verdict is not AuthResult.PASS:
        return Reason("not-authenticated", authentication.reason.text)
    return None


def find_from_fault(message: InboundMessage) -> Reason | None:
    """MAIL.md A2: exactly one From field with exactly one mailbox and no structural defect."""
    if message.from_fields != 1:
        return Reason("from-not-strict", f"the message has {message.from_fields} From fields")
    if message.from_defect:
        return Reason("from-not-strict", f"the From field is not well formed: {message.from_defect}")
    if len(message.header_from) != 1:
        return Reason("from-not-strict", f"the From field names {len(message.header_from)} mailboxes")
    return None


def describe_proofs(token: FoundToken | None, authentication: Authentication) -> str:
    """`token in In-Reply-To and DMARC passed for acme.example`; "" where there is neither."""
    proofs = [f"token in {token.place.value}"] if token else []
    if authentication.verdict is AuthResult.PASS:
        proofs.append(authentication.inside or authentication.reason.text)
    return " and ".join(proofs)
