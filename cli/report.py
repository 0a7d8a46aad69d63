"""`maild report`: the figures of a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.completion import queues
from cli.context import Context
from cli.options import json_option, limit_option
from cli.output import print_csv, print_json, print_rows, print_text, shown_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from maild.reports.metrics import QueueReport, Report

_QUEUE_TITLES = ("QUEUE", "MODE", "REQUESTS", "MAILS", "ANSWERED", "ELSEWHERE", "UNANSWERED", "CLOSED", "MEDIAN", "90 %")
_CSV_TITLES = ("queue", "measure", "of", "value")

Row = tuple[object, ...]


@click.command(
    short_help="Requests, answer times, what was never answered, what rules did.",
    help="Department by department: how many requests came in, how many were answered (elsewhere: with a mail program, in the department's "
    "own name) and after how many hours of the clock on the wall, which were never answered, what machines wrote, which letters the "
    "department's mode kept back, what the rules did, what was held or is in quarantine, and why.",
)
@click.option("--queue", metavar="QUEUE", shell_complete=queues, help="Of this department only.")
@click.option("--since", metavar="WHEN", default="7d", help="An age or a day, as 7d or 2026-11-01. Else 7d.")
@click.option("--until", metavar="WHEN", help="Likewise. Else now.")
@limit_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print the figures as CSV, one in a row.")
@click.pass_obj
def command(context: Context, queue: str | None, since: str, until: str | None, limit: int | None, as_json: bool, as_csv: bool) -> None:
    from maild.errors import UsageError

    if as_json and as_csv:
        raise UsageError("--json and --csv are two ways to print the same; name one")
    report = _find(context, queue, since, until)
    if as_json:
        from cli.documents import report_document

        print_json(report_document(report, limit))
    elif as_csv:
        print_csv(_CSV_TITLES, _figures(report))
    else:
        _print(report, limit)


def _find(context: Context, queue: str | None, since: str, until: str | None) -> Report:
    from maild.config.faults import did_you_mean
    from maild.desk.query import read_past
    from maild.errors import NotFoundError, UsageError
    from maild.reports.metrics import build_report
    from maild.store.traffic import find_traffic
    from maild.traffic import Period

    settings, now = context.settings(), datetime.now(UTC)
    period = Period(read_past(since, now), min(read_past(until, now), now) if until else now)
    if period.since >= period.until:
        raise UsageError(f'nothing lies between "{since}" and "{until or "now"}"')
    with context.store(settings).reading() as tx:
        traffic = find_traffic(tx, period)
    report = build_report(traffic, period, settings, now)
    if queue is None:
        return report
    if not (chosen := tuple(item for item in report.queues if item.queue == queue)):
        raise NotFoundError(f'there is no queue "{queue}"{did_you_mean(queue, settings.queues)}')
    return replace(report, queues=chosen)


def _print(report: Report, limit: int | None) -> None:
    """What there is nothing of has no table."""
    print_text(f"from {shown_time(report.period.since)} until {shown_time(report.period.until)}")
    departments = ((queue.queue or None, queue.mode, *_queue_cells(queue)) for queue in report.queues if queue.has_customers)
    print_rows(_QUEUE_TITLES, departments)
    for heading, titles, cells in _TABLES:
        if rows := [(queue.queue or None, *row) for queue in report.queues for row in cells(queue)]:
            print_text(f"\n{heading}:")
            print_rows(("QUEUE", *titles), rows, limit=limit)


def _queue_cells(queue: QueueReport) -> Row:
    times = queue.first_answer
    hours = (_hours(times.median_hours), _hours(times.p90_hours)) if times else (None, None)
    counts = (queue.requests, queue.customers_mails, queue.answered, queue.answered_elsewhere, len(queue.unanswered), queue.closed)
    return *counts, *hours


def _hours(hours: float) -> str:
    return f"{hours:.1f} h"


def _unanswered(queue: QueueReport) -> Iterator[Row]:
    for waiting in queue.unanswered:
        request = waiting.request
        answer = "unproven" if request.is_claimed else None
        yield request.number, _hours(waiting.hours), answer, request.requester.name or request.requester.address, request.subject


def _not_sent(queue: QueueReport) -> Iterator[Row]:
    from cli.documents import OUTBOX_KINDS

    for item in queue.not_sent:
        yield OUTBOX_KINDS[item.letter.kind] if item.letter.kind else None, item.letter.template, item.letters


def _rules(queue: QueueReport) -> Iterator[Row]:
    for item in queue.rules:
        yield item.rule, item.fired, item.would_have_fired, item.broke, [f"{words} ({times})" for words, times in item.actions]


def _automatic(queue: QueueReport) -> Iterator[Row]:
    for item in queue.automatic:
        yield item.message_class, item.mails, item.kept_out


def _doubts(queue: QueueReport) -> Iterator[Row]:
    for item in queue.doubts:
        yield item.state, item.reason, item.mails


def _sent_about_nothing(queue: QueueReport) -> Iterator[Row]:
    if queue.sent_about_nothing:
        yield (queue.sent_about_nothing,)


_TABLES: tuple[tuple[str, tuple[str, ...], Callable[[QueueReport], Iterator[Row]]], ...] = (
    ("never answered, the oldest first", ("NUMBER", "AGE", "ANSWER", "REQUESTER", "SUBJECT"), _unanswered),
    ("not sent because of the mode", ("LETTER", "TEMPLATE", "LETTERS"), _not_sent),
    ("rules", ("RULE", "FIRED", "WOULD HAVE", "BROKE", "ACTIONS"), _rules),
    ("automatic mail", ("CLASS", "MAILS", "KEPT OUT"), _automatic),
    ("held, or in quarantine", ("STATE", "REASON", "MAILS"), _doubts),
    ("written in the department's name, about no ticket", ("MAILS",), _sent_about_nothing),
)


def _figures(report: Report) -> Iterator[Row]:
    """One figure in a row; `of` says whose it is, where a department has several."""
    yield None, "since", None, report.period.since
    yield None, "until", None, report.period.until
    for queue in report.queues:
        yield from ((queue.queue, measure, None, value) for measure, value in _single_figures(queue))
        yield from ((queue.queue, measure, of, value) for measure, of, value in _listed_figures(queue))


def _single_figures(queue: QueueReport) -> Iterator[tuple[str, object]]:
    yield "requests", queue.requests
    yield "customers_mails", queue.customers_mails
    yield "answered", queue.answered
    yield "answered_elsewhere", queue.answered_elsewhere
    yield "never_answered", len(queue.unanswered)
    yield "perhaps_answered", queue.perhaps_answered
    yield "closed", queue.closed
    if times := queue.first_answer:
        yield "first_answer_median_hours", round(times.median_hours, 2)
        yield "first_answer_p90_hours", round(times.p90_hours, 2)
    yield "sent_about_nothing", queue.sent_about_nothing


def _listed_figures(queue: QueueReport) -> Iterator[tuple[str, object, object]]:
    yield from (("never_answered_hours", waiting.request.number, round(waiting.hours, 2)) for waiting in queue.unanswered)
    yield from (("not_sent", f"{kind} {template}", letters) for kind, template, letters in _not_sent(queue))
    for rule in queue.rules:
        yield "rule_fired", rule.rule, rule.fired
        yield "rule_would_have_fired", rule.rule, rule.would_have_fired
        yield "rule_broke", rule.rule, rule.broke
        yield from (("rule_action", f"{rule.rule}: {words}", times) for words, times in rule.actions)
    for machine in queue.automatic:
        yield "automatic", machine.message_class.value, machine.mails
        yield "automatic_kept_out", machine.message_class.value, machine.kept_out
    yield from (("doubt", f"{doubt.state.value} {doubt.reason}", doubt.mails) for doubt in queue.doubts)
