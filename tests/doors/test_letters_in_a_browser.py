"""How letters look in a real browser: on a phone and on a desktop, in the dark, right-to-left, and with all style taken away."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.rig.browser import Browser
from tests.rig.mail_forms import as_word_reads
from tests.rig.pictures import DESKTOP, LANGUAGES, PHONE, Page, pages

MEASURE = Path(__file__).with_name("measure_letter.js").read_text(encoding="utf-8")
UNKNOWN_TO_WORD = re.compile(
    r"(?:max-width|overflow[\w-]*|opacity|display|color-scheme|padding-inline[\w-]*|border-inline[\w-]*):[^;}\"]*;?|\.page \{[^}]*\}"
)
"""Microsoft's "Word 2007 HTML and CSS Rendering Capabilities in Outlook 2007": no such property, and no padding of a <div>."""
CELLS = """(() => [...document.querySelectorAll(".page td.label")].map((label) => {
  const [one, other] = [label, label.nextElementSibling].map((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getBoundingClientRect();
  });
  return Math.max(other.left - one.right, one.left - other.right);
}))()"""
LONGEST_LINE = 680
ENOUGH_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, level AA, for text of ordinary size."""


@cache
def measure(browser: Browser, page: Page, *, width: int = PHONE, dark: bool = False, bare: bool = False) -> Any:
    """The page as the browser lays it out; `bare` without any style, as the strictest clients show it."""
    html = re.sub(r"<style>.*?</style>| style=\"[^\"]*\"", "", page.html, flags=re.DOTALL) if bare else page.html
    browser.show(html, width=width, dark=dark)
    return browser.evaluate(MEASURE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_is_wider_than_a_phone(browser: Browser, language: str):
    wide = {str(page): found["width"] for page in pages(language) if (found := measure(browser, page))["width"] > PHONE}
    assert wide == {}


@pytest.mark.parametrize("language", ["en", "fa"])
def test_on_a_desktop_no_line_is_longer_than_eyes_follow_and_dark_is_as_readable(browser: Browser, language: str):
    """In every state, dark: what differs in the light is measured on a phone."""
    for page in pages(language):
        found = measure(browser, page, width=DESKTOP, dark=True)
        assert found["width"] <= DESKTOP, str(page)
        assert browser.evaluate("document.querySelector('.page').getBoundingClientRect().width") <= LONGEST_LINE, str(page)
        assert [text for text in found["texts"] if text["contrast"] < ENOUGH_CONTRAST] == [], str(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_stands_out_from_its_ground(browser: Browser, language: str, dark: bool):
    for page in pages(language):
        found = measure(browser, page, dark=dark)
        assert found["is_dark"] is dark
        assert [text for text in found["texts"] if text["contrast"] < ENOUGH_CONTRAST] == [], str(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_runs_as_its_language_does_and_foreign_words_as_theirs(browser: Browser, language: str):
    own = "rtl" if language == "fa" else "ltr"
    for page in pages(language):
        found = measure(browser, page)
        assert found["direction"] == own
        if page.kind == "notification" and page.state == "worst":
            directions = {text["words"].split()[0]: text["direction"] for text in found["texts"]}
            assert directions["Hello,"] == "ltr"
            assert directions["سلام،"] == "rtl"
            assert directions["maild-ref:"] == "ltr"
            assert directions["#note,"] == "ltr"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_says_the_same_without_its_style(browser: Browser, language: str):
    for page in pages(language):
        styled, bare = measure(browser, page), measure(browser, page, bare=True)
        assert [text["words"] for text in styled["texts"]] == [text["words"] for text in bare["texts"]], str(page)
        assert [text["top"] for text in bare["texts"]] == sorted(text["top"] for text in bare["texts"]), str(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notification_begins_with_where_a_reply_goes_and_goes_on_with_her_words(browser: Browser, language: str):
    for page in pages(language):
        if page.kind == "notification" and page.state != "empty":
            first, *others = measure(browser, page)["texts"]
            # That the ticket was snoozed stands in between.
            was_snoozed = page.state == "worst"
            hello = others[was_snoozed]
            assert "=" in first["words"]
            assert hello["words"] == "Hello,"
            assert hello["top"] < 120 + 30 * was_snoozed


@pytest.mark.parametrize("language", ["en", "fa"])
def test_in_outlook_lines_are_no_longer_than_elsewhere_and_labels_stand_apart(browser: Browser, language: str):
    """Its Word engine knows little CSS, and reads what stands in comments of its own (MAIL.md O7)."""
    for page in pages(language):
        if page.state in ("ordinary", "empty"):  # It breaks no word of 400 letters, and makes no picture smaller.
            browser.show(UNKNOWN_TO_WORD.sub("", as_word_reads(page.html)), width=1400, dark=False)
            assert browser.evaluate("document.querySelector('.page').getBoundingClientRect().width") <= 640, str(page)
            assert all(gap >= 8 for gap in browser.evaluate(CELLS)), str(page)
