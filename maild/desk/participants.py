"""Who takes part in a ticket beside its requester (MAIL.md F8, A9). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from maild.config.settings import Settings
from maild.effects import RecordEvent
from maild.message import Address
from maild.outbox.guard import address_refusal
from maild.ticket import Participant, ParticipantRole, TicketView

MAX_PARTICIPANTS = 20


def with_persons(ticket: TicketView, addresses: Iterable[Address], settings: Settings) -> TicketView:
    """The ticket with new persons of To and Cc as Cc participants: at most 20, never own addresses and lists, agents or noreply."""
    people = list(ticket.participants)
    for address in addresses:
        is_new = ticket.role_of(address.address) is None and all(person.address.key != address.key for person in people)
        if is_new and len(people) < MAX_PARTICIPANTS and is_person(address, settings):
            people.append(Participant(address, ParticipantRole.CC))
    return replace(ticket, participants=tuple(people))


def tell_who_joined(before: TicketView | None, after: TicketView) -> Iterator[RecordEvent]:
    """Whoever gets copies from now on because a mail names him. `before` None: the ticket is new."""
    known = frozenset(person.address.key for person in before.participants) if before else frozenset()
    for person in after.participants:
        if person.role is ParticipantRole.CC and person.address.key not in known:
            yield RecordEvent("joined", "maild", f"{person.address.address}, whom the mail names in From, To or Cc, gets copies")


def with_third_party(ticket: TicketView, address: Address) -> TicketView:
    """The ticket with a stranger who wrote on it, flagged; he gets no copies until an agent says so."""
    if ticket.role_of(address.address) is not None or len(ticket.participants) >= MAX_PARTICIPANTS:
        return ticket
    return replace(ticket, participants=(*ticket.participants, Participant(address, ParticipantRole.THIRD_PARTY)))


def is_person(address: Address, settings: Settings) -> bool:
    """Whether letters may go there: no address or list of the desk's, no agent, and nobody who takes no answers."""
    is_ours = address.key in settings.own_lists or settings.agent_at(address.address) is not None
    return not is_ours and address_refusal(address, settings) is None
