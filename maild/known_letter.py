"""Letters of ours as the store knows them: what an answer to one of them is about, and what it may still change. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maild.message import Address
from maild.tokens import LetterKind

KEPT_AS_NOTE = "kept-as-note"
"""The template of the letter by which an agent is told that his mail went to nobody (MAIL.md A6)."""
TAKEN_BACK = "taken-back"
"""The template of the letter that gives an agent's answer back to him, which he or a lead took back before it went out (MAIL.md A7)."""
COMMAND_FAILED = "command-failed"
"""The template of the letter that gives an agent's mail back to him, and the reason why that mail did nothing (MAIL.md A7)."""
UNVERIFIED = "unverified"
"""The template of the letter by which an agent is told that a mail under his name is held (MAIL.md A4)."""
PERSONAL_ADDRESS = "personal-address"
"""The template of the letter by which an agent is told that a stranger's mail to his personal address is held (MAIL.md A3, A4)."""
CONTROL = "control"
"""The template of the letters that answer what an agent asks the desk itself (MAIL.md A3)."""


@dataclass(frozen=True, slots=True)
class HeldAway:
    """A mail under an agent's name that nothing proved to be his (MAIL.md A4). `is_waiting`: it is still held. `adds`: it came to his
    personal address from this one, which he may say is his, too; "" for any other."""

    incoming: int
    is_waiting: bool
    adds: str = ""


@dataclass(frozen=True, slots=True)
class KeptMail:
    """An agent's mail that was kept as a note, or became one. `was_sent`: he has had it sent after all, or it is on its way."""

    incoming: int
    was_sent: bool


CROSSED = "crossed"
"""The template of the letter by which an agent is told that a colleague has answered before him, and the reason why his answer is held
(MAIL.md A11)."""


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """An agent's mail that did nothing and was given back to him (MAIL.md A7, A11). `was_mended`: it has gone after all, or is on its way.

    `offer` are the command lines that he was asked whether he meant, "" where there was nothing to ask; None: no command lines mend it.
    Where it crossed with a colleague's answer, they are those that make it a note; None: it is one.
    """

    incoming: int
    offer: str | None
    was_mended: bool


@dataclass(frozen=True, slots=True)
class KnownLetter:
    """A letter of ours, `author` the agent who answers in it. Answers written since it `knows_until` cross with it (MAIL.md A11): `as_of`,
    or since it was `created`, where that is None.

    `ticket` None: it is about none. `kept`: the mail it tells of, if it says that it was kept as a note, or taken back (A6, A7);
    `returned`: the one it gives back, if it does that (A7); `crossed`: the answer that is held, if it tells of that (A11); `asked`: the one
    that asked the desk itself, if the letter asks whether something else was meant; `held`: the one under its reader's name that is held,
    if it tells of that (A4). `writer`: who wrote the mail it was written because of,
    None where none was; `tells_of`: that mail's id, "" without one. `task`: the id of the task it tells of (PRODUCT 20).
    `subject`: as it was sent.
    """

    letter: int
    message_id: str
    kind: LetterKind
    ticket: int | None
    agent: str | None
    internal: bool
    created: datetime
    author: str | None = None
    kept: KeptMail | None = None
    returned: ReturnedMail | None = None
    writer: Address | None = None
    crossed: ReturnedMail | None = None
    asked: ReturnedMail | None = None
    held: HeldAway | None = None
    as_of: datetime | None = None
    tells_of: str = ""
    task: int | None = None
    subject: str = ""

    @property
    def knows_until(self) -> datetime:
        return self.as_of or self.created


@dataclass(frozen=True, slots=True)
class BouncedLetter:
    """The letter of ours a report is about: whom it went to, as addresses are compared, and how often they bounced in the last days."""

    number: int
    recipients: tuple[str, ...]
    earlier_bounces: Mapping[str, int] = field(default_factory=dict)
