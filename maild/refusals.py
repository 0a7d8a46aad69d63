"""Refusals: an answer the relay takes for nobody is told like one that came back (MAIL.md O6, B4), and the address remembered (B5). So is
one of mail to an agent, whose place others take (B6).

Everything happens in the transaction that records the refusal, so that it is told once.
"""

from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.dead_mailbox import find_reader, tell_others
from maild.desk.reports import UNDELIVERABLE, tell_who_answered
from maild.desk.undeliverable import effects_of_refusal
from maild.effects import Decision, Effect, IncomingState, RecordEvent
from maild.office import Office
from maild.outbox.delivery import DeliveryState
from maild.reason import Reason
from maild.recording import record
from maild.rules.verdict import Event
from maild.store import letters, outbox, suppressions, tickets
from maild.store.deliveries import BOUNCED
from maild.store.engine import Transaction
from maild.store.outbox import OutboxRow
from maild.ticket import TicketView
from maild.tokens import LetterKind


def tell_of_refusal(tx: Transaction, delivery: int, office: Office, now: datetime) -> None:
    """What follows from a delivery that has failed for good; nothing from one whose failure did not count.

    Raises:
        TemplateError: the letter that tells of it cannot be written.
    """
    row = outbox.show(tx, delivery)
    if row.state is not DeliveryState.FAILED:
        return
    address, settings = row.recipient.casefold(), office.desk.settings
    earlier = sum(suppressions.count_bounces(tx, (address,), now).values())
    reader = find_reader(row.kind, (address,), settings)
    consequences = tuple(effects_of_refusal(address, row.error, earlier, now, to_agent=reader is not None))
    unreachable = suppressions.find_unreachable(tx, settings, now)
    ticket = None if row.ticket is None else tickets.lead(tx, row.ticket)
    told = tell_others(reader, consequences, ticket, unreachable, settings)
    decision = _decide(tx, row, ticket, (*consequences, *told), unreachable, settings)
    record(tx, decision, office, now)


def _decide(
    tx: Transaction,
    row: OutboxRow,
    ticket: TicketView | None,
    consequences: tuple[Effect, ...],
    unreachable: frozenset[str],
    settings: Settings,
) -> Decision:
    reason, events = Reason("refused", row.error), (Event.BOUNCE_RECEIVED,) if ticket else ()
    if row.kind is not LetterKind.ANSWER or ticket is None:
        return Decision(IncomingState.DONE, reason, ticket, ticket, consequences, events=events)
    after = replace(ticket, tags=ticket.tags | {UNDELIVERABLE})
    told = tell_who_answered(letters.find_author(tx, row.letter), ticket, f"{row.recipient}: {row.error}", unreachable, settings)
    return Decision(IncomingState.DONE, reason, ticket, after, (*consequences, *told), events=events)


def take_refusal_back(tx: Transaction, delivery: int, office: Office, now: datetime) -> None:
    """An answer that had failed has been accepted after all (`maild outbox retry`): the ticket's log says so, and once no other of its
    answers is undelivered it is no longer tagged. Said twice it is done once.
    """
    row = outbox.show(tx, delivery)
    if row.kind is not LetterKind.ANSWER or row.ticket is None:
        return
    about = f"answer to {row.recipient} "
    ticket = tickets.lead(tx, row.ticket)
    logs = (tickets.list_events(tx, number) for number in dict.fromkeys((row.ticket, ticket.number)))
    said = [line.kind for log in logs for line in log if line.text.startswith(about)]
    if said[-1:] != ["failed"]:
        return
    others = outbox.list_outbox(tx, ticket=row.ticket)
    is_left = any(other.kind is LetterKind.ANSWER and _is_undelivered(other) for other in others if other.id != delivery)
    after = ticket if is_left else replace(ticket, tags=ticket.tags - {UNDELIVERABLE})
    event = RecordEvent("delivered", "maild", f"{about}was delivered after all")
    decision = Decision(IncomingState.DONE, Reason("delivered", event.text), ticket, after, (event,))
    record(tx, decision, office, now)


def _is_undelivered(row: OutboxRow) -> bool:
    """Refused by the relay, or taken and come back (B4)."""
    return row.state is DeliveryState.FAILED or row.error.startswith(BOUNCED)
