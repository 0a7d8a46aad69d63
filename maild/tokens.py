"""Keyed tokens and the subject tag: mint and verify. Pure; used by mail in and mail out alike.

Every token is an HMAC-SHA256 under a key derived for one purpose, so that a customer's token never passes for an agent's (MAIL.md A3).
Forms (MAIL.md O1, O2, F5, L8), `mac` being two hex digits of key id and 16 base32 characters (80 bits):

    <c.1042.77.mac@domain>          Message-ID: c answer to the customer, a acknowledgement, s status notice, n agent notification
    <w.0.77.mac@domain>             the same of a letter that tries out an agent's mail programs; proves nothing else (PRODUCT 34c)
    <t.1042.mac@domain>             the anchor of a ticket, first of its References
    [Acme #1042-7QKD]               the subject tag
    maild-ref: n.1042.77.mac        the visible line of an agent notification
    X-Maild-Loop: instance; mac     our automatic mail, coming back

Behind the plus of a department's address (`maild.plus`), each with a key of its own, so that none passes for another:

    support+r1042.mac@…             a customer's reply address (F3a, O4), the same as long as the key
    support+a1042.77.mac@…          where one agent answers one notification (A1, A6); a note address will be `n…`
    support+w77.mac@…               where one agent answers a letter that tries out his mail programs
    support+b77.1.mac@…             the envelope sender of letter 77 to its first recipient (O5), and the ENVID of a report about it (B2)
    support+p4711.mac@…             a probe: the mail by which `maild doctor` sees whether such addresses work; as a Message-ID, too
    support+anna.mac@…              an agent's personal address, which proves a fresh mail of hers (A3); it is the same as long as the key
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from maild.aliases import canonical

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MAC_PATTERN = r"[0-9a-f]{2}[a-z2-7]{16}"
CUSTOMER = "customer"
_ID = re.compile(
    rf"(?P<kind>[casnw])\.(?P<ticket>\d{{1,12}})\.(?P<letter>\d{{1,12}})\.(?P<mac>{MAC_PATTERN})(?:@[^\s<>@]+)?", re.IGNORECASE
)
_ANCHOR = re.compile(rf"t\.(?P<ticket>\d{{1,12}})\.(?P<mac>{MAC_PATTERN})(?:@[^\s<>@]+)?", re.IGNORECASE)
_DETAIL = re.compile(rf"(?P<form>[rawbp])(?P<numbers>\d{{1,12}}(?:\.\d{{1,12}})?)\.(?P<mac>{MAC_PATTERN})", re.IGNORECASE)
_PERSONAL = re.compile(rf"(?P<agent>\w[\w.-]{{0,63}})\.(?P<mac>{MAC_PATTERN})", re.IGNORECASE | re.ASCII)
_REF_LINE = re.compile(rf"maild-ref:\s{{0,8}}([nw]\.\d{{1,12}}\.\d{{1,12}}\.{MAC_PATTERN})", re.IGNORECASE)
_BREAK = r"[\s\u00ad\u200b-\u200f\u2060\ufeff]{0,4}"
_DASH = r"[-\u2010-\u2015\u2212－]"
"""Seen in practice: what programs and keyboards make of a tag: breaks that are not seen, marks for the direction of writing around numbers,
dashes of typography, and full-width forms."""


class LetterKind(Enum):
    """MAIL.md O1: the letter's kind, as it stands in our Message-IDs."""

    ANSWER = "c"
    ACKNOWLEDGEMENT = "a"
    STATUS = "s"
    NOTIFICATION = "n"
    WELCOME = "w"

    @property
    def is_for_agents(self) -> bool:
        """Whether it is bound to the agent who reads it."""
        return self in (LetterKind.NOTIFICATION, LetterKind.WELCOME)


@dataclass(frozen=True, slots=True)
class LetterToken:
    """One of our Message-IDs whose MAC is valid. `agent` is set where the kind is for agents: whose token it is."""

    kind: LetterKind
    ticket: int
    letter: int
    agent: str | None


@dataclass(frozen=True, slots=True)
class BounceToken:
    """A bounce address of ours: which letter, and which of its recipients, counted from 1."""

    letter: int
    position: int


@dataclass(frozen=True, slots=True)
class SubjectTag:
    """A tag found in a subject. `valid`: its check characters are ours (MAIL.md F3c); else it is weak evidence (F3f).

    `guessed`: it has check characters, and they are wrong.
    """

    ticket: int
    valid: bool
    guessed: bool
    start: int
    end: int


_PURPOSES = {LetterKind.NOTIFICATION: "agent", LetterKind.WELCOME: "welcome"}


class Tokens:
    """Mints with the first key of the ring, verifies with all of them (MAIL.md O1: a key ring with key ids)."""

    def __init__(self, keys: Sequence[bytes], domain: str, prefixes: Sequence[str], agents: Iterable[str] = ()) -> None:
        if not keys:
            raise ValueError("a key ring needs at least one key")
        self._ring = {key_id(key): key for key in reversed(keys)}
        self._keys = tuple(keys)
        self._newest = keys[0]
        self.domain = domain
        self.prefix = prefixes[0]
        self._agents = tuple(agents)
        self._aliases: Mapping[str, LetterToken] = {}
        names = "|".join(re.escape(prefix) for prefix in prefixes)
        check = rf"(?:{_BREAK}{_DASH}{_BREAK}([0-9A-Za-z]{{4}}))?"
        number = rf"[#＃]?{_BREAK}(\d{{1,12}})"
        self._tag = re.compile(rf"[\[［]{_BREAK}(?:{names}){_BREAK}{number}{check}{_BREAK}[\]］]", re.IGNORECASE)

    def knowing(self, aliases: Mapping[str, LetterToken]) -> "Tokens":
        """The same, to which these ids are ids of our letters, too (MAIL.md O1a); see `maild.aliases`."""
        if not aliases:
            return self
        knowing = copy(self)
        knowing._aliases = aliases
        return knowing

    def has_keys(self, keys: Sequence[bytes]) -> bool:
        """Whether these are its keys, in this order."""
        return self._keys == tuple(keys)

    @property
    def instance(self) -> str:
        """A public name of this desk, the same as long as its newest key (MAIL.md L8)."""
        return _mac(self._newest, "instance", self.domain)[:10]

    def mint_message_id(self, kind: LetterKind, ticket: int, letter: int, agent: str | None = None) -> str:
        """A Message-ID without angle brackets, under 76 characters for domains up to 40 (MAIL.md O1)."""
        return f"{kind.value}.{ticket}.{letter}.{self._letter_mac(self._newest, kind, ticket, letter, agent)}@{self.domain}"

    def read_message_id(self, message_id: str) -> LetterToken | None:
        """The token in one of our Message-IDs, or the one an alias stands for. None where the form or the MAC is not ours."""
        match = _ID.fullmatch(message_id)
        return self._verify_letter(match) if match else self._aliases.get(canonical(message_id))

    def read_house_id(self, message_id: str) -> int | None:
        """The number of our letter about the desk itself whose Message-ID this is. It is no token: it proves nobody and leads nowhere."""
        match = _ID.fullmatch(message_id)
        token = self._verify_letter(match, (None,)) if match else None
        return token.letter if token and token.kind is LetterKind.NOTIFICATION and token.ticket == 0 else None

    def read_letter(self, message_id: str) -> int | None:
        """The number of the letter with this Message-ID; also of one to nobody in particular, whose id is no token. For reports (B2)."""
        if token := self.read_message_id(message_id):
            return token.letter
        match = _ID.fullmatch(message_id)
        token = self._verify_letter(match, (None,)) if match else None
        return token.letter if token else None

    def mint_anchor(self, ticket: int) -> str:
        """The anchor id of a ticket (MAIL.md O2)."""
        return f"t.{ticket}.{_stamped(self._newest, 'anchor', str(ticket))}@{self.domain}"

    def read_anchor(self, message_id: str) -> int | None:
        """The ticket number of a valid anchor."""
        match = _ANCHOR.fullmatch(message_id)
        if not match or not (key := self._key_of(match["mac"])):
            return None
        return int(match["ticket"]) if _same(_stamped(key, "anchor", match["ticket"]), match["mac"].lower()) else None

    def mint_reference_line(self, ticket: int, letter: int, agent: str, kind: LetterKind = LetterKind.NOTIFICATION) -> str:
        """The small visible line of a letter to an agent (MAIL.md A1)."""
        return f"maild-ref: {kind.value}.{ticket}.{letter}.{self._letter_mac(self._newest, kind, ticket, letter, agent)}"

    def find_reference_line(self, text: str) -> LetterToken | None:
        """The first valid `maild-ref` line of a text."""
        tokens = (self.read_message_id(match[1]) for match in _REF_LINE.finditer(text))
        return next((token for token in tokens if token), None)

    def mint_reply(self, ticket: int) -> str:
        """What stands behind the plus of a customer's reply address (MAIL.md O4)."""
        return self._mint_detail("r", "reply", (ticket,))

    def read_reply(self, detail: str) -> int | None:
        """The ticket of a valid reply address (MAIL.md F3a)."""
        numbers = self._read_detail("r", "reply", detail)
        return numbers[0] if numbers else None

    def mint_answer(self, ticket: int, letter: int, agent: str) -> str:
        """The same for an agent's answer to one notification (MAIL.md A1); it proves this agent only."""
        return self._mint_detail("a", "answer", (ticket, letter), agent)

    def read_answer(self, detail: str) -> LetterToken | None:
        """The notification a valid answer address was made for."""
        for agent in self._agents:
            if numbers := self._read_detail("a", "answer", detail, agent):
                ticket, letter = numbers
                return LetterToken(LetterKind.NOTIFICATION, ticket, letter, agent)
        return None

    def mint_welcome(self, letter: int, agent: str) -> str:
        """The same for his answer to a letter that tries out his mail programs."""
        return self._mint_detail("w", "welcome-answer", (letter,), agent)

    def read_welcome(self, detail: str) -> LetterToken | None:
        """The letter such an address was made for."""
        found = ((agent, self._read_detail("w", "welcome-answer", detail, agent)) for agent in self._agents)
        return next((LetterToken(LetterKind.WELCOME, 0, numbers[0], agent) for agent, numbers in found if numbers), None)

    def mint_bounce(self, letter: int, position: int) -> str:
        """The same for the envelope sender of one recipient's copy of a letter (MAIL.md O5)."""
        return self._mint_detail("b", "bounce", (letter, position))

    def read_bounce(self, detail: str) -> BounceToken | None:
        """Which letter to whom a valid bounce address, or ENVID, was made for (MAIL.md B2)."""
        numbers = self._read_detail("b", "bounce", detail)
        return BounceToken(letter=numbers[0], position=numbers[1]) if numbers else None

    def mint_probe(self, number: int) -> str:
        """The same for a probe; with the desk's domain it is the probe's Message-ID."""
        return self._mint_detail("p", "probe", (number,))

    def read_probe(self, detail: str) -> int | None:
        """The number of a valid probe."""
        numbers = self._read_detail("p", "probe", detail)
        return numbers[0] if numbers else None

    def mint_personal(self, agent: str) -> str | None:
        """What stands behind the plus of an agent's personal address (MAIL.md A3); None for a key that would make it another address of
        ours, or none that mail systems take."""
        detail = f"{agent.casefold()}.{_stamped(self._newest, 'personal', agent)}"
        return detail if _match_personal(detail) else None

    def read_personal(self, detail: str) -> str | None:
        """Whose a valid personal address is."""
        match = _match_personal(detail)
        if not match or not (key := self._key_of(match["mac"])):
            return None
        mac, namesakes = match["mac"].lower(), (agent for agent in self._agents if agent.casefold() == match["agent"].casefold())
        return next((agent for agent in namesakes if _same(_stamped(key, "personal", agent), mac)), None)

    def find_probe(self, text: str) -> int | None:
        """The number of the first valid probe named in a text, such as a header."""
        numbers = (self.read_probe(match[0]) for match in _DETAIL.finditer(text))
        return next((number for number in numbers if number is not None), None)

    def mint_tag(self, ticket: int, prefix: str | None = None) -> str:
        """The subject tag of a ticket (MAIL.md F5): `[Acme #1042-7QKD]`."""
        return f"[{prefix or self.prefix} #{ticket}-{_check(self._newest, ticket)}]"

    def find_tags(self, subject: str) -> tuple[SubjectTag, ...]:
        """Our own tags in a subject, in order; foreign prefixes are never ours."""
        return tuple(self._read_tag(match) for match in self._tag.finditer(subject))

    def count_wrong(self, message_ids: Iterable[str], subject: str, details: Iterable[str] = ()) -> int:
        """How many different ids, tags and `details` of our addresses have our form, and a MAC or check characters that are not ours
        (MAIL.md S6)."""
        ours = f"@{self.domain}".casefold()
        ids = [given for given in message_ids if given.casefold().endswith(ours) and (_ID.fullmatch(given) or _ANCHOR.fullmatch(given))]
        wrong = {given.casefold() for given in ids if self.read_message_id(given) is None and self.read_anchor(given) is None}
        wrong |= {detail.casefold() for detail in details if self._has_our_form(detail) and not self._is_own(detail)}
        wrong |= {subject[tag.start : tag.end].casefold() for tag in self.find_tags(subject) if tag.guessed}
        return len(wrong)

    def _has_our_form(self, detail: str) -> bool:
        """A name is part of the form only where an agent has it: others may use details of their own."""
        match = _match_personal(detail)
        return _DETAIL.fullmatch(detail) is not None or (match is not None and match["agent"].casefold() in map(str.casefold, self._agents))

    def _is_own(self, detail: str) -> bool:
        reads = (self.read_reply, self.read_answer, self.read_welcome, self.read_bounce, self.read_probe, self.read_personal)
        return any(read(detail) is not None for read in reads)

    def strip_tags(self, subject: str) -> str:
        """The subject without our own tags."""
        return " ".join(self._tag.sub(" ", subject).split())

    def mint_loop_header(self) -> str:
        """The value of X-Maild-Loop (MAIL.md L8)."""
        return f"{self.instance}; {_stamped(self._newest, 'loop', self.instance)}"

    def is_loop_header(self, value: str) -> bool:
        """Whether an X-Maild-Loop value was written by this desk; anybody else's is ignored (MAIL.md L1)."""
        instance, _, mac = (part.strip() for part in value.partition(";"))
        key = self._key_of(mac)
        return key is not None and _same(_stamped(key, "loop", instance), mac.lower())

    def _verify_letter(self, match: re.Match[str], readers: tuple[str | None, ...] = ()) -> LetterToken | None:
        kind = LetterKind(match["kind"].lower())
        ticket, letter, mac = int(match["ticket"]), int(match["letter"]), match["mac"].lower()
        if not (key := self._key_of(mac)):
            return None
        for agent in readers or (self._agents if kind.is_for_agents else (None,)):
            if _same(self._letter_mac(key, kind, ticket, letter, agent), mac):
                return LetterToken(kind, ticket, letter, agent)
        return None

    def _letter_mac(self, key: bytes, kind: LetterKind, ticket: int, letter: int, agent: str | None) -> str:
        purpose = _PURPOSES.get(kind, "customer")
        return _stamped(key, purpose, f"{kind.value}.{ticket}.{letter}.{agent or CUSTOMER}")

    def _mint_detail(self, form: str, purpose: str, numbers: tuple[int, ...], agent: str = "") -> str:
        text = ".".join(map(str, numbers))
        return f"{form}{text}.{_stamped(self._newest, purpose, f'{text}.{agent}')}"

    def _read_detail(self, form: str, purpose: str, detail: str, agent: str = "") -> tuple[int, ...] | None:
        """The numbers of a detail that `_mint_detail` has made in the same way. Mail systems may have changed its case."""
        match = _DETAIL.fullmatch(detail)
        if not match or match["form"].lower() != form or not (key := self._key_of(match["mac"])):
            return None
        expected = _stamped(key, purpose, f"{match['numbers']}.{agent}")
        return tuple(map(int, match["numbers"].split("."))) if _same(expected, match["mac"].lower()) else None

    def _key_of(self, mac: str) -> bytes | None:
        return self._ring.get(mac[:2].lower())

    def _read_tag(self, match: re.Match[str]) -> SubjectTag:
        is_valid = self._is_check(int(match[1]), match[2])
        return SubjectTag(int(match[1]), is_valid, match[2] is not None and not is_valid, *match.span())

    def _is_check(self, ticket: int, given: str | None) -> bool:
        if not given:
            return False
        typed = given.upper().translate(_CROCKFORD_READING)
        return any(_same(_check(key, ticket), typed) for key in self._keys)


def _match_personal(detail: str) -> re.Match[str] | None:
    return None if _DETAIL.fullmatch(detail) else _PERSONAL.fullmatch(detail)


_CROCKFORD_READING = str.maketrans({"O": "0", "I": "1", "L": "1"})


@lru_cache(maxsize=64)
def key_id(key: bytes) -> str:
    """INTERFACE.md: the first two hex digits of the key's SHA-256."""
    return hashlib.sha256(key).hexdigest()[:2]


@lru_cache(maxsize=64)
def _keyed(key: bytes, purpose: str) -> hmac.HMAC:
    """HMAC-SHA256 under the key for a purpose, to be copied. `hmac.digest` would let go of Python's lock for each of a letter's tokens."""
    return hmac.new(hmac.digest(key, f"maild {purpose}".encode(), "sha256"), digestmod="sha256")


def _digest(key: bytes, purpose: str, text: str) -> bytes:
    mac = _keyed(key, purpose).copy()
    mac.update(text.encode())
    return mac.digest()


@lru_cache(maxsize=256)
def _mac(key: bytes, purpose: str, text: str) -> str:
    """80 bits of HMAC-SHA256 in lower-case base32: 16 characters. A letter writes some of them twice, and all letters one."""
    return base64.b32encode(_digest(key, purpose, text)[:10]).decode().lower()


def _stamped(key: bytes, purpose: str, text: str) -> str:
    return key_id(key) + _mac(key, purpose, text)


def _check(key: bytes, ticket: int) -> str:
    """Four Crockford base32 characters: a guess is right once in a million (MAIL.md F5)."""
    digest = int.from_bytes(_digest(key, "tag", str(ticket))[:4], "big")
    return "".join(CROCKFORD[digest >> shift & 31] for shift in (15, 10, 5, 0))


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())
