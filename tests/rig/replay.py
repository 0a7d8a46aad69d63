"""A desk in times of its own: each mail is seen through when it is said to arrive, by the reading room, recall and archive themselves.

Nothing is fetched and nothing is sent: letters stay where whoever they are for can read them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from maild.effects import Letter
from maild.ingest.arrival import Arrival, Incoming, Part
from maild.ingest.opinion import Opinion
from maild.ingest.parse import parse_message
from maild.office import Office
from maild.outbox.delivery import Composed
from maild.pipeline import consider
from maild.reading import Circumstances
from maild.store import incoming, letter_aliases, tickets
from maild.store.apply import Compose, apply
from maild.store.engine import Store, Transaction, open_store
from maild.store.recall import recall
from maild.ticket import TicketView
from maild.time_rules import keep_time_rules
from maild.writing_desk import composing
from tests.rig.small_office import DESK, an_office


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter as it left the desk; `ticket` is the one it is about."""

    number: int
    ticket: int | None
    raw: bytes


@dataclass(slots=True)
class Replay:
    """`letters` are those to each address, oldest first."""

    office: Office
    store: Store
    letters: dict[str, list[Sent]] = field(default_factory=dict)

    def receive(self, raw: bytes, at: datetime, opinion: Opinion | None = None, *, part: Part = Part.INBOX) -> int | None:
        """A mail arrives, a filter says that of it, and what it makes walk again follows (MAIL.md A6, A7, A11); its ticket."""
        with self.store.writing() as tx:
            incoming.store_arrivals(tx, [Arrival("support", raw, at, part=part)], at)
            (claimed,) = incoming.claim(tx, 1, "replay", 60, at)
            number = self._see_through(tx, claimed, at, opinion)
            while again := incoming.claim(tx, 1, "replay", 60, at):
                self._see_through(tx, again[0], at)
        return number

    def _see_through(self, tx: Transaction, claimed: Incoming, at: datetime, opinion: Opinion | None = None) -> int | None:
        desk, circumstances = self.office.desk, Circumstances.of(claimed, opinion)
        decision = consider(parse_message(claimed.raw), circumstances, partial(recall, tx, now=at), desk, at)
        first = desk.settings.desk.first_number
        follow, compose = desk.timing.follow, self._keeping(tx, at)
        applied = apply(tx, decision, now=at, compose=compose, incoming=claimed, first_number=first, follow=follow)
        return applied.ticket_number

    def come_round(self, at: datetime) -> None:
        """The desk asks the time rules that are due."""
        while keep_time_rules(self.store, self.office, at):
            pass

    def letters_about(self, address: str, ticket: int | None) -> list[Sent]:
        return [sent for sent in self.letters.get(address, ()) if sent.ticket == ticket]

    def ticket(self, number: int) -> TicketView:
        """A ticket as it stands now."""
        with self.store.reading() as tx:
            return tickets.view(tx, number)

    def note_alias(self, letter: int, message_id: str) -> None:
        """The relay has said by which id it sent a letter on (MAIL.md O1a)."""
        with self.store.writing() as tx:
            letter_aliases.store(tx, letter, message_id, by_relay=True)

    def _keeping(self, tx: Transaction, now: datetime) -> Compose:
        write = composing(tx, self.office, now)

        def compose(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
            composed = write(letter, ticket, number)
            sent = Sent(number, ticket.number if ticket else None, composed.raw)
            for envelope in composed.envelopes:
                self.letters.setdefault(envelope.recipient.address, []).append(sent)
            return composed

        return compose


@contextmanager
def a_replay(directory: Path, desk: str = DESK) -> Iterator[Replay]:
    """A new desk, its database in the directory; `desk` as in `an_office`."""
    store = open_store("sqlite:///replay.db", directory, create=True)
    try:
        yield Replay(an_office(directory, desk), store)
    finally:
        store.close()
