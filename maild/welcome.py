"""Welcome: an agent answers one letter from each of his mail programs; what each answer has shown (PRODUCT 34c). Plain values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from maild.message import AuthResult

LIFETIME = timedelta(days=14)


class Whose(Enum):
    """What an address is to the agent: the registered one, another of his (`emails:`), or none that is known as his."""

    REGISTERED = "registered"
    OTHER = "other"
    UNKNOWN = "unknown"


class Replies(Enum):
    """What becomes of an answer to a notification: it goes to the customer, is kept as a note, is held (MAIL.md A4), or is a stranger's."""

    CUSTOMER = "customer"
    NOTE = "note"
    HELD = "held"
    STRANGER = "stranger"


class Change(Enum):
    """What is to be changed about a mail program, or around it. Each has a sentence in the words of letters, under its value."""

    UNKNOWN_ADDRESS = "unknown_address"
    FROM_UNCLEAR = "from_unclear"
    NO_TOKEN = "no_token"
    NOT_IN_REPLY_TO = "not_in_reply_to"
    FORWARD = "forward"
    HELD_UNVOUCHED = "held_unvouched"
    FRESH_UNVOUCHED = "fresh_unvouched"
    ENCRYPTED = "encrypted"
    NOTHING_NEW = "nothing_new"
    QUOTATION = "quotation"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Welcome:
    """The last letter that tries out an agent's mail programs. `answers` counts what has been answered to it and was met, `unproven` those
    among them that carried no token and that no server vouched for."""

    agent: str
    letter: int
    subject: str
    sent: datetime
    answers: int = 0
    unproven: int = 0

    @property
    def until(self) -> datetime:
        """When answers cease to count."""
        return self.sent + LIFETIME


@dataclass(frozen=True, slots=True)
class Device:
    """A mail program of an agent's, as its last answer has shown it.

    `program` is "" where it does not say its name. `token` is where it brought the letter's token back, "" where nowhere; `mechanism` what
    a trusted server said of the sender, `auth` in one word. `proven`: at an address of his and with all that answers must carry (MAIL.md
    A3); `proof` is how, or what was missing. `fresh`: the same of new mail. `read` are the words read as his own, `signature` what stands
    among them and looks like one, `commands` those that would have been done. `automatic`: no person wrote it.
    """

    agent: str
    program: str
    address: str
    at: datetime
    whose: Whose
    replies: Replies
    auth: AuthResult
    proven: bool = False
    proof: str = ""
    fresh: bool = False
    token: str = ""
    mechanism: str = ""
    read: str = ""
    signature: str = ""
    form: str = "text"
    commands: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    automatic: bool = False
    incoming: int | None = None
