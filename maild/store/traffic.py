"""What reports count: requests and their answers, what came in, what was kept back, what the rules did. Reading only.

Each question reads its tables once, whatever it finds; the database counts what is alike. Nothing of the walk asks this.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, and_, bindparam, case, cast, func, select, text, type_coerce

from maild.desk.direct_answer import DIRECT
from maild.effects import IncomingState
from maild.ingest.arrival import Part
from maild.ingest.automated import PROBE
from maild.message import Address, MessageClass
from maild.outbox.guard import NOT_SENT
from maild.rules.verdict import Fate
from maild.store.columns import Time
from maild.store.engine import Transaction
from maild.store.tables.mail_in import incoming
from maild.store.tables.tickets import events, messages, rule_traces, tickets
from maild.ticket import MessageKind, Status
from maild.traffic import NotSent, Origin, Period, Received, Request, RuleFirings, RuleOutcome, Traffic

ROWS_AT_ONCE = 100
_OF_A_RULE = (Fate.QUARANTINE.value, Fate.DROP.value)
"""Reasons whose words are a rule's own."""
_KEPT_OUT = (IncomingState.HELD.value, IncomingState.QUARANTINED.value)
_LEFT_OUT = (Status.SPAM.value, Status.MERGED.value)

_ARRIVED = func.coalesce(incoming.c.received, messages.c.at, type_=messages.c.at.type)
"""Mail waits for the desk to come to it, those of the Sent folder longer than others: what counts is when the server had it."""
_IS_ANSWER = and_(messages.c.kind == MessageKind.AGENT.value, ~messages.c.internal)
_IS_CUSTOMERS = messages.c.kind == MessageKind.CUSTOMER.value
_IS_CLAIM = and_(messages.c.kind == MessageKind.NOTE.value, incoming.c.reason_code == DIRECT)

# What rules did stands as JSON in a row for each event. Both engines read `->>`; what takes the list apart has another name on each.
_FIRED = """
SELECT tickets.queue, CAST(incoming.departments AS TEXT), incoming.mailbox, rule.value ->> 'rule', rule.value ->> 'actions',
  rule.value ->> 'problem' IS NOT NULL, COALESCE(rule.value ->> 'shadow' = {true}, {false}), count(*)
FROM rule_traces LEFT JOIN tickets ON tickets.number = rule_traces.ticket LEFT JOIN incoming ON incoming.id = rule_traces.incoming,
  {each} AS rule
WHERE rule_traces.at >= :since AND rule_traces.at < :until AND (rule.value ->> 'fired' = {true} OR rule.value ->> 'problem' IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_SQLITE = {"each": "json_each(rule_traces.rules)", "true": "1", "false": "0"}
_POSTGRESQL = {"each": "json_array_elements(rule_traces.rules)", "true": "'true'", "false": "false"}


def find_traffic(tx: Transaction, period: Period) -> Traffic:
    return Traffic(
        tuple(_find_requests(tx, period)),
        tuple(_count_customers_mails(tx, period)),
        tuple(_count_received(tx, period)),
        tuple(_count_not_sent(tx, period)),
        tuple(_count_firings(tx, period)),
    )


def _find_requests(tx: Transaction, period: Period) -> Iterator[Request]:
    """Tickets are written after their mail has arrived, so that only those created since then are looked at."""
    said = (
        select(
            messages.c.ticket,
            func.min(case((_IS_CUSTOMERS, _ARRIVED)), type_=messages.c.at.type).label("asked"),
            func.min(case((_IS_ANSWER, _ARRIVED)), type_=messages.c.at.type).label("answered"),
            func.min(case((and_(_IS_ANSWER, incoming.c.folder == Part.SENT.value), _ARRIVED)), type_=messages.c.at.type).label("elsewhere"),
            func.count(case((_IS_CLAIM, 1))).label("claims"),
        )
        .join(tickets, tickets.c.number == messages.c.ticket)
        .outerjoin(incoming, incoming.c.id == messages.c.incoming)
        .where(tickets.c.created >= period.since)
        .group_by(messages.c.ticket)
        .subquery()
    )
    query = (
        select(
            tickets.c.number,
            tickets.c.queue,
            tickets.c.requester_name,
            tickets.c.requester_address,
            tickets.c.subject,
            tickets.c.status,
            said.c.asked,
            said.c.answered,
            said.c.elsewhere,
            said.c.claims,
        )
        .join(said, said.c.ticket == tickets.c.number)
        .where(tickets.c.status.not_in(_LEFT_OUT), *_within(period, said.c.asked))
        .order_by(said.c.asked, tickets.c.number)
    )
    for number, queue, name, address, subject, status, asked, answered, elsewhere, claims in tx.execute(query):
        # Who was written to first asks nothing by answering.
        if answered is None or answered >= asked:
            is_elsewhere = answered is not None and answered == elsewhere
            is_closed = status == Status.CLOSED.value
            yield Request(number, queue, Address(name, address), subject, asked, answered, is_elsewhere, is_closed, claims > 0)


def _count_customers_mails(tx: Transaction, period: Period) -> Iterator[tuple[str, int]]:
    query = (
        select(tickets.c.queue, func.count())
        .join(messages, messages.c.ticket == tickets.c.number)
        .outerjoin(incoming, incoming.c.id == messages.c.incoming)
        .where(_IS_CUSTOMERS, messages.c.agent.is_(None), tickets.c.status.not_in(_LEFT_OUT), *_within(period, _ARRIVED))
        .group_by(tickets.c.queue)
    )
    yield from tx.execute(query)


def _count_received(tx: Transaction, period: Period) -> Iterator[Received]:
    """What is not read yet is nothing yet, and what the desk has sent itself to see whether it comes is no mail."""
    departments: ColumnElement[str | None] = cast(incoming.c.departments, Text)
    has_ticket: ColumnElement[bool] = type_coerce(incoming.c.ticket.is_not(None), Boolean)
    why = case(
        (incoming.c.state.not_in(_KEPT_OUT), ""), (incoming.c.reason_code.in_(_OF_A_RULE), incoming.c.reason), else_=incoming.c.reason_code
    )
    alike = (
        tickets.c.queue,
        departments,
        incoming.c.mailbox,
        incoming.c.message_class,
        incoming.c.state,
        why.label("why"),
        has_ticket.label("has_ticket"),
        incoming.c.folder,
    )
    query = (
        select(*alike, func.count())
        .select_from(incoming)
        .outerjoin(tickets, tickets.c.number == incoming.c.ticket)
        .where(
            incoming.c.state != IncomingState.RECEIVED.value, incoming.c.reason_code != PROBE.code, *_within(period, incoming.c.received)
        )
        .group_by(*alike)
    )
    for queue, read_for, mailbox, kind, state, reason, on_ticket, folder, mails in tx.execute(query):
        origin = Origin(queue, _read_list(read_for), mailbox)
        message_class = MessageClass(kind) if kind else None
        yield Received(origin, message_class, IncomingState(state), reason, bool(on_ticket), folder == Part.SENT.value, mails)


def _count_not_sent(tx: Transaction, period: Period) -> Iterator[NotSent]:
    query = (
        select(tickets.c.queue, events.c.text, func.count())
        .outerjoin(tickets, tickets.c.number == events.c.ticket)
        .where(events.c.kind == NOT_SENT, *_within(period, events.c.at))
        .group_by(tickets.c.queue, events.c.text)
    )
    for queue, words, letters in tx.execute(query):
        yield NotSent(queue, words, letters)


def _count_firings(tx: Transaction, period: Period) -> Iterator[RuleFirings]:
    words = _FIRED.format(**(_POSTGRESQL if tx.dialect.name == "postgresql" else _SQLITE))
    query = text(words).bindparams(bindparam("since", type_=Time()), bindparam("until", type_=Time()))
    for queue, read_for, mailbox, rule, actions, broke, shadow, times in tx.execute(query, {"since": period.since, "until": period.until}):
        yield RuleFirings(Origin(queue, _read_list(read_for), mailbox), rule, _read_list(actions), bool(broke), times, bool(shadow))


def find_outcomes(tx: Transaction, period: Period) -> Iterator[RuleOutcome]:
    """How every rule has fared that was there to be asked."""
    query = select(rule_traces.c.rules, rule_traces.c.whole).where(*_within(period, rule_traces.c.at))
    rows = tx.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
    fared = Counter(_fared(rule) for rules, whole in rows for rule in (rules if whole is None else whole))
    for (name, fired, shadow, broke, skipped, actions), times in fared.items():
        yield RuleOutcome(name, fired, shadow, broke, skipped, actions, times)


def _fared(rule: Mapping[str, Any]) -> tuple[str, bool, bool, bool, bool, tuple[str, ...]]:
    told = (rule.get(key) is not None for key in ("shadow", "problem", "skipped"))
    return rule["rule"], rule["fired"], *told, tuple(rule.get("actions") or ())


def _within(period: Period, moment: ColumnElement[datetime]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return moment >= period.since, moment < period.until


def _read_list(stored: str | None) -> tuple[str, ...]:
    """A list of texts as JSON has it; NULL and JSON's own null are none."""
    return tuple(json.loads(stored) or ()) if stored else ()
