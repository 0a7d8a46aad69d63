"""`maild check`: are files, rules, templates and canned answers valid? Offline; changes nothing."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from cli.context import Context
from cli.options import json_option
from cli.output import print_json, print_text
from maild.config.faults import Fault, Severity
from maild.config.load import Loaded, check_secrets, load_settings
from maild.config.report import describe_counts, render_faults
from maild.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maild.rules.load import LoadedRules

NOTHING_BESIDE: Mapping[str, object] = MappingProxyType({})


@click.command("check", short_help="Are files, rules, templates and canned answers valid?")
@click.option("--strict", is_flag=True, help="Exit with 1 where there are warnings.")
@json_option
@click.pass_obj
def command(context: Context, strict: bool, as_json: bool) -> None:
    """Read the configuration, the rules, the templates and the canned answers; report every fault with its place.

    Exit status: 0 valid, 2 not valid; 1 with --strict where there are warnings.
    """
    loaded = load_settings(context.directory)
    faults = collect_faults(context, loaded)
    report(context, faults, _contents(loaded.settings), strict=strict, as_json=as_json)


def report(
    context: Context,
    faults: tuple[Fault, ...],
    contents: str,
    beside: Mapping[str, object] = NOTHING_BESIDE,
    *,
    strict: bool,
    as_json: bool,
) -> None:
    """Print what was found and leave with the exit status it deserves. `beside`: what else stands in the JSON document."""
    is_valid = all(fault.severity is Severity.WARNING for fault in faults)
    if as_json:
        print_json({**describe_all(faults, context), **beside})
    else:
        report_faults(context, faults)
        counts = f" ({describe_counts(faults)})" if faults else ""
        print_text(f"{context.directory}: {'valid' if is_valid else 'not valid'}{counts}: {contents}")
    if not is_valid:
        raise click.exceptions.Exit(2)
    if strict and faults:
        raise click.exceptions.Exit(1)


def report_faults(context: Context, faults: tuple[Fault, ...]) -> None:
    """Each with its place, for people."""
    if faults:
        click.echo(render_faults(faults, context.directory), err=True)


def collect_faults(context: Context, loaded: Loaded) -> tuple[Fault, ...]:
    """Rules and templates are judged against the settings, so they wait until those are valid."""
    faults, settings = (*loaded.faults, *check_secrets(loaded)), loaded.settings
    if settings is None:
        return faults
    rules = load_rules(context, settings)
    templates = check_templates(context, settings, rules)
    return (*faults, *rules.faults, *lint_rules(settings, rules), *templates, *check_canned(settings), *check_ids(settings))


def load_rules(context: Context, settings: Settings, folder: Path | None = None) -> LoadedRules:
    from maild.rules.load import load_rules

    return load_rules(context.directory, settings, folder=folder)


def check_rules(context: Context, settings: Settings, folder: Path | None = None) -> LoadedRules:
    """The rules, or those of another folder; none, where they give a template less than it needs. Faults of both kinds."""
    from maild.templates.checking import HANDING

    loaded = load_rules(context, settings, folder)
    handing = tuple(fault for fault in check_templates(context, settings, loaded) if fault.code == HANDING)
    return replace(loaded, rules=None if handing else loaded.rules, faults=(*loaded.faults, *lint_rules(settings, loaded), *handing))


def lint_rules(settings: Settings, loaded: LoadedRules) -> tuple[Fault, ...]:
    from maild.rules.lint import lint

    return lint(loaded, settings.spam)


def check_templates(context: Context, settings: Settings, loaded: LoadedRules) -> tuple[Fault, ...]:
    from maild.rules.handed import find_handed
    from maild.templates.checking import check_templates

    return check_templates(settings, find_handed(loaded.rules.rules, context.directory) if loaded.rules else None)


def check_canned(settings: Settings) -> tuple[Fault, ...]:
    from maild.canned.load import load_shelf

    return load_shelf(settings).faults


def check_ids(settings: Settings) -> tuple[Fault, ...]:
    from maild.reports.ids import check_ids

    return check_ids(settings)


def _contents(settings: Settings | None) -> str:
    if settings is None:
        return "rules, templates and canned answers are checked once this is mended"
    return f"queues {len(settings.queues)}, mailboxes {len(settings.mailboxes)}, agents {len(settings.agents)}"


def describe_all(faults: tuple[Fault, ...], context: Context) -> dict[str, object]:
    """The JSON document of `check`."""
    errors = sum(fault.severity is Severity.ERROR for fault in faults)
    return {
        "valid": not errors,
        "errors": errors,
        "warnings": len(faults) - errors,
        "faults": [_describe(fault, context) for fault in faults],
    }


def _describe(fault: Fault, context: Context) -> dict[str, object]:
    place, base = fault.place, context.directory
    return {
        "file": str(place.file.relative_to(base) if place.file.is_relative_to(base) else place.file),
        "line": place.line,
        "column": place.column,
        "code": fault.code,
        "severity": fault.severity.value,
        "message": fault.message,
    }
