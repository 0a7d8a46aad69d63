"""The front desk: what the command line does to tickets, in the daemon's own transactions and with the agents' own acts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from maild.config.settings import Agent, Settings
from maild.desk import welcome_letters
from maild.desk.absence import read_absence
from maild.desk.acts import Act, Done, do
from maild.desk.answered import NOTHING_ANSWERED, Answered, answered_on
from maild.desk.audience import agent_homes
from maild.desk.command import Command
from maild.desk.errands import Asking, Unfit, claim_next, find_wanted
from maild.desk.named_people import named_people
from maild.desk.openings import a_new_ticket, begin, take_down
from maild.desk.participants import find_person_fault
from maild.desk.regroup import Reach, named_tickets
from maild.desk.split import Share, split_messages
from maild.effects import Decision, IncomingState, Post, RecordEvent
from maild.errors import NotFoundError, UsageError
from maild.ingest.hygiene import one_line
from maild.known import Absence, Known, Suppression
from maild.message import Address
from maild.office import Office
from maild.reason import Reason
from maild.recording import record
from maild.store import absences, delayed_answers, errands, regroupings, suppressions, tickets, welcomes
from maild.store.counters import await_turn
from maild.store.engine import Store, Transaction
from maild.store.said import earlier_on, last_words_of
from maild.store.tickets import MessageRow, TicketRow
from maild.store.views import ticket_views
from maild.ticket import MessageKind, TicketView
from maild.welcome import LIFETIME, Welcome

Opening = Callable[[TicketView, Act, Settings], Done]


@dataclass(frozen=True, slots=True)
class FrontDesk:
    """`actor` is who works here: an agent, or the desk itself for an admin who is none."""

    store: Store
    office: Office
    actor: Agent

    def act(self, number: int, act: Act) -> TicketRow:
        """Do an act to a ticket, all of it or nothing; answers the ticket as it now stands. What was merged into another is done there.

        Raises:
            NotFoundError: there is no such ticket.
            UsageError: a command of the act cannot be done; nothing is.
        """
        desk = self.office.desk
        with self.store.writing() as tx:
            ticket = tickets.lead(tx, number)
            others = ticket_views(tx, named_tickets(act.commands))
            answered = answered_on(ticket, last_words_of(tx, ticket.number))
            customers = (person.key for view in (ticket, *others.values()) for person in (view.addressee, *view.cc))
            known, earlier = self._suppressed(tx, *customers, *named_people(act.commands)), earlier_on(tx, ticket.number)
            last, posted = regroupings.find_last(tx, number), delayed_answers.find_posted(tx, ticket.number)
            reach = Reach(
                others, is_sure=True, last=last, posted=posted, leads=True, shelf=self.office.desk.shelf, rules=self.office.desk.rules
            )
            whole = replace(act, suppressed=known, earlier=earlier, reach=reach, away=absences.find_holding(tx, act.at))
            done = do(ticket, whole, answered, desk.settings)
            if done.faults:
                raise UsageError("; ".join(fault.text for fault in done.faults))
            decision = Decision(IncomingState.DONE, Reason("command-line", act.by), done.into or ticket, done.after, done.effects)
            return self._apply(tx, decision)

    def next(self, queue: str = "") -> TicketRow | None:
        """Give the actor the first ticket that nobody owns in his departments, or in that one; None where nothing waits.

        Raises:
            UsageError: there is no such queue, or he does not work there.
        """
        now, settings, command = _now(), self.office.desk.settings, Command("next", queue)
        with self.store.writing() as tx:
            await_turn(tx)
            found = errands.find(tx, find_wanted((command,), self.actor, settings, now))
            known = Known(tickets=ticket_views(tx, tuple(found.conversations)), found=found)
            claimed = claim_next(command, Asking(self.actor, queue, known, settings, now))
            if isinstance(claimed, str | Unfit):
                raise UsageError(claimed if isinstance(claimed, str) else claimed.text)
            return self._apply(tx, claimed) if claimed else None

    def split(self, number: int, message: int, subject: str) -> TicketRow:
        """A new ticket of this message and all after it; answers that. `subject`: what it is about, "" for the same.

        Raises:
            NotFoundError: there is no such ticket, or no such message on it.
            UsageError: it is the first, so that nothing would stay.
        """
        now, settings = _now(), self.office.desk.settings
        with self.store.writing() as tx:
            ticket = tickets.lead(tx, number)
            rows = tickets.list_messages(tx, ticket.number)
            place = next((place for place, row in enumerate(rows) if row.id == message), None)
            if place is None:
                raise NotFoundError(f"ticket {ticket.number} has no message {message}")
            if place == 0:
                raise UsageError(f"message {message} is the first of ticket {ticket.number}, so nothing would stay there")
            stays, goes = _share(rows[:place]), _share(rows[place:])
            title = one_line(subject) or ticket.subject
            suppressed, away = self._suppressed(tx), absences.find_holding(tx, now)
            split = split_messages(ticket, stays, goes, title, self.actor, settings, now, suppressed=suppressed, away=away)
            self._apply(tx, Decision(IncomingState.DONE, Reason("command-line", self.actor.key), ticket, split.after, (split,)))
            last = regroupings.find_last(tx, ticket.number)
            return tickets.row(tx, last.other.number if last else ticket.number)

    def open(self, queue: str, requester: Address, subject: str, text: str, *, acknowledge: bool) -> TicketRow:
        """A ticket for somebody who did not write (a phone call), with what he has said. He is told only if `acknowledge`.

        Raises:
            UsageError: there is no such queue, no subject, or the requester is the desk itself.
        """
        return self._open(queue, requester, subject, text, partial(take_down, acknowledge=acknowledge))

    def write_to(self, queue: str, person: Address, subject: str, text: str) -> TicketRow:
        """A conversation that the actor begins as a department; he owns its ticket, which waits.

        Raises:
            UsageError: there is no such queue, no subject, or nothing may or can go to that address.
        """
        return self._open(queue, person, subject, text, begin)

    def _open(self, queue: str, requester: Address, subject: str, text: str, opening: Opening) -> TicketRow:
        now, settings, by = _now(), self.office.desk.settings, self.actor.key
        _require_possible(queue, requester, settings)
        ticket = a_new_ticket(queue, requester, one_line(subject), now)
        with self.store.writing() as tx:
            away = absences.find_holding(tx, now)
            act = Act(agent=self.actor, by=by, at=now, body=text, suppressed=self._suppressed(tx, requester.key), away=away)
            done = opening(ticket, act, settings)
            if done.faults:
                raise UsageError("; ".join(fault.text for fault in done.faults))
            opened = RecordEvent("opened", by, f"for {requester} at the command line")
            return self._apply(tx, Decision(IncomingState.DONE, Reason("command-line", by), None, done.after, (opened, *done.effects)))

    def leave(self, until: str = "", deputy: str = "") -> Absence:
        """The actor is away from now on, until a time in plain words by his own clock; see `maild.desk.absence`.

        Raises:
            UsageError: the words name no time ahead, or the deputy is no other agent.
        """
        absence = read_absence(self.actor, until, deputy, self.office.desk.settings, _now())
        if isinstance(absence, str):
            raise UsageError(absence)
        with self.store.writing() as tx:
            absences.store(tx, absence)
        return absence

    def come_back(self) -> None:
        """The actor is there again."""
        with self.store.writing() as tx:
            absences.end(tx, self.actor.key)

    def welcome(self, agent: Agent) -> Welcome:
        """Write to an agent, who is to answer from each of his mail programs. He is written to whatever a department's mode is: that is how
        one finds out what will work. Answers are counted anew."""
        now = _now()
        letter = welcome_letters.welcome(agent, now + LIFETIME, self.office.desk.settings)
        with self.store.writing() as tx:
            decision = Decision(IncomingState.DONE, Reason("command-line", self.actor.key), effects=(Post(letter),))
            applied = record(tx, decision, self.office, now)
            welcomes.begin(tx, agent.key, applied.letters[0], now)
            return Welcome(agent.key, applied.letters[0], "", now)

    def find_absence(self, agent: str | None) -> Absence | None:
        """The agent's absence, None while he is there."""
        with self.store.reading() as tx:
            return absences.find_holding(tx, _now()).get(agent or "")

    def _suppressed(self, tx: Transaction, *customers: str) -> Mapping[str, Suppression]:
        """Those of the customers' and of all agents' addresses to which mail comes back."""
        return suppressions.find_holding(tx, (*customers, *agent_homes(self.office.desk.settings)), _now())

    def _apply(self, tx: Transaction, decision: Decision) -> TicketRow:
        applied = record(tx, decision, self.office, _now())
        if applied.ticket is None:
            raise UsageError("nothing was done")
        return tickets.row(tx, applied.ticket.number)


def _share(rows: Sequence[MessageRow]) -> Share:
    customers = [row for row in rows if row.kind is MessageKind.CUSTOMER]
    shown = [row for row in customers if not row.internal]
    own = [row for row in shown if row.agent is None]
    words = (Answered(None, (), row.visible, row.author.name or row.author.address) for row in reversed(shown))
    return Share(
        messages=tuple(row.id for row in rows),
        customer=len(customers),
        agent=sum(row.kind is MessageKind.AGENT for row in rows),
        ids=tuple(row.message_id for row in own if row.message_id),
        words=next(words, NOTHING_ANSWERED),
    )


def _require_possible(queue: str, requester: Address, settings: Settings) -> None:
    if queue not in settings.queues:
        raise UsageError(f'there is no queue "{queue}"; one of: {", ".join(settings.queues)}')
    if fault := find_person_fault(requester, settings):
        raise UsageError(fault)


def _now() -> datetime:
    return datetime.now(UTC)
