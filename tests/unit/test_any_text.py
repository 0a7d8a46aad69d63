"""Every reader of what people, servers and configurations write, on any text: it never raises but what it says, and takes linear time.

Mail itself is `tests/unit/ingest/test_any_input.py`; whole configurations are `tests/doors/test_load_settings.py`, rules
`tests/unit/rules/test_load.py`.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from builders import NOW, a_message, some_settings, some_tokens
from hypothesis import given
from hypothesis import strategies as st

from maild.aliases import canonical, find_reported_id
from maild.config.faults import Faults
from maild.config.nodes import parse_yaml
from maild.config.readers import parse_duration
from maild.desk.command_lines import hash_words, parse, with_corrections
from maild.desk.courtesy import is_courtesy
from maild.desk.furniture import is_unmarked_furniture, without_furniture
from maild.desk.query import parse_query
from maild.errors import UsageError
from maild.ingest.author import find_author
from maild.ingest.automated import classify
from maild.ingest.bounce_verdict import find_status, read_kind
from maild.ingest.dates import read_date
from maild.ingest.details import find_details
from maild.ingest.spam import find_spam
from maild.ingest.witness import Witness
from maild.message import Address
from maild.outbox.hygiene import clean_id, display_name, header_address, wire_address
from maild.outbox.leaks import find_leak
from maild.outbox.replies import Phase, Reply, read_reply
from maild.outbox.subject import write_reply_subject
from maild.rules.folding import fold, split_words
from maild.rules.patterns import compile_glob, compile_pattern
from maild.rules.strings import parse_text
from maild.tokens import LetterKind
from tests.rig.linear import is_linear

SETTINGS, TOKENS = some_settings(), some_tokens()
TAG, ANCHOR = TOKENS.mint_tag(7), TOKENS.mint_anchor(7)
LETTER, LINE = TOKENS.mint_message_id(LetterKind.ANSWER, 7, 8), TOKENS.mint_reference_line(7, 8, "anna")
FORM = "noreply@forms.example"
FORMS, WITNESS = some_settings(forms=frozenset({FORM})), Witness(frozenset({"mx.acme.example"}))
SIGNS = ("Auto-Submitted", "Precedence", "List-Id", "X-Autoreply", "Feedback-ID", "X-Auto-Response-Suppress", "X-Loop", "Return-Path")


def read_tokens(text: str) -> None:
    for read in (TOKENS.read_message_id, TOKENS.read_anchor, TOKENS.read_reply, TOKENS.read_answer, TOKENS.read_bounce, TOKENS.read_probe):
        read(text)
    TOKENS.find_probe(text)
    TOKENS.find_reference_line(text)
    TOKENS.is_loop_header(text)
    TOKENS.count_wrong([text, f"{text}@acme.example"], text)


def ask(text: str) -> None:
    with suppress(UsageError):
        parse_query(text, "anna", NOW)


def recognise(text: str) -> None:
    message = a_message(subject=text, header_from=(Address(text, f"{text}@x"),), headers=dict.fromkeys(SIGNS, text), loop_marks=(text,))
    classify(message, TOKENS, SETTINGS)
    find_spam(message, None, SETTINGS.spam)
    is_courtesy(a_message(text=text))


def find_writer(text: str) -> None:
    """Behind a list, and behind a form of ours."""
    said = {"X-Original-From": text, "List-Post": text, "Authentication-Results": f"mx.acme.example; {text}"}
    writer = Address(text, f"{text}@x")
    for sender in ("support@acme.example", FORM):
        find_author(a_message(header_from=(Address("", sender),), reply_to=(writer,), headers=said), WITNESS, FORMS)


READERS: dict[str, Callable[[str], object]] = {
    "tags": lambda text: (TOKENS.find_tags(text), TOKENS.strip_tags(text), write_reply_subject(text, TAG, "prefix", TOKENS)),
    "tokens": read_tokens,
    "details": lambda text: find_details(a_message(recipients=(f"support+{text[:300]}@acme.example",)), SETTINGS),
    "commands": lambda text: (parse(text, ["vip"]), hash_words(text), with_corrections(text, "#close\n#canned refund")),
    "furniture": lambda text: (without_furniture(text, 7), is_unmarked_furniture(text, 7)),
    "queries": ask,
    "signs of machines": recognise,
    "true authors": find_writer,
    "relays' replies": lambda text: (find_reported_id(text), canonical(text)),
    "servers' replies": lambda text: [read_reply(phase, Reply(code, text)) for phase in Phase for code in (250, 354, 421, 451, 550, 552)],
    "verdicts": lambda text: (find_status(text), read_kind("", text)),
    "dates": read_date,
    "names and addresses of letters": lambda text: (
        display_name(text),
        clean_id(text),
        wire_address(text),
        header_address(Address(text, f"{text}@x")),
    ),
    "leaks": lambda text: find_leak(text, ["anna@acme.example"]),
    "texts of rules": parse_text,
    "words of rules": lambda text: (fold(text), split_words(fold(text))),
    "patterns": compile_pattern,
    "globs": compile_glob,
    "durations": parse_duration,
    "YAML": lambda text: parse_yaml(text.encode("utf-8", "replace"), Path("maild.yaml"), Faults()),
}
PIECES = {
    "true authors": ["<", ">", "@", '"', "a@b", "<mailto:", ",", "dmarc=pass ", "header.from=", ";", "(", ")", " ", "\\"],
    "tags": ["[", "[Acme", "Acme", " ", "#", "7", "-", "G514", "]", TAG, "［", "\u200b", "\u00ad", "Re:", "Fwd:"],
    "tokens": [LETTER, ANCHOR, LINE, "c.", "7.", "t.", "r7.", "maild-ref:", " ", "a" * 16, "@acme.example", "; ", "00"],
    "details": ["+", "r7.", "a7.8.", "b7.1.", "a" * 16, "00", "@", "."],
    "commands": ["#close", "#note", "#", "##", "\n", " ", "x", "＃", "“", ".", "#assign me", "#vip", "7", "\u2028"],
    "furniture": [
        "> ",
        ">",
        "\n",
        "> Ticket: 7\n",
        "Ticket:",
        "7",
        "Reply = to x\n",
        "> Queue: x\n",
        "> #note, #close, #wait",
        "! ",
        "-----",
        "|",
        " ",
    ],
    "queries": ["from:", "tag:", "-", '"', " ", "status:open", "age:", "3d", ">", "x", ":", "owner:me", ","],
    "signs of machines": [
        "Out of office",
        "auto-replied",
        "no",
        ";",
        "bulk",
        "<",
        ">",
        "noreply",
        "Abwesenheit",
        ":",
        " ",
        "Re: ",
        "thanks",
        "!",
    ],
    "relays' replies": ["250 ", "2.0.0 ", "Ok ", "OK ", "0100018c", "-", "000000", "<", ">", "@", " [InternalId=", "a"],
    "servers' replies": ["5.4.5", "5.7.", "mailbox full", "quota", " ", "4.", "too many", ".", "limit", "spam"],
    "verdicts": ["5.1.1", "550 ", "(#4.2.2)", ".", "4", " ", "user unknown", "mailbox full", "-", "1.2.3.4"],
    "dates": ["Mon, ", "2 ", "Mar ", "2026 ", "10:00:00 ", "+0000", "(", ")", "-", "99", "GMT", " "],
    "names and addresses of letters": ["<", ">", "@", '"', "a", "ü", "\u202e", "\r\n", ".", " ", "xn--", "\ud800"],
    "leaks": ["anna@acme.example", "maild-ref:", "n.7.8.", "a" * 16, "@", "anna", " ", "00"],
    "texts of rules": ["{", "}", "{{", "ticket.", "number", "match.", "a", " ", "|", ":"],
    "words of rules": ["a", " ", "ß", "İ", "\u0301", "-", "日本", "ﬁ", "\u200d", "'"],
    "patterns": ["a", "*", "(", ")", "[", "]", "|", "\\", "{1000}", "(?:", "(?P<x>", "(?=", "^", "\\1"],
    "globs": ["*", "?", "a", "[", "]", "\\", "{", "."],
    "durations": ["1", "d", "h", " ", "m", "99999999999", "-", ".", "w"],
    "YAML": ["a: b", "\n", "- ", "[", "]", "{", "}", "&a ", "*a", '"', "'", ": ", "  ", "#", "!!x ", "|", "\t", "? ", "<<: *a"],
}


def texts(name: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(PIECES[name]), max_size=40).map("".join) | st.text(max_size=200)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_any_text_is_read(name: str, data: st.DataObject) -> None:
    READERS[name](data.draw(texts(name)))


@pytest.mark.parametrize("name", READERS)
def test_ten_times_as_much_takes_about_ten_times_as_long(name: str) -> None:
    for pattern in (*PIECES[name], "".join(PIECES[name])):
        assert is_linear(READERS[name], lambda size, pattern=pattern: pattern * (size // len(pattern) + 1)), pattern


def test_what_takes_the_square_of_its_length_is_noticed():
    assert not is_linear(lambda text: [text.replace("a", "b") for _ in range(0, len(text), 2)], lambda size: "a" * size)
