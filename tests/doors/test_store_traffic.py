"""What reports count, on both engines: requests and their answers, what came in, what was kept back, what the rules did."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, cast, func, select, update

from maild.effects import Effect, IncomingState, RecordEvent
from maild.ingest.arrival import Part
from maild.ingest.automated import PROBE
from maild.message import Address, MessageClass
from maild.reason import Reason
from maild.rules.verdict import RuleTrace
from maild.store import incoming, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.store.tables.tickets import rule_traces
from maild.store.traffic import find_outcomes, find_traffic
from maild.ticket import MessageKind, Status, TicketView
from maild.traffic import NotSent, Origin, Period, Received, Request, RuleFirings, RuleOutcome, Traffic
from tests.rig.desk import ANN, NOW, a_decision, a_message, a_ticket, an_arrival, composed

HOUR = timedelta(hours=1)
WEEK = Period(NOW - timedelta(days=7), NOW + 2 * HOUR)
SUPPORT = Address("", "support@acme.example")
ANSWER = a_message(kind=MessageKind.AGENT, author=SUPPORT)
FIRED = RuleTrace("ticket.created", "payment", "rules/10.yaml", 3, "abc", True, actions=("tagged payment", "queue sales"))
MISSED = RuleTrace("ticket.created", "vip", "rules/10.yaml", 9, "abc", False)
BROKEN = RuleTrace("ticket.created", "old", "rules/10.yaml", 12, "abc", False, problem="KeyError: x")


def came(
    store: Store,
    *effects: Effect,
    at: datetime = NOW,
    on: TicketView | None = None,
    after: TicketView | None = None,
    part: Part = Part.INBOX,
    state: IncomingState = IncomingState.DONE,
    reason: Reason = Reason("new", "no known reference"),
    message_class: MessageClass = MessageClass.HUMAN,
    trace: tuple[RuleTrace, ...] = (),
    departments: frozenset[str] = frozenset({"support"}),
) -> TicketView | None:
    """A mail that the server had `at`; the desk came to it an hour later. Without effects it opens nothing."""
    with store.writing() as tx:
        incoming.store_arrivals(tx, [replace(an_arrival(uid=None), received=at, part=part)], at + HOUR)
        (message,) = incoming.claim(tx, 1, "host:1", 60, at + HOUR)
        decision = replace(
            a_decision(*effects, RecordEvent("seen", "maild", "…"), before=on, after=after or on),
            state=state,
            reason=reason,
            message_class=message_class.value,
            trace=tuple(rule.to_mapping() for rule in trace),
            departments=departments,
        )
        if not effects:
            decision = replace(decision, before=None, after=None, effects=())
        return apply(tx, decision, now=at + HOUR, compose=composed, incoming=message, first_number=1).ticket


def opened(store: Store, *effects: Effect, at: datetime = NOW, trace: tuple[RuleTrace, ...] = (), **ticket: object) -> TicketView:
    after = replace(a_ticket(created=at + HOUR), **ticket)  # type: ignore[arg-type]
    found = came(store, a_message(), *effects, at=at, after=after, trace=trace)
    assert found is not None
    return found


def counted(store: Store, period: Period = WEEK) -> Traffic:
    with store.reading() as tx:
        return find_traffic(tx, period)


def test_a_request_is_answered_when_the_server_had_the_answer(store: Store):
    ticket = opened(store)
    came(store, replace(ANSWER, internal=True), at=NOW + HOUR, on=ticket)
    came(store, ANSWER, at=NOW + 3 * HOUR, on=ticket, part=Part.SENT)
    came(store, ANSWER, at=NOW + 4 * HOUR, on=ticket)
    assert counted(store).requests == (Request(1, "support", ANN, ticket.subject, NOW, NOW + 3 * HOUR, elsewhere=True),)


def test_what_looks_like_an_agents_answer_and_is_a_note_is_no_answer_and_is_told(store: Store):
    """MAIL.md A10, A15; an agent's own note says nothing of the kind."""
    claimed, noted = opened(store), opened(store, at=NOW + HOUR)
    note = a_message(kind=MessageKind.NOTE, internal=True)
    came(store, note, at=NOW + HOUR, on=claimed, reason=Reason("direct_answer", "nothing vouches for it"))
    came(store, note, at=NOW + 2 * HOUR, on=noted)
    assert [(request.answered, request.is_claimed) for request in counted(store).requests] == [(None, True), (None, False)]


def test_an_answer_by_way_of_the_desk_is_not_written_elsewhere(store: Store):
    ticket = opened(store)
    came(store, ANSWER, at=NOW + HOUR, on=ticket)
    came(store, ANSWER, at=NOW + 2 * HOUR, on=ticket, part=Part.SENT)
    (request,) = counted(store).requests
    assert (request.answered, request.elsewhere) == (NOW + HOUR, False)


def test_what_is_no_request_is_not_counted(store: Store):
    """Spam, what was merged into another, what a machine opened, what an agent began, and what came before or after."""
    opened(store, status=Status.SPAM)
    opened(store, status=Status.MERGED)
    came(store, a_message(kind=MessageKind.AUTO), after=a_ticket(created=NOW + HOUR))
    begun = came(store, ANSWER, after=a_ticket(created=NOW + HOUR))
    came(store, a_message(), at=NOW + HOUR / 2, on=begun)
    opened(store, at=WEEK.since - timedelta(seconds=1))
    opened(store, at=WEEK.until)
    assert counted(store).requests == ()


def test_requests_are_the_oldest_first_and_say_which_are_closed(store: Store):
    opened(store)
    opened(store, at=WEEK.since, queue="sales", status=Status.CLOSED)
    requests = counted(store).requests
    assert [(request.number, request.queue, request.answered, request.is_closed) for request in requests] == [
        (2, "sales", None, True),
        (1, "support", None, False),
    ]


def test_customers_mails_are_those_that_customers_wrote(store: Store):
    ticket = opened(store)
    came(store, a_message(), on=ticket)
    came(store, replace(a_message(), agent="anna"), on=ticket)
    came(store, ANSWER, on=ticket)
    opened(store, queue="sales")
    opened(store, status=Status.SPAM)
    assert sorted(counted(store).customers_mails) == [("sales", 1), ("support", 2)]


def test_what_came_in_is_counted_by_how_it_fared(store: Store):
    ticket = opened(store, queue="sales")
    for _ in range(2):
        came(store, state=IncomingState.QUARANTINED, reason=Reason("auto", "absent until Monday"), message_class=MessageClass.AUTO_REPLY)
    came(store, state=IncomingState.QUARANTINED, reason=Reason("drop", "newsletters"), message_class=MessageClass.LIST)
    came(store, a_message(kind=MessageKind.AUTO), on=ticket, message_class=MessageClass.AUTO_REPLY)
    came(store, part=Part.SENT)
    came(store, at=WEEK.until)
    came(store, message_class=MessageClass.OWN_LOOP, reason=PROBE)
    quarantined, mailbox = IncomingState.QUARANTINED, Origin(None, ("support",), "support")
    assert set(counted(store).received) == {
        Received(Origin("sales", ("support",), "support"), MessageClass.HUMAN, IncomingState.DONE, "", True, False, 1),
        Received(Origin("sales", ("support",), "support"), MessageClass.AUTO_REPLY, IncomingState.DONE, "", True, False, 1),
        Received(mailbox, MessageClass.AUTO_REPLY, quarantined, "auto", False, False, 2),
        Received(mailbox, MessageClass.LIST, quarantined, "newsletters", False, False, 1),
        Received(mailbox, MessageClass.HUMAN, IncomingState.DONE, "", False, True, 1),
    }


def test_held_mail_that_could_not_be_read_is_its_mailboxs(store: Store):
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival(), an_arrival(uid=2)], NOW)
        (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
        incoming.hold(tx, message.id, Reason("poison", "three workers died over it"), "", NOW)
    assert counted(store).received == (Received(Origin(None, (), "support"), None, IncomingState.HELD, "poison", False, False, 1),)


def test_what_the_mode_kept_back_is_counted_by_its_words(store: Store):
    kept = RecordEvent("not_sent", "maild", 'acknowledgement "received" not sent: queue support is in mode observe')
    told = RecordEvent("not_sent", "maild", 'notification "notification" not sent: queue support is in mode observe')
    opened(store, kept, told, told)
    opened(store, kept, queue="sales")
    opened(store, kept, at=WEEK.until)
    with store.writing() as tx:
        apply(tx, replace(a_decision(told), before=None, after=None), now=NOW, compose=composed, incoming=None, first_number=1)
    assert set(counted(store).not_sent) == {
        NotSent("support", kept.text, 1),
        NotSent("support", told.text, 2),
        NotSent("sales", kept.text, 1),
        NotSent(None, told.text, 1),
    }


def test_rules_are_counted_by_what_they_did(store: Store):
    for _ in range(2):
        opened(store, trace=(MISSED, FIRED, BROKEN))
    opened(store, trace=(replace(FIRED, actions=()), MISSED, replace(FIRED, rule="trial", shadow=True)))
    came(store, state=IncomingState.QUARANTINED, reason=Reason("drop", "…"), trace=(FIRED,), departments=frozenset({"sales"}))
    opened(store, at=WEEK.until, trace=(FIRED,))
    support = Origin("support", ("support",), "support")
    assert set(counted(store).rules) == {
        RuleFirings(support, "payment", ("tagged payment", "queue sales"), broke=False, times=2),
        RuleFirings(support, "payment", (), broke=False, times=1),
        RuleFirings(support, "old", (), broke=True, times=2),
        RuleFirings(support, "trial", ("tagged payment", "queue sales"), broke=False, times=1, shadow=True),
        RuleFirings(Origin(None, ("sales",), "support"), "payment", ("tagged payment", "queue sales"), broke=False, times=1),
    }


def test_an_empty_desk_has_nothing_to_report(store: Store):
    assert counted(store) == Traffic((), (), (), (), ())


def test_of_rules_all_outcomes_are_counted_those_of_shadows_apart(store: Store):
    shadow = replace(FIRED, rule="trial", shadow=True, actions=("replied with refund",))
    stopped = replace(MISSED, rule="late", skipped="stopped by rule payment")
    for _ in range(2):
        opened(store, trace=(FIRED, MISSED, BROKEN, shadow, stopped))
    opened(store, trace=(replace(FIRED, fired=False, actions=()),))
    opened(store, at=WEEK.until, trace=(FIRED,))
    with store.reading() as tx:
        found = sorted(find_outcomes(tx, WEEK), key=lambda outcome: (outcome.rule, outcome.fired))
    assert found == [
        RuleOutcome("late", False, False, False, True, (), 2),
        RuleOutcome("old", False, False, True, False, (), 2),
        RuleOutcome("payment", False, False, False, False, (), 1),
        RuleOutcome("payment", True, False, False, False, ("tagged payment", "queue sales"), 2),
        RuleOutcome("trial", True, True, False, False, ("replied with refund",), 2),
        RuleOutcome("vip", False, False, False, False, (), 2),
    ]


def test_what_an_older_maild_has_written_of_rules_counts_and_is_read_alike(store: Store):
    ticket = opened(store, trace=(FIRED, MISSED))
    older = {"whole": None, "rules": [dict(rule.to_mapping()) for rule in (FIRED, MISSED)]}
    with store.writing() as tx:
        was = tuple(tickets.list_traces(tx, ticket.number)), set(find_outcomes(tx, WEEK))
        tx.execute(update(rule_traces).values(older))
        assert (tuple(tickets.list_traces(tx, ticket.number)), set(find_outcomes(tx, WEEK))) == was


def test_of_a_thousand_rules_that_did_nothing_next_to_nothing_is_kept(store: Store):
    missed = tuple(replace(MISSED, rule=f"vip-{number}", line=number) for number in range(1000))
    opened(store, trace=(*missed, FIRED))
    with store.reading() as tx:
        ((did, size),) = tx.execute(select(rule_traces.c.rules, func.length(cast(rule_traces.c.whole, LargeBinary))))
        assert ([rule["rule"] for rule in did], size < 20_000) == (["payment"], True)
