"""`maild template`: the letters' words."""

from __future__ import annotations

import click

from cli.context import Context
from cli.output import clean, json_option, print_json, print_rows


@click.group(help="Templates.")
def command() -> None:
    pass


@command.command("list", help="Every kind in every language, and which files are the desk's own.")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    from maild.templates.render import list_templates

    found = list_templates(context.settings())
    documents: list[dict[str, object]] = [
        {"kind": item.kind, "language": item.language, "own": item.own, "files": [str(file.path) for file in item.files]} for item in found
    ]
    if as_json:
        print_json(documents)
        return
    print_rows(("KIND", "LANGUAGE", "WHOSE"), ((item.kind, item.language, "own" if item.own else "packaged") for item in found))


@command.command(help="A letter as it would look, with made-up values.")
@click.argument("kind")
@click.option("--language", default=None, help="Else the desk's.")
@click.option("--html", is_flag=True, help="The HTML instead of the text.")
@click.pass_obj
def preview(context: Context, kind: str, language: str | None, html: bool) -> None:
    from maild.templates.render import preview as preview_template

    settings = context.settings()
    rendered = preview_template(settings, kind, language or settings.desk.language)
    if html:
        click.echo(rendered.html or "")
        return
    click.echo(f"Subject: {clean(rendered.subject)}\n\n{clean(rendered.text, lines=True)}")
