"""What commands print: text that no terminal obeys, JSON that loses nothing."""

import json
import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.output import clean, counted, print_csv, to_json

NOW = datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
TEXTS = st.text(st.characters(codec=None)).filter(lambda text: not PAIR.search(text))
"""Anything, but for two lone surrogates that JSON cannot tell from one character."""
FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def is_clean(text: str) -> bool:
    return all(unicodedata.category(character) not in FORBIDDEN or character in "\u200c\u200d" for character in text)


def check(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_one_is_no_plural():
    assert [counted(number, "ticket") for number in (0, 1, 2)] == ["0 tickets", "1 ticket", "2 tickets"]


def test_a_terminal_is_sent_text_only():
    check("plain, größer, 日本語, پرداخت", "plain, größer, 日本語, پرداخت")
    check("\x1b[31mred", " [31mred")
    check("\x9b31mred", " 31mred")
    check("\x1b]52;c;ZXZpbA==\x07", " ]52;c;ZXZpbA== ")
    check("invoice\u202efdp.exe", "invoice fdp.exe")
    check("two\r\nlines\tand a tab", "two  lines and a tab")
    check("\ud800\udfff", "  ")
    check("\u2028\u2029\ufeff\u00ad", "    ")


def test_joiners_are_text():
    check("می\u200cخواهم", "می\u200cخواهم")


def test_of_many_lines_breaks_and_tabs_stay():
    assert clean("one\n\ttwo\r\n\x1b", lines=True) == "one\n\ttwo \n "


@given(TEXTS)
def test_nothing_but_text_survives_cleaning(text: str):
    assert is_clean(clean(text))
    assert is_clean(clean(text, lines=True).replace("\n", "").replace("\t", ""))


def test_json_keeps_letters_readable_and_escapes_the_rest():
    assert to_json("größer 日本語 پرداخت می\u200cخواهم") == '"größer 日本語 پرداخت می\u200cخواهم"'
    assert to_json("\x1b[31m \x7f \x9b \u202e \u2028") == '"\\u001b[31m \\u007f \\u009b \\u202e \\u2028"'
    assert to_json("\udcff.eml") == '"\\udcff.eml"'
    assert to_json("\U000e0041") == '"\\udb40\\udc41"'


@given(st.recursive(TEXTS | st.integers() | st.none() | st.booleans(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_json_loses_nothing_and_controls_no_terminal(document: object):
    for indent in (None, 2):
        written = to_json(document, indent)
        assert is_clean(written.replace("\n", ""))
        assert json.loads(written.encode()) == document


def test_times_are_rfc_3339_in_utc():
    moment = datetime.fromisoformat("2026-11-20T12:02:11.987+02:00")
    assert to_json(moment) == to_json(moment.astimezone(UTC)) == '"2026-11-20T10:02:11Z"'


def test_a_spreadsheet_is_sent_no_formula_of_a_mail(capfdbinary: pytest.CaptureFixture[bytes]):
    print_csv(("of", "value"), [("=HYPERLINK(1)", 3), ("two, words", 1.5), ("@x\x1b", None), ("-7", -7), ("", NOW)])
    rows = [b"of,value", b"'=HYPERLINK(1),3", b'"two, words",1.5', b"'@x ,", b"'-7,-7", b",2026-11-20T10:02:11Z", b""]
    assert capfdbinary.readouterr().out.split(b"\r\n") == rows
