"""What an SMTP reply means for a letter and for the account (RFC 5321 section 4.2; OPERATIONS T5–T7). Pure."""

import re
from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """How far a transaction has come. Only a loss in ANSWER leaves open whether the letter was taken (OPERATIONS T1)."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the message"
    ANSWER = "the final dot"


class Meaning(Enum):
    """BUSY and ACCOUNT concern the account: leave it alone for a minute, or for an hour; no letter is at fault."""

    TAKEN = "taken"
    LATER = "later"
    BUSY = "busy"
    ACCOUNT = "account"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply; `text` is one line, fit for an error message."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class _Sign:
    """A reply that means something else than its first digit says. `phases` empty: any."""

    codes: tuple[int, ...]
    pattern: re.Pattern[str]
    meaning: Meaning
    phases: tuple[Phase, ...] = ()


_ANY = re.compile("")
_OWN_MAILBOX_FULL = (Phase.MAIL, Phase.DATA, Phase.ANSWER)
_SIGNS = (
    _Sign((421,), _ANY, Meaning.BUSY),
    # Seen in practice: Microsoft 365 "432 4.3.2 Concurrent connections limit exceeded".
    _Sign((432,), _ANY, Meaning.BUSY),
    # Seen in practice: Gmail "550 5.4.5 Daily user sending limit exceeded": tomorrow the same letter passes.
    _Sign((550, 552, 554), re.compile(r"\b5\.4\.5\b"), Meaning.ACCOUNT),
    # Seen in practice: Microsoft 365 "535 5.7.139 SmtpClientAuthentication is disabled", "550 5.7.30 Basic authentication is …".
    _Sign((), re.compile(r"\b5\.7\.(?:139|30)\b"), Meaning.ACCOUNT),
    _Sign((530, 534, 535, 538), _ANY, Meaning.ACCOUNT),
    # Seen in practice: Microsoft 365 stores what it sends; a full Sent Items gives "554 5.2.2 mailbox full" though the recipient is well.
    _Sign((554,), re.compile(r"\b5\.2\.[02]\b"), Meaning.ACCOUNT, _OWN_MAILBOX_FULL),
)


def read_reply(phase: Phase, reply: Reply) -> Meaning:
    """What the reply to a command of that phase means. Anything out of place is LATER: better once more than lost."""
    if _is_success(phase, reply.code):
        return Meaning.TAKEN
    for sign in _SIGNS:
        if (not sign.codes or reply.code in sign.codes) and (not sign.phases or phase in sign.phases) and sign.pattern.search(reply.text):
            return sign.meaning
    return Meaning.NEVER if 500 <= reply.code <= 599 else Meaning.LATER


def describe_refusal(account: str, phase: Phase, reply: Reply) -> str:
    """What is kept of a reply that did not take the letter."""
    return f"{account} says to {phase.value}: {reply}"


def words_about_recipient(refusal: str) -> str:
    """What the server has said to the recipient's address; "" where it has spoken of our own, or of the letter."""
    return refusal.partition(f" says to {Phase.RCPT.value}: ")[2]


def _is_success(phase: Phase, code: int) -> bool:
    return code == 354 if phase is Phase.DATA else 200 <= code <= 299
