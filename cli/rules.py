"""`maild rules`: checked, listed, tried and explained by the daemon's own code."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.context import Context
from cli.output import clean, json_option, print_json, print_rows, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maild.config.settings import Settings
    from maild.effects import Decision
    from maild.known import Known, Question
    from maild.message import InboundMessage
    from maild.pipeline import Desk


@click.group(help="Rules.")
def command() -> None:
    pass


@command.command(help="Are the rules valid? Every fault with file, line, column. --strict: warnings fail too.")
@click.option("--strict", is_flag=True, help="Exit status 1 for warnings.")
@json_option
@click.pass_obj
def check(context: Context, strict: bool, as_json: bool) -> None:
    from cli.check import report
    from maild.rules.load import load_rules

    settings = context.settings()
    loaded = load_rules(context.directory, settings)
    count = len(loaded.rules.rules) if loaded.rules else 0
    report(context, loaded.faults, f"{count} rules", strict=strict, as_json=as_json)


@command.command("list", help="Every rule in the order in which they run.")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    desk = context.desk(context.settings())
    documents: list[dict[str, object]] = [
        {
            "rule": rule.id,
            "when": [event.value for event in rule.events],
            "mode": "disabled" if rule.disabled else "shadow" if rule.shadow else "live",
            "place": f"{rule.file}:{rule.line}",
            "about": rule.about,
            "owner": rule.owner,
        }
        for rule in desk.rules.rules
    ]
    if as_json:
        print_json(documents)
        return
    rows = ((rule["rule"], ", ".join(map(str, _strings(rule["when"]))), rule["mode"], rule["place"], rule["about"]) for rule in documents)
    print_rows(("RULE", "WHEN", "MODE", "PLACE", "ABOUT"), rows)


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


@command.command(help="Run the tests of the rule files. Exit status 1 if one fails.")
@json_option
@click.pass_obj
def test(context: Context, as_json: bool) -> None:
    from maild.rules.trial import run_cases

    desk = context.desk(context.settings())
    results = list(run_cases(desk.rules.cases, _considering(desk)))
    failed = sum(not result.passed for result in results)
    if as_json:
        print_json([{"name": result.case.name, "passed": result.passed, "report": list(result.describe())} for result in results])
    else:
        for result in results:
            for line in result.describe():
                click.echo(clean(line))
        say(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def _considering(desk: Desk) -> Callable[[InboundMessage, Known, datetime], Decision]:
    """The walk without a store: what is known is given. The mailbox is the one the mail is addressed to."""
    from maild.pipeline import consider
    from maild.reading import Circumstances

    mailbox = next(iter(desk.settings.mailboxes))
    return lambda message, known, now: consider(message, Circumstances(mailbox), lambda question: known, desk, now)


@command.command(help="Why: what the rules made of a ticket, or would make of a mail file. --why-not RULE: only that rule.")
@click.argument("subject", metavar="TICKET|FILE")
@click.option("--why-not", "rule", metavar="RULE", help="What spoke against this rule, and what would have matched.")
@json_option
@click.pass_obj
def explain(context: Context, subject: str, rule: str | None, as_json: bool) -> None:
    from maild.errors import NotFoundError
    from maild.rules.explain import explain as explain_all
    from maild.rules.explain import explain_why_not, read_traces

    settings = context.settings()
    desk = context.desk(settings)
    if rule and rule not in {known.id for known in desk.rules.rules}:
        raise NotFoundError(f'there is no rule "{rule}"')
    traces = read_traces(_traces(context, settings, desk, subject))
    if as_json:
        print_json([trace.to_mapping() for trace in traces if rule in (None, trace.rule)])
    elif rule:
        for line in explain_why_not(rule, traces):
            click.echo(clean(line))
    else:
        for item in explain_all(traces):
            click.echo(clean(f"{item.event:<18} {item}"))


def _traces(context: Context, settings: Settings, desk: Desk, subject: str) -> list[Mapping[str, object]]:
    """What is stored of a ticket, or what a mail would make the rules do now; nothing is recorded."""
    from maild.errors import UsageError
    from maild.store import tickets
    from maild.store.recall import recall

    with context.store(settings).reading() as tx:
        if subject.isdigit():
            tickets.view(tx, int(subject))
            return [rule for row in tickets.list_traces(tx, int(subject)) for rule in row.rules]
        if not Path(subject).is_file():
            raise UsageError(f'"{subject}" is neither a ticket number nor a file')
        return list(_consider_file(desk, Path(subject), lambda question: recall(tx, question, datetime.now(UTC))).trace)


def _consider_file(desk: Desk, file: Path, asking: Callable[[Question], Known]) -> Decision:
    from maild.ingest.worker import Reader
    from maild.pipeline import consider
    from maild.reading import Circumstances

    reader = Reader()
    try:
        message = reader.read(file.read_bytes())
    finally:
        reader.close()
    return consider(message, Circumstances(next(iter(desk.settings.mailboxes))), asking, desk, datetime.now(UTC))
