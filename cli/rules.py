"""`maild rules`: checked, listed, tried and explained by the daemon's own code."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.backtest import command as backtest
from cli.completion import files, rules
from cli.context import Context
from cli.group import Group
from cli.options import json_option, limit_option, ticket_number
from cli.output import print_json, print_rows, print_text, say, shown_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from maild.background import Pause
    from maild.config.settings import Settings
    from maild.effects import Decision
    from maild.ingest.opinion import Opinion
    from maild.known import Known
    from maild.pipeline import Desk
    from maild.question import Question
    from maild.rules.ruleset import Rule, RuleSet
    from maild.rules.trial import CaseResult
    from maild.rules.verdict import RuleTrace
    from maild.store.engine import Transaction
    from maild.waiting_rules import Waits


@click.group(cls=Group, help="Rules.")
def command() -> None:
    pass


command.add_command(backtest)


@command.command(help="Are the rules valid, and do they give their templates what those need? Every fault with file, line, column.")
@click.option("--strict", is_flag=True, help="Exit status 1 for warnings.")
@json_option
@click.pass_obj
def check(context: Context, strict: bool, as_json: bool) -> None:
    _check(context, strict=strict, as_json=as_json)


@command.command(
    short_help="Do the rules mean what they say? Exit status 1 if not.",
    help="What `check` finds, with exit status 1 for warnings, too: rules that can never run, settings that contradict each other, "
    "conditions that can never hold, names that nobody uses, rules without an owner.",
)
@json_option
@click.pass_obj
def lint(context: Context, as_json: bool) -> None:
    _check(context, strict=True, as_json=as_json)


def _check(context: Context, *, strict: bool, as_json: bool) -> None:
    from cli.check import check_rules, report

    settings = context.settings()
    checked = check_rules(context, settings)
    waits = _count_waits(context, settings, checked.rules) if checked.rules else ()
    told = [f"rule {each.rule} waits on {each.tickets} tickets, and is due at once on {each.due}" for each in waits]
    contents, beside = "\n".join((_contents(checked.rules), *told)), {"waits": [asdict(each) for each in waits]}
    report(context, checked.faults, contents, beside, strict=strict, as_json=as_json)


def _count_waits(context: Context, settings: Settings, rules: RuleSet) -> tuple[Waits, ...]:
    """Where a database is at hand: to check rules none is needed."""
    from maild.errors import MaildError
    from maild.rules.times import Timing
    from maild.waiting_rules import count_waits

    if not rules.timed:
        return ()
    try:
        with context.store(settings).reading() as tx:
            return tuple(count_waits(tx, Timing(rules.timed, settings), datetime.now(UTC)))
    except MaildError:
        return ()


def _contents(rules: RuleSet | None) -> str:
    if rules is None:
        return "a running desk keeps the rules it has"
    return f"{len(rules.rules)} rule{'' if len(rules.rules) == 1 else 's'}, set {rules.digest}"


@command.command(
    short_help="A JSON Schema of rule files, for editors.",
    help="Print a JSON Schema by which editors complete and check rule files, with the names of this desk; write it to a file. "
    "Without a desk it has the language alone.",
)
@click.pass_obj
def schema(context: Context) -> None:
    from cli.check import load_rules
    from maild.rules.desk_words import DeskWords, find_words
    from maild.rules.schema import build_schema
    from maild.templates.render import list_templates

    if not (context.directory / "maild.yaml").exists():
        print_json(build_schema(DeskWords()))
        return
    settings = context.settings()
    templates = {item.kind for item in list_templates(settings)}
    print_json(build_schema(find_words(settings, templates, load_rules(context, settings))))


@command.command("list", help="Every rule in the order in which they run, and what it does.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, limit: int | None, as_json: bool) -> None:
    from maild.reports.paused_rules import find_pauses

    settings = context.settings()
    pauses = find_pauses(settings)
    documents = [_document(rule, pauses.get(rule.id)) for rule in context.desk(settings).rules.rules]
    if as_json:
        print_json(documents[:limit])
        return
    names = ("rule", "when", "mode", "does", "place", "about")
    print_rows([name.upper() for name in names], ([document[name] for name in names] for document in documents), limit=limit)


def _document(rule: Rule, pause: Pause | None) -> dict[str, object]:
    stop = f"stop group {rule.group}" if rule.stops_group else "stop" if rule.stops else None
    return {
        "rule": rule.id,
        "when": list(rule.moments),
        "mode": rule.mode_when(paused=pause is not None),
        "does": [*(action.describe() for action in rule.actions), *([stop] if stop else [])],
        "place": f"{rule.file}:{rule.line}",
        "about": rule.about,
        "owner": rule.owner,
        "disabled": rule.disabled,
        "limit": {"mails": limit.mails, "per_seconds": int(limit.window.total_seconds())} if (limit := rule.limit) else None,
        "paused": {"since": pause.since, "why": pause.why} if pause else None,
    }


@command.command(
    short_help="Switch a rule off, for a reason.",
    help="Switch a rule off: write `disabled` into its file, which else stays as it is, and have a running daemon reload.",
)
@click.argument("rule", metavar="RULE", shell_complete=rules)
@click.option("--reason", required=True, help="Why: it is shown wherever the rule is missed.")
@json_option
@click.pass_obj
def disable(context: Context, rule: str, reason: str, as_json: bool) -> None:
    from maild.errors import UsageError
    from maild.rules.switching import disable

    if not reason.strip():
        raise UsageError("--reason takes the reason in words")
    _edit(context, rule, lambda raw: disable(raw, rule, reason), as_json=as_json)


@command.command(
    short_help="Switch a rule on again, or lift its pause.",
    help="Switch a rule on: take `disabled` out of its file, which else stays as it is, and have a running daemon reload. A rule that is "
    "paused because it would have sent too much goes on at once, and counts anew.",
)
@click.argument("rule", metavar="RULE", shell_complete=rules)
@json_option
@click.pass_obj
def enable(context: Context, rule: str, as_json: bool) -> None:
    from maild.rules.switching import enable

    was_paused = _lift_pause(context, rule)
    if was_paused and not _is_disabled(context, rule):
        text = f"the rule {rule} is not paused any more"
        print_json({"reloaded": None, "text": text}) if as_json else say(text)
        return
    _edit(context, rule, lambda raw: enable(raw, rule), as_json=as_json)


def _lift_pause(context: Context, rule: str) -> bool:
    """Whether it was paused; without a database nothing ever was."""
    from maild.errors import NotFoundError
    from maild.store import rule_mail

    try:
        with context.store(context.settings()).writing() as tx:
            return rule_mail.lift(tx, rule)
    except NotFoundError:
        return False


def _is_disabled(context: Context, rule: str) -> bool:
    from maild.rules.load import load_rules

    settings = context.settings()
    loaded = load_rules(settings.directory, settings).rules
    return any(each.id == rule and each.disabled is not None for each in (loaded.rules if loaded else ()))


def _edit(context: Context, rule: str, edit: Callable[[bytes], bytes], *, as_json: bool) -> None:
    from maild.rules.rule_files import edit_rule

    settings = context.settings()
    path = edit_rule(settings, rule, edit)
    if not as_json:
        print_text(f"{path.relative_to(settings.directory)} is written")
    _reload(context, settings, as_json=as_json)


@command.command(
    short_help="Have a running daemon take the files as they are.",
    help="Check all files, and have a running daemon of this host take them, if they are valid. Otherwise it keeps what it runs with.",
)
@json_option
@click.pass_obj
def reload(context: Context, as_json: bool) -> None:
    from cli.check import load_rules
    from maild.config.report import describe_counts
    from maild.errors import ConfigurationError

    settings = context.settings()
    loaded = load_rules(context, settings)
    if loaded.rules is None:
        raise ConfigurationError(f"a running desk keeps the rules it has: {describe_counts(loaded.faults)}", loaded.faults)
    _reload(context, settings, as_json=as_json)


def _reload(context: Context, settings: Settings, *, as_json: bool) -> None:
    """Ask the daemon, if there is one, and say what came of it. Exit status 2 where it has refused."""
    from maild.errors import NotFoundError
    from maild.reports.reloading import Answer, ask_to_reload

    try:
        told = ask_to_reload(context.store(settings))
    except NotFoundError:
        told = Answer(None, "no daemon is running, and none ever has")
    if as_json:
        print_json({"reloaded": told.done, "text": told.text})
    else:
        say(told.text)
    if told.done is False:
        raise click.exceptions.Exit(2)


@command.command(
    short_help="How often each rule was asked, fired, or would have.",
    help="How the rules have fared since then: on how many events each was asked, fired, would have fired in shadow, failed, was left out "
    "(disabled, paused, resting, stopped by another rule, or not asked about what rules change), and how many letters its actions asked "
    "for.",
)
@click.option("--since", metavar="WHEN", default="30d", help="An age or a day, as 7d or 2026-11-01. Else 30d.")
@limit_option
@json_option
@click.pass_obj
def stats(context: Context, since: str, limit: int | None, as_json: bool) -> None:
    from maild.desk.query import read_past
    from maild.reports.paused_rules import find_pauses
    from maild.reports.rule_stats import count_outcomes
    from maild.store.traffic import find_outcomes
    from maild.traffic import Period

    settings, now = context.settings(), datetime.now(UTC)
    period = Period(read_past(since, now), now)
    with context.store(settings).reading() as tx:
        outcomes = tuple(find_outcomes(tx, period))
    found = [asdict(stats) for stats in count_outcomes(outcomes, context.desk(settings).rules, find_pauses(settings))]
    if as_json:
        print_json(found[:limit])
        return
    titles = ("RULE", "MODE", "ASKED", "FIRED", "WOULD HAVE", "FAILED", "LEFT OUT", "LETTERS")
    print_rows(titles, (tuple(row.values()) for row in found), limit=limit)


@command.command(
    short_help="What differs between two sets of rules. Exit status 1 if anything does.",
    help="What differs between two sets of rules: which rules, lists, conditions and tests have come, gone or moved, and which part of the "
    "others says something else. Each is a desk's directory, a folder of rule files, or one file; without NEW, this desk. Comments, "
    "the order of keys and the file a rule stands in make no difference. Exit status: 0 the same, 1 not, 2 where a file is no YAML.",
)
@click.argument("old", metavar="OLD", shell_complete=files, type=click.Path(exists=True, path_type=Path))
@click.argument("new", metavar="[NEW]", shell_complete=files, required=False, type=click.Path(exists=True, path_type=Path))
@json_option
@click.pass_obj
def diff(context: Context, old: Path, new: Path | None, as_json: bool) -> None:
    from maild.rules.diff import compare
    from maild.rules.rule_files import read_written

    found = list(compare(read_written(old), read_written(new or context.directory)))
    if as_json:
        print_json([asdict(difference) for difference in found])
    else:
        for difference in found:
            print_text(f"{difference.kind:<8} {difference.what} {difference.name}   ({difference.place})")
            for part in difference.parts:
                print_text(f"         {part.path or difference.what}: {part.before or '(nothing)'} → {part.after or '(nothing)'}")
        say(f"{len(found)} difference{'' if len(found) == 1 else 's'}" if found else "they are the same")
    sys.exit(1 if found else 0)


@command.command(
    short_help="The rules as a picture.",
    help="Print a flowchart in Mermaid's words: the events, the rules they ask in order, where that stops, and which fields one rule sets "
    "and a later one tests. GitHub, GitLab and many editors draw it.",
)
@click.pass_obj
def graph(context: Context) -> None:
    from maild.rules.graph import draw

    print_text("\n".join(draw(context.desk(context.settings()).rules)))


@command.command(help="Run the tests of the rule files. Exit status 1 if one fails.")
@json_option
@click.pass_obj
def test(context: Context, as_json: bool) -> None:
    from maild.rehearsal import rehearse
    from maild.rules.trial import run_cases

    desk = context.desk(context.settings())
    results = list(run_cases(desk.rules.cases, rehearse(desk)))
    failed = sum(not result.passed for result in results)
    if as_json:
        print_json([_describe(result) for result in results])
    else:
        for result in results:
            print_text("\n".join(result.describe()))
        say(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def _describe(result: CaseResult) -> dict[str, object]:
    place = f"{result.case.file}:{result.case.line}"
    return {"name": result.case.name, "passed": result.passed, "place": place, "report": list(result.describe())}


@command.command(
    short_help="Why: what the rules made of a ticket, or would make of a mail file.",
    help="Why: what the rules made of a ticket, or would make of a mail file, which is not stored. --why-not RULE: only that rule.",
)
@click.argument("subject", metavar="TICKET|FILE", shell_complete=files)
@click.option("--why-not", "rule", metavar="RULE", shell_complete=rules, help="What spoke against this rule, and what would have matched.")
@json_option
@click.pass_obj
def explain(context: Context, subject: str, rule: str | None, as_json: bool) -> None:
    settings = context.settings()
    ticket = _ticket(subject)
    with context.store(settings).reading() as tx:
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
    from maild.rules.explain import explain as explain_all

    for moment in moments:
        time = f"{shown_time(moment.at, seconds=True)}  " if moment.at else ""
        for item in explain_all(moment.traces):
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
