"""Who takes part in a ticket beside its requester (MAIL.md F8, A9). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.effects import RecordEvent
from maild.message import Address
from maild.outbox.guard import address_refusal
from maild.ticket import Participant, ParticipantRole, TicketView

MAX_PARTICIPANTS = 20
NAME_ANOTHER = "name somebody outside the desk who can be answered"


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


def with_requester(ticket: TicketView, person: Address, by: str, settings: Settings, now: datetime) -> TicketView:
    """The ticket as this person's, by what an agent says (MAIL.md A7), `by`. Whoever was its requester gets copies from now on, unless no
    letters may go there.

    A name that is not given is the one that is known already. Nothing that was said before is shown to him (`requester_since`), unless he
    is the same person at another address.
    """
    known = (ticket.requester, ticket.addressee, *(other.address for other in ticket.participants))
    names = (other.name for other in known if other.key == person.key)
    person = Address(person.name or next(names, ""), person.address)
    if person.key == ticket.requester.key:
        return replace(ticket, requester=person)
    is_same_person = ticket.role_of(person.address) is ParticipantRole.REQUESTER
    others = tuple(other for other in ticket.participants if other.address.key != person.key)
    former = next((old for old in known[:2] if old.key != person.key and is_person(old, settings)), None)
    if former:
        others = (*(other for other in others if other.address.key != former.key), Participant(former, ParticipantRole.REQUESTER))
    if not is_same_person:
        others = tuple(replace(other, role=_without_requester(other.role)) for other in others)
    is_known = is_same_person or person.key == ticket.addressee.key
    moved = ticket if is_known else replace(ticket, requester_since=now, requester_by=by)
    return replace(moved, requester=person, reply_to=None, participants=others)


def _without_requester(role: ParticipantRole) -> ParticipantRole:
    return ParticipantRole.CC if role is ParticipantRole.REQUESTER else role


def with_same_person(ticket: TicketView, address: str) -> TicketView:
    """The ticket where somebody who takes part is its requester at another address: his mail is hers, and both get the answers (F8)."""
    return with_role(ticket, address, ParticipantRole.REQUESTER)


def with_role(ticket: TicketView, address: str, role: ParticipantRole) -> TicketView:
    """The ticket where this address takes part in this role, under the name that is known."""
    key = address.casefold()
    known = next((person.address for person in ticket.participants if person.address.key == key), Address("", address))
    others = tuple(person for person in ticket.participants if person.address.key != key)
    return replace(ticket, participants=(*others, Participant(known, role)))


def find_person_fault(address: Address, settings: Settings) -> str:
    """Why nobody outside the desk can be written to there; "" if somebody can."""
    if agent := settings.agent_at(address.address):
        return f"{address.address} is {agent.name}'s, a colleague's; {NAME_ANOTHER}"
    if address.key in settings.own_lists:
        return f"{address.address} is a list of the desk's own; {NAME_ANOTHER}"
    refusal = address_refusal(address, settings)
    return f"{refusal.text}; {NAME_ANOTHER}" if refusal else ""


def find_copy_fault(address: str, settings: Settings) -> str:
    """Why an address gets no copies of answers (`maild.outbox.copies`); "" if it may."""
    if agent := settings.agent_at(address):
        return f"{address} is {agent.name}'s, a colleague's, and copies go outside the desk; #assign or #task tells a colleague"
    if settings.is_own_address(address):
        return f"{address} is the desk's own address, and copies go outside the desk; #move takes the ticket to another department"
    return ""


def is_person(address: Address, settings: Settings) -> bool:
    """Whether letters may go there: no address or list of the desk's, no agent, and nobody who takes no answers."""
    return not find_person_fault(address, settings)
