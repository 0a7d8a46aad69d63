"""Reading: everything found out about one message before anything is decided. The reading room's result, plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from maild.canned.shelf import NO_ANSWERS, Shelf
from maild.ingest.arrival import Incoming, Part
from maild.ingest.bounce import Bounced
from maild.ingest.department import Departments
from maild.ingest.opinion import Opinion
from maild.ingest.sender import Sender
from maild.ingest.spam import NO_SPAM, Spam
from maild.ingest.thread import Thread
from maild.known import NOTHING_NOTED, Conduct, Known
from maild.message import InboundMessage, Nature
from maild.rules.ruleset import NO_RULES, RuleSet


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How the message came to us: its mailbox and what the server said of it (see `maild.ingest.arrival.Incoming`).

    `received` None: now. `part`: in which of the mailbox's folders it lay; `marked_junk`: its copy carries the keyword $Junk.
    `sent_after_all`, `corrected`, `caught_up`: as in `Incoming`. `opinion`: what the desk's spam filter says, None where it was not asked.
    """

    mailbox: str
    answered: bool = False
    quiet: bool = False
    released: bool = False
    received: datetime | None = None
    full_size: int | None = None
    part: Part = Part.INBOX
    marked_junk: bool = False
    sent_after_all: bool = False
    corrected: str | None = None
    caught_up: datetime | None = None
    opinion: Opinion | None = None

    @property
    def place(self) -> str:
        """The mailbox in words: `support's mailbox`, `sales' mailbox`."""
        return f"{self.mailbox}'{'' if self.mailbox.endswith('s') else 's'} mailbox"

    @classmethod
    def of(cls, incoming: Incoming, opinion: Opinion | None = None) -> "Circumstances":
        """Those of a stored message, and what the filter says of it."""
        return cls(
            incoming.mailbox,
            incoming.answered,
            incoming.quiet,
            incoming.released,
            incoming.received,
            incoming.full_size,
            part=incoming.part,
            marked_junk=incoming.junk,
            sent_after_all=incoming.sent_after_all,
            corrected=incoming.corrected,
            caught_up=incoming.caught_up,
            opinion=opinion,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """`spam` is what calls it spam, `title` the subject without our own tags and reply prefixes, `bounced` the letter of ours a delivery
    report is about (B2). `forwarded` is the reading of the mail that an agent hands on in this one, as if its writer had sent it (A12);
    `shelf` has the canned answers there are, `rules` those that agents run by name.
    """

    message: InboundMessage
    circumstances: Circumstances
    nature: Nature
    sender: Sender
    departments: Departments
    known: Known
    thread: Thread
    conduct: Conduct = NOTHING_NOTED
    spam: Spam = NO_SPAM
    title: str = ""
    bounced: Bounced | None = None
    forwarded: "Reading | None" = None
    shelf: Shelf = NO_ANSWERS
    rules: RuleSet = NO_RULES

    def under(self, rules: RuleSet, fired: Mapping[int, Mapping[str, datetime]]) -> "Reading":
        """The same reading for a desk with other rules. `fired`: when those that rest have fired last, by ticket."""
        forwarded = self.forwarded.under(rules, fired) if self.forwarded else None
        return replace(self, rules=rules, known=replace(self.known, fired=fired), forwarded=forwarded)

    @property
    def bounced_recipient(self) -> str:
        """Which recipient of the letter a report is about, by the envelope made for him; "" where only the report can say (B2)."""
        recipients = self.known.bounced.recipients if self.known.bounced else ()
        position = self.bounced.position if self.bounced else None
        return recipients[position - 1] if position and position <= len(recipients) else ""
