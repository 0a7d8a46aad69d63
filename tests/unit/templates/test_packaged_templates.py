"""The templates that come with maild: complete, sound and readable in every language."""

import re
from html.parser import HTMLParser

import pytest

from maild.templates.render import Templates, list_templates
from maild.templates.values import FOR_AGENTS, FOR_CUSTOMERS, sample_values
from tests.rig.letters import a_desk

LANGUAGES = ("bg", "de", "el", "en", "es", "fa", "fr", "ru")
KINDS = FOR_AGENTS | FOR_CUSTOMERS
TEMPLATES = Templates(a_desk())
VOID = frozenset({"meta", "br"})
EVERY = [(kind, language) for kind in sorted(KINDS) for language in LANGUAGES]


class Outline(HTMLParser):
    """The open tags of a document; what is not closed in order is a mistake."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.mistakes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.mistakes.append(tag)


def test_every_kind_stands_in_every_language():
    assert {(listed.kind, listed.language) for listed in list_templates(a_desk())} == set(EVERY)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_template_renders_in_its_own_language(kind: str, language: str):
    rendered = TEMPLATES.render(kind, (language,), sample_values(kind))
    assert rendered.language == language
    assert rendered.subject
    assert "\n" not in rendered.subject
    assert not re.search(r"\n{4}|[ \t]\n|\{[{%]|None|Undefined", rendered.text)
    assert rendered.html is not None
    assert f'dir="{"rtl" if language == "fa" else "ltr"}"' in rendered.html
    outline = Outline()
    outline.feed(rendered.html)
    assert (outline.open, outline.mistakes) == ([], [])


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_template_uses_what_it_must(kind: str, language: str):
    text = TEMPLATES.render(kind, (language,), sample_values(kind)).text
    if kind in FOR_CUSTOMERS - {"answer"}:
        assert "1042" in text
        assert "my order has not come" not in text
        assert text.endswith("Support\nAcme Support\n")
    if kind in ("notification", "escalation"):
        assert text.rstrip().endswith("maild-ref: n.1042.77.0aabcdefghijklmnop")


def test_letters_work_without_anything_optional():
    empty = {
        "warnings": (),
        "history": (),
        "attachments": (),
        "why": "",
        "reference": "",
        "incoming": 0,
        "actions": {},
        "quoted": "",
        "body": "",
    }
    for kind, language in EVERY:
        rendered = TEMPLATES.render(kind, (language,), {**sample_values(kind), **empty})
        assert "[]" not in rendered.text
