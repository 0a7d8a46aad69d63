"""`maild rules`: checked, listed and tried by the daemon's own code; `backtest` and `explain` have files of their own."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.backtest import command as backtest
from cli.completion import files, rules
from cli.context import Context
from cli.explain import command as explain
from cli.group import Group
from cli.options import json_option, limit_option
from cli.output import counted, print_json, print_rows, print_text, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from maild.background import Pause
    from maild.config.settings import Settings
    from maild.rules.ruleset import Rule, RuleSet
    from maild.rules.trial import CaseResult
    from maild.waiting_rules import Waits


@click.group(cls=Group, help="Rules.")
def command() -> None:
    pass


command.add_command(backtest)
command.add_command(explain)


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
    told = [f"rule {each.rule} waits on {counted(each.tickets, 'ticket')}, and is due at once on {each.due}" for each in waits]
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
    return f"{counted(len(rules.rules), 'rule')}, set {rules.digest}"


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
@click.option("--reason", default="", help="Why: a comment above the rule, if it was disabled there.")
@json_option
@click.pass_obj
def enable(context: Context, rule: str, reason: str, as_json: bool) -> None:
    from maild.rules.switching import enable

    was_paused = _lift_pause(context, rule)
    if was_paused and not _is_disabled(context, rule):
        text = f"the rule {rule} is not paused any more"
        print_json({"reloaded": None, "text": text}) if as_json else say(text)
        return
    _edit(context, rule, lambda raw: enable(raw, rule, reason), as_json=as_json)


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
        say(counted(len(found), "difference") if found else "they are the same")
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
        say(f"{len(results) - failed} passed, {failed} failed" if results else "the rule files have no tests")
    sys.exit(1 if failed else 0)


def _describe(result: CaseResult) -> dict[str, object]:
    place = f"{result.case.file}:{result.case.line}"
    return {"name": result.case.name, "passed": result.passed, "place": place, "report": list(result.describe())}
