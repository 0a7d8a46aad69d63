"""The templates that come with maild: complete, sound and readable in every language."""

import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from maild.config.faults import Faults
from maild.templates import words
from maild.templates.catalogue import Catalogue
from maild.templates.render import Templates, list_templates
from maild.templates.values import FOR_AGENTS, FOR_CUSTOMERS, sample_values
from maild.templates.words import Word, read_words
from maild.ticket import Priority, Status
from maild.welcome import Change, Replies
from tests.rig.letters import a_desk
from tests.rig.mail_forms import as_word_reads

LANGUAGES = ("bg", "de", "el", "en", "es", "fa", "fr", "ru")
KINDS = FOR_AGENTS | FOR_CUSTOMERS
TEMPLATES = Templates(a_desk())
VOID = frozenset({"meta", "br", "hr"})
EVERY = [(kind, language) for kind in sorted(KINDS) for language in LANGUAGES]
TO_ANSWER = (
    "notification",
    "shown",
    "task",
    "escalation",
    "command-failed",
    "kept-as-note",
    "held-back",
    "taken-back",
    "crossed",
    "digest-storm",
    "digest-notifications",
)
COMMANDS = Path(str(files("maild.templates").joinpath("commands.txt")))
CATALOGUE = Catalogue(Path("/nonexistent"))


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


class Visible(HTMLParser):
    """What a reader sees of a document, but for the links, which only repeat commands."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "head" or ("class", "actions") in attrs:
            self._hidden = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


def words_in(language: str) -> tuple[Word, ...]:
    faults = Faults()
    found = [word for file in CATALOGUE.words(language) for word in read_words(file.path, faults)]
    assert faults.sorted() == ()
    return tuple(found)


def names_in(word: Word) -> set[str]:
    return set(re.findall(r"\{\{ ([\w.]+)", word.text))


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
    for html in (rendered.html, as_word_reads(rendered.html)):
        outline = Outline()
        outline.feed(html)
        assert (outline.open, outline.mistakes) == ([], [])


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_html_shows_lists_and_what_is_to_be_typed_as_such(kind: str, language: str):
    values = {**sample_values(kind), "warnings": ["#101 <b>Chair", "#102 Table"]}
    rendered = TEMPLATES.render(kind, (language,), values)
    html = rendered.html or ""
    assert "`" not in html
    assert not re.search(r"(?m)^(?:<p>)?- ", html)
    assert html.count('<strong dir="ltr">') == rendered.text.count("`") // 2
    if kind in ("backlog", "quarantined", "attention"):
        assert "<li>#101 &lt;b&gt;Chair</li>\n<li>#102 Table</li>\n</ul>" in re.sub("[\u2068\u2069]", "", html)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_template_uses_what_it_must(kind: str, language: str):
    text = TEMPLATES.render(kind, (language,), sample_values(kind)).text
    text = re.sub("[\u2068\u2069]", "", text)
    if kind in FOR_CUSTOMERS - {"answer"}:
        assert "1042" in text
        assert "my order has not come" not in text
        assert text.endswith("Support\nAcme Support\n")
    if kind in TO_ANSWER:
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_word_and_says_the_same_with_it(language: str):
    assert {str(word): names_in(word) for word in words_in(language)} == {str(word): names_in(word) for word in words_in("en")}


def test_every_status_priority_and_action_has_a_word():
    named = {word.name for word in words_in(words.LAST_RESORT)}
    wanted = {("status", status.value) for status in Status} | {("priority", priority.value) for priority in Priority}
    assert wanted | {("action", name) for name in sample_values("notification")["actions"]} <= named


def test_everything_that_may_be_shown_of_a_mail_program_has_a_sentence():
    """PRODUCT 34c."""
    named = {word.name for word in words_in(words.LAST_RESORT)}
    assert {("welcome_answer", change.value) for change in Change} | {
        ("welcome_answer", f"replies_{way.value}") for way in Replies
    } <= named


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_text_and_html_say_the_same(kind: str, language: str):
    rendered = TEMPLATES.render(kind, (language,), {**sample_values(kind), "left_out": ["film.mp4"], "quoted": "Where\n\nis it?"})
    visible = Visible()
    visible.feed(rendered.html or "")
    without_line_numbers = re.sub(r"(?m)^ +\d+(?= |$)", "", rendered.text.replace("`", ""))
    assert re.findall(r"[\w!=:#@,]+", visible.text) == re.findall(r"[\w!=:#@,]+", without_line_numbers)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TO_ANSWER)
def test_the_first_line_tells_in_sixty_characters_where_a_reply_goes(kind: str, language: str):
    for reply_to in ("", "W" * 36):
        first = TEMPLATES.render(kind, (language,), {**sample_values(kind), "reply_to": reply_to}).text.split("\n")[0]
        assert reply_to in first
        assert 0 < len(first) <= 60


def test_the_commands_fit_on_a_screen_of_eighty_columns_even_quoted():
    assert not [line for line in COMMANDS.read_text(encoding="utf-8").splitlines() if len(line) > 76]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_second_line_tells_until_when_a_ticket_was_snoozed_that_is_back(language: str):
    """PRODUCT 18."""
    values = {**sample_values("notification"), "snoozed": "2026-03-02 09:00"}
    rendered = TEMPLATES.render("notification", (language,), values)
    second, third = rendered.text.splitlines()[1:3]
    assert re.fullmatch("[^{}]+ \u2068?2026-03-02 09:00\u2069?", second)
    assert len(second) <= 60
    assert third == ""
    assert rendered.html is not None
    assert second in rendered.html


def test_no_letter_to_agents_has_gaps():
    """Neither of its own nor of Outlook's, whose empty paragraphs are many empty lines. An answer is what the agent wrote."""
    gaping = {"body": "Hello,\n\n \n\nwhere is it?\n\n\n\nAnn"}
    for kind in FOR_AGENTS:
        text = TEMPLATES.render(kind, ("en",), {**sample_values(kind), **gaping}).text
        assert not re.search(r"\n[ \t]*\n[ \t]*\n", text), kind
    assert gaping["body"] in TEMPLATES.render("answer", ("en",), {**sample_values("answer"), **gaping}).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_letter_of_a_held_mail_about_no_ticket_names_no_notification_of_one(language: str):
    values = sample_values("unverified")
    held, about_none = ({**values, "held": {**values["held"], "ticket": ticket}} for ticket in (1042, 0))
    texts = [" ".join(TEMPLATES.render("unverified", (language,), some).text.split("\n\n")[-1:]) for some in (held, about_none)]
    assert len(texts[1]) < len(texts[0])
    assert "maild message release 12" in texts[1]
    assert "release" in texts[1].partition("maild message")[0]


def test_names_do_not_turn_the_order_of_a_right_to_left_line():
    rendered = TEMPLATES.render("notification", ("fa",), sample_values("notification"))
    assert "از: \u2068Ann Smith\u2069 <\u2068ann@globex.example\u2069>\n" in rendered.text
    assert "<bdi>Ann Smith</bdi> &lt;<bdi>ann@globex.example</bdi>&gt;" in (rendered.html or "")
    files = TEMPLATES.render("notification", ("fa",), {**sample_values("notification"), "attachments": ["عکس.png", "a.pdf"]})
    assert "\u2068عکس.png\u2069, \u2068a.pdf\u2069\n" in files.text
    assert "<bdi>عکس.png</bdi>, <bdi>a.pdf</bdi>" in (files.html or "")
    signed = TEMPLATES.render("answer", ("fa",), {**sample_values("answer"), "signature": "Support\n+98 21 5550"})
    assert "\u2068+98 21 5550\u2069" in signed.text
    assert "<bdi>+98 21 5550</bdi>" in (signed.html or "")
    assert "\u2068" not in TEMPLATES.render("notification", ("en",), sample_values("notification")).text


def test_no_french_line_begins_with_a_punctuation_mark():
    for file in CATALOGUE.files():
        if file.language == "fr":
            assert re.findall(r" [:;?!»]|« ", file.path.read_text(encoding="utf-8")) == [], file.name
