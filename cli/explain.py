"""`maild rules explain`: why rules did what they did with a ticket, or what they would do with a mail file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.completion import files, rules
from cli.context import Context
from cli.options import json_option, number, ticket_number
from cli.output import print_json, print_text, say, shown_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from maild.config.settings import Settings
    from maild.effects import Decision
    from maild.ingest.opinion import Opinion
    from maild.known import Known
    from maild.pipeline import Desk
    from maild.question import Question
    from maild.rules.verdict import RuleTrace
    from maild.store.engine import Transaction


@click.command(
    "explain",
    short_help="Why: what the rules made of a ticket or a mail, or would make of a mail file.",
    help="Why: what the rules made of a ticket, of an incoming mail that came to none (--message), or would make of a mail file, which is "
    "not stored. --why-not RULE: only that rule.",
)
@click.argument("subject", metavar="TICKET|FILE", shell_complete=files)
@click.option("--message", "of_message", is_flag=True, help="The number is that of an incoming mail, as `maild message list` has it.")
@click.option("--why-not", "rule", metavar="RULE", shell_complete=rules, help="What spoke against this rule, and what would have matched.")
@json_option
@click.pass_obj
def command(context: Context, subject: str, of_message: bool, rule: str | None, as_json: bool) -> None:
    settings = context.settings()
    ticket = None if of_message else _ticket(subject)
    with context.store(settings).reading() as tx:
        if of_message:
            moments = _remembered_of_mail(tx, number(subject))
        else:
            moments = _remembered(tx, ticket) if ticket else [_imagined(tx, context.desk(settings), Path(subject))]
        waits = _explain_waits(tx, ticket, settings, rule) if ticket else []
    events = _find_events(rule, moments, settings) if rule else ()
    if as_json:
        print_json([document for moment in moments for document in _documents(moment, rule)])
        return
    was_asked = any(trace.rule == rule for moment in moments for trace in moment.traces)
    if rule is None:
        _print_moments(moments)
    elif was_asked or not waits:
        _print_why_not(rule, moments, events)
    for line in waits:
        print_text(line)


def _find_events(rule: str, moments: list[_Moment], settings: Settings) -> tuple[str, ...]:
    """For what a rule is by now; it may be one of the files, or one that was asked, whatever they are like. Raises NotFoundError."""
    from maild.config.faults import did_you_mean
    from maild.errors import NotFoundError
    from maild.rules.load import load_rules
    from maild.rules.ruleset import NO_RULES

    loaded = load_rules(settings.directory, settings).rules or NO_RULES
    known = {trace.rule for moment in moments for trace in moment.traces} | {each.id for each in loaded.rules}
    if rule not in known:
        raise NotFoundError(f'there is no rule "{rule}"{did_you_mean(rule, known)}')
    found = loaded.find(rule)
    return tuple(event.value for event in found.events) if found else ()


def _ticket(subject: str) -> int | None:
    """The ticket that is meant, None where it must be a file: one that is there is a file, unless its name is all digits."""
    if not subject.isdigit() and Path(subject).is_file():
        return None
    try:
        return ticket_number(subject)
    except click.BadParameter:
        return None


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the rules did with one mail. `at` None: with a mail file, now; `outcome` says what would become of that."""

    at: datetime | None
    traces: tuple[RuleTrace, ...]
    outcome: tuple[str, ...] = ()


def _remembered(tx: Transaction, number: int) -> list[_Moment]:
    from maild.rules.explain import read_traces
    from maild.store import tickets

    tickets.view(tx, number)
    return [_Moment(row.at, read_traces(row.rules)) for row in tickets.list_traces(tx, number)]


def _remembered_of_mail(tx: Transaction, identifier: int) -> list[_Moment]:
    from maild.rules.explain import read_traces
    from maild.store import received_mail, tickets

    received_mail.show(tx, identifier)
    return [_Moment(row.at, read_traces(row.rules)) for row in tickets.list_traces_of_mail(tx, identifier)]


def _imagined(tx: Transaction, desk: Desk, file: Path) -> _Moment:
    """What the mail would make the rules do now; nothing is recorded."""
    from maild.errors import UsageError
    from maild.ingest.opinion import ASKED
    from maild.rules.explain import read_traces
    from maild.rules.verdict import SCORE
    from maild.store import agent_addresses
    from maild.store.recall import recall

    if not file.is_file():
        raise UsageError(f'"{file}" is neither a ticket number nor a file')
    desk = replace(desk, settings=desk.settings.with_added(agent_addresses.find_all(tx)))
    decision = _consider_file(desk, file, lambda question: recall(tx, question, datetime.now(UTC)))
    about_spam = (str(reason) for reason in decision.evidence if reason.code in (ASKED, SCORE) and reason != decision.reason)
    return _Moment(None, read_traces(decision.trace), (f"This mail would be {decision.state.value} ({decision.reason})", *about_spam))


def _explain_waits(tx: Transaction, number: int, settings: Settings, only: str | None) -> list[str]:
    """On what time rules wait on the ticket; of `only` that one, also why it does not."""
    from maild.rules.explain import explain_no_stay, explain_stay
    from maild.rules.load import load_rules
    from maild.rules.times import Timing
    from maild.store import stays, tickets

    loaded = load_rules(settings.directory, settings).rules
    timing = Timing(loaded.timed if loaded else (), settings)
    lines = [explain_stay(stay, shown_time) for stay in stays.find_on(tx, [number]) if only in (None, stay.rule)]
    rule = timing.find_rule(only or "")
    if rule and not lines:
        now = datetime.now(UTC)
        lines.append(explain_no_stay(rule.id, timing.test_state(rule, tickets.view(tx, number), now)))
    return lines


def _documents(moment: _Moment, rule: str | None) -> list[dict[str, object]]:
    return [{"at": moment.at, **asdict(trace)} for trace in moment.traces if rule in (None, trace.rule)]


def _print_why_not(rule: str, moments: list[_Moment], events: tuple[str, ...]) -> None:
    from maild.rules.explain import explain_why_not

    for line in explain_why_not(rule, [moment.traces for moment in moments], events):
        print_text(line)


def _print_moments(moments: list[_Moment]) -> None:
    """A line for each rule that was asked, with the time of the mail; what a mail file would become, as talk."""
    from maild.rules.explain import explain

    for moment in moments:
        time = f"{shown_time(moment.at, seconds=True)}  " if moment.at else ""
        for item in explain(moment.traces):
            print_text(f"{time}{item.event:<16}  {item}")
        for line in moment.outcome:
            say(line)
    if not any(moment.traces for moment in moments):
        say("no rules ran")


def _consider_file(desk: Desk, file: Path, asking: Callable[[Question], Known]) -> Decision:
    from maild.ingest.worker import Reader
    from maild.pipeline import consider
    from maild.reading import Circumstances

    reader, raw = Reader(), file.read_bytes()
    try:
        message = reader.read(raw)
    finally:
        reader.close()
    circumstances = Circumstances(next(iter(desk.settings.mailboxes)), opinion=_ask_filter(desk.settings, raw))
    return consider(message, circumstances, asking, desk, datetime.now(UTC))


def _ask_filter(settings: Settings, raw: bytes) -> Opinion | None:
    """What the desk's spam filter says of a mail, as the daemon would hear it."""
    from maild.ingest.inquiry import Inquiry

    inquiry = Inquiry()
    (opinion,) = inquiry.hear(inquiry.ask_ahead(settings.spam.rspamd if settings.spam else None, [raw]))
    inquiry.close()
    return opinion
