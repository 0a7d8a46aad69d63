"""`maild template`: the letters' words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.completion import kinds, template_files
from cli.context import Context
from cli.group import Group
from cli.options import json_option, limit_option
from cli.output import print_json, print_rows, print_text

if TYPE_CHECKING:
    from maild.canned.shelf import Canned


@click.group(cls=Group, help="Templates.")
def command() -> None:
    pass


@command.command("list", help="Every kind in every language, with its files, and whether any is the desk's own.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, limit: int | None, as_json: bool) -> None:
    from maild.templates.render import list_templates

    found = list_templates(context.settings())
    if as_json:
        print_json(
            [
                {"kind": item.kind, "language": item.language, "own": item.own, "files": [str(file.path) for file in item.files]}
                for item in found[:limit]
            ]
        )
        return
    rows = ((item.kind, item.language, "own" if item.own else "packaged", " ".join(file.name for file in item.files)) for item in found)
    print_rows(("KIND", "LANGUAGE", "WHOSE", "FILES"), rows, limit=limit)


@command.command(
    short_help="A letter as it would look.",
    help="A letter as it would look, with made-up values, and those that rules hand over. Its subject is the customer's, or, where that "
    "may not be repeated or he gave none, the letter's own.",
)
@click.argument("kind", shell_complete=kinds)
@click.option("--language", default=None, help="Else the desk's. Where a kind is not written in it, the letter is English.")
@click.option("--html", is_flag=True, help="The HTML instead of the text.")
@json_option
@click.pass_obj
def preview(context: Context, kind: str, language: str | None, html: bool, as_json: bool) -> None:
    from maild.outbox.preview import preview_letter
    from maild.rules.handed import find_handed
    from maild.rules.load import load_rules

    settings = context.settings()
    rules = load_rules(context.directory, settings).rules
    handed = find_handed(rules.rules, context.directory) if rules else ()
    letter = preview_letter(settings, kind, language or settings.desk.language, handed)
    words = letter.words
    if as_json:
        subjects = {"subject": letter.subject, "own_subject": letter.own_subject}
        print_json({"kind": kind, "language": words.language, **subjects, "text": words.text, "html": words.html})
    elif html:
        print_text(words.html or "")
    else:
        own = f"\nor, without his: {letter.own_subject}" if letter.own_subject else ""
        print_text(f"Subject: {letter.subject}{own}\n\n{words.text.rstrip()}")


@command.command(help="Put a packaged file into the desk's folder of templates, to be changed there. NAME is one that `list` shows.")
@click.argument("name", shell_complete=template_files)
@json_option
@click.pass_obj
def copy(context: Context, name: str, as_json: bool) -> None:
    from maild.templates.render import copy_template

    file = copy_template(context.settings(), name)
    if as_json:
        print_json({"file": str(file)})
    else:
        print_text(str(file))


@command.command(
    short_help="The canned answers there are.",
    help="Every canned answer in every language, with its variables, those in brackets having words of their own, and how it begins.",
)
@limit_option
@json_option
@click.pass_obj
def canned(context: Context, limit: int | None, as_json: bool) -> None:
    from maild.canned.load import load_shelf
    from maild.config.report import render_faults

    loaded = load_shelf(context.settings())
    if loaded.faults:
        click.echo(render_faults(loaded.faults, context.directory), err=True)
    answers = loaded.shelf.answers()
    if as_json:
        print_json([_document(answer) for answer in answers[:limit]])
        return
    rows = ((answer.name, answer.language or "any", _variables(answer), answer.first_line) for answer in answers)
    print_rows(("NAME", "LANGUAGE", "VARIABLES", "BEGINS"), rows, limit=limit)


def _document(answer: Canned) -> dict[str, object]:
    variables = [{"name": variable.name, "default": variable.default} for variable in answer.variables]
    return {"name": answer.name, "language": answer.language or None, "variables": variables, "begins": answer.first_line}


def _variables(answer: Canned) -> str:
    return " ".join(variable.name if variable.default is None else f"[{variable.name}]" for variable in answer.variables)
