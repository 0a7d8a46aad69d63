"""Renumbering: what is replayed gets the numbers and ids that it had then, since people's answers name them (`maild.replay`)."""

from collections.abc import Mapping, Sequence
from itertools import count

from maild.effects import Letter
from maild.outbox.delivery import Composed, Envelope
from maild.past import INVENTED, PastMail, PostedLetter
from maild.store.engine import Transaction
from maild.ticket import TicketView


class Renumbering:
    """Tickets and letters get the numbers and the ids that they had then: people name them. What there was not then gets others."""

    def __init__(self, by_deeds: Mapping[int, Sequence[PostedLetter]]) -> None:
        """`by_deeds`: the letters that no mail has caused, by ticket."""
        self._by_deeds = {ticket: list(posted) for ticket, posted in by_deeds.items()}
        self._invented = count(INVENTED)
        self._given: set[int] = set()
        self._opened: Sequence[int] = ()
        self._posted: list[PostedLetter] = []
        self._ids: dict[int, str] = {}

    def begin_deed(self, ticket: int) -> None:
        """What follows is what happens to the ticket without a mail."""
        self._opened, self._posted, self._ids = (), self._by_deeds.get(ticket, []), {}

    def begin(self, mail: PastMail, walk: int) -> None:
        """What follows is that mail's doing where it walks for that one of its departments."""
        self._opened = mail.opened[walk:]
        if walk == 0:
            self._posted, self._ids = list(mail.letters), {}

    def ticket(self, tx: Transaction) -> int:
        number = next((number for number in self._opened if number not in self._given), None)
        number = number or next(self._invented)
        self._given.add(number)
        return number

    def letters(self, tx: Transaction, letters: Sequence[Letter]) -> Sequence[int]:
        return [self._number_of(letter) for letter in letters]

    def _number_of(self, letter: Letter) -> int:
        for posted in self._posted:
            if (posted.kind, posted.template, posted.agent) == (letter.kind, letter.template, letter.agent):
                self._posted.remove(posted)
                self._ids[posted.number] = posted.message_id
                return posted.number
        return next(self._invented)

    def compose(self, letter: Letter, ticket: TicketView | None, number: int) -> Composed:
        """A letter that nobody will read: who gets it is all that counts."""
        envelopes = tuple(Envelope(person, "", "") for person in letter.addressees)
        return Composed(self._ids.get(number, f"{number}@maild.invalid"), letter.subject, b"", envelopes)
