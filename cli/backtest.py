"""`maild rules backtest`: what rules would have made of stored mail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.completion import queues
from cli.context import Context
from cli.options import count, json_option, limit_option
from cli.output import counted, print_json, print_rows, print_text, say, shown_time

if TYPE_CHECKING:
    from maild.config.settings import Settings
    from maild.replay import Progress
    from maild.rules.backtest import Backtest, Difference, RuleFigures, Unjudged
    from maild.rules.ruleset import RuleSet
    from maild.traffic import Period

OVER_THE_LIMIT = 3
_UNJUDGED = {
    "after_divergence": "came on tickets behind their first difference; what people would have done there cannot be replayed",
    "by_hand": "came on tickets that somebody had changed at the command line, or by a mail about another ticket",
    "released": "had been let out of quarantine by hand",
    "older": "came on tickets whose first mail is not there to be replayed, or that were opened at the command line",
    "strayed": "fared otherwise then than by the rules in the files; their tickets are judged no further",
    "broken": "could not be replayed",
    "held": "held, or not read yet",
    "deleted": "deleted, as retention has it",
    "changed": "were there before or were opened at the command line; how they stood is not known, so no time rule was asked",
}


@click.command(
    "backtest",
    short_help="What rules would have made of stored mail.",
    help="Replay stored mail through the daemon's own code in a copy that is thrown away, and say what would differ: with --rules what "
    "those rules do beside the desk's own, else what the desk's rules do, as the files are now, beside what has happened. Nothing is sent "
    "and nothing changes; the desk may run meanwhile. Exit status 2 where the rules are not valid, 3 where they would send more mails than "
    "--limit-mails.",
)
@click.option("--since", metavar="WHEN", default="30d", help="Mail from then on; an age or a day, as 30d or 2026-11-01. Else 30d.")
@click.option("--until", metavar="WHEN", help="Likewise. Else now.")
@click.option("--rules", "folder", metavar="DIR", type=click.Path(path_type=Path), help="A folder of rule files to try.")
@click.option("--queue", metavar="QUEUE", shell_complete=queues, help="Judge mail of this department only.")
@click.option("--limit-mails", type=count, metavar="N", help="Exit status 3 where rules would send more mails than that.")
@limit_option
@json_option
@click.pass_obj
def command(
    context: Context,
    since: str,
    until: str | None,
    folder: Path | None,
    queue: str | None,
    limit_mails: int | None,
    limit: int | None,
    as_json: bool,
) -> None:
    settings = context.settings()
    _require_queue(queue, settings)
    period, tried = _period(since, until), _tried(context, settings, folder)
    if tried is None:
        _require_record(period)
    found = _run(context, settings, period, tried, queue or "")
    if as_json:
        print_json(_document(found, period, limit_mails, limit))
    else:
        _print(found, period, limit)
        for sentence in describe_modes(settings, queue):
            say(sentence)
    if limit_mails is not None and found.rules_mails > limit_mails:
        say(f"the rules would have sent {counted(found.rules_mails, 'mail')}, more than {limit_mails}")
        sys.exit(OVER_THE_LIMIT)


def describe_modes(settings: Settings, queue: str | None) -> Iterator[str]:
    """Where no mail does not mean that rules want none; of `queue` alone, if it is named."""
    from maild.config.settings import Mode

    for key, each in settings.queues.items():
        if each.mode is not Mode.LIVE and queue in (None, key):
            yield f"queue {key} is in mode {each.mode.value}: what its mode keeps back is not among the mails"


def _require_queue(queue: str | None, settings: Settings) -> None:
    from maild.config.faults import did_you_mean
    from maild.errors import NotFoundError

    if queue is not None and queue not in settings.queues:
        raise NotFoundError(f'there is no queue "{queue}"{did_you_mean(queue, settings.queues)}')


def _period(since: str, until: str | None) -> Period:
    from maild.desk.query import read_past
    from maild.errors import UsageError
    from maild.traffic import Period

    now = datetime.now(UTC)
    period = Period(read_past(since, now), min(read_past(until, now), now) if until else now)
    if period.since >= period.until:
        raise UsageError(f'nothing lies between "{since}" and "{until or "now"}"')
    return period


def _require_record(period: Period) -> None:
    """Beside what has happened nothing can be held that is not known any more."""
    from maild.errors import UsageError
    from maild.housekeeping import TRACES_KEPT

    if period.since < datetime.now(UTC) - TRACES_KEPT - timedelta(minutes=1):
        raise UsageError(f"what rules did is recorded for {TRACES_KEPT.days} days; name a later --since, or what to try with --rules")


def _tried(context: Context, settings: Settings, folder: Path | None) -> RuleSet | None:
    """The rules of the folder; None without one. Rules with faults end the command as `maild rules check` does."""
    from cli.check import check_rules, report_faults
    from maild.errors import UsageError

    if folder is None:
        return None
    if not folder.is_dir():
        raise UsageError(f'"{folder}" is no folder')
    checked = check_rules(context, settings, folder.absolute())
    report_faults(context, checked.faults)
    if checked.rules is None:
        raise click.exceptions.Exit(2)
    return checked.rules


def _run(context: Context, settings: Settings, period: Period, tried: RuleSet | None, queue: str) -> Backtest:
    from maild.office import open_office
    from maild.replay import Trial, replay

    office, store = open_office(settings), context.store(settings)
    with _progress() as progress:
        return replay(store, Trial(office, period, tried, queue), progress)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar for whoever looks on. It is on stderr, so that the figures alone go down a pipe."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label="replaying", file=sys.stderr) as bar:
        yield _moving(bar.update, lambda total: setattr(bar, "length", total))


def _moving(move: Callable[[int], None], stretch: Callable[[int], None]) -> Progress:
    so_far = 0

    def progress(done: int, total: int) -> None:
        nonlocal so_far
        stretch(max(total, 1))
        move(done - so_far)
        so_far = done

    return progress


def _print(found: Backtest, period: Period, limit: int | None) -> None:
    beside = "beside the desk's own rules" if found.baseline.value == "rules" else "beside what has happened"
    print_text(f"from {shown_time(period.since)} until {shown_time(period.until)}, {beside}: {counted(found.judged, 'mail')} judged")
    print_text("\nrules:")
    print_rows(("RULE", "FIRED", "SHADOW", "BROKE", "WAS", "TICKETS", "MAILS", "PLACE"), map(_rule_cells, found.rules), limit=limit)
    if found.differences:
        print_text("\ntickets that would differ:")
        rows = [row for difference in found.differences for row in _difference_rows(difference)]
        print_rows(("TICKET", "MAIL", "FIELD", "BEFORE", "AFTER", "RULES"), rows, limit=limit)
    if found.mails:
        print_text("\nmails that would go out:")
        print_rows(("KIND", "TO", "MAILS", "WAS"), ((mail.kind, mail.to, mail.mails, mail.was) for mail in found.mails), limit=limit)
    print_text(f"\n{len(found.differences)} differ; {counted(found.rules_mails, 'mail')} by rules")
    for sentence in _unjudged(found.unjudged):
        say(sentence)
    for pause in found.pauses:
        say(f"rule {pause.rule} would do nothing from {shown_time(pause.since)} on, being past its limit: {pause.why}")
    for problem in found.problems:
        say(problem)


def _rule_cells(rule: RuleFigures) -> tuple[object, ...]:
    return rule.rule, rule.fired, rule.shadow, rule.broke, rule.was, rule.tickets, rule.mails, rule.place


def _difference_rows(difference: Difference) -> Iterator[tuple[object, ...]]:
    for change in difference.changes:
        yield difference.ticket, difference.mail, change.field, change.before, change.after, difference.rules


def _unjudged(unjudged: Unjudged) -> Iterator[str]:
    for why, many in asdict(unjudged).items():
        noun = "ticket" if why == "changed" else "mail"
        if many:
            yield f"{counted(many, noun)}, not judged: {_UNJUDGED[why]}"


def _document(found: Backtest, period: Period, limit_mails: int | None, limit: int | None) -> dict[str, object]:
    return {
        "since": period.since,
        "until": period.until,
        "baseline": found.baseline,
        "judged": found.judged,
        "rules": [asdict(rule) for rule in found.rules],
        "differences": [asdict(difference) for difference in found.differences[:limit]],
        "mails": [asdict(mail) for mail in found.mails],
        "rules_mails": found.rules_mails,
        "limit_mails": limit_mails,
        "unjudged": asdict(found.unjudged),
        "problems": list(found.problems),
        "pauses": [asdict(pause) for pause in found.pauses],
    }
