"""Every reader of mail, on any input: it never raises, it takes linear time, and cleaning twice is cleaning once (MAIL.md P1-P3).

`make fuzz` asks the same with many more examples; `tests/fuzz` asks it with coverage.
"""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.addresses import read_addresses
from maild.ingest.armour import remove_armour
from maild.ingest.authentication import parse_results
from maild.ingest.charset import decode_bytes
from maild.ingest.delivery_status import read_delivery_status
from maild.ingest.excerpt import Excerpts
from maild.ingest.filenames import clean_name
from maild.ingest.flowed import unfold_flowed
from maild.ingest.headers import find_identifiers, first_identifier, read_headers
from maild.ingest.html_text import html_lines, html_to_text
from maild.ingest.hygiene import clean_text, one_line
from maild.ingest.invitation import describe_calendar
from maild.ingest.language import guess_language
from maild.ingest.lines import plain_lines, simplify
from maild.ingest.new_text import cut_reply, find_elided_images, keep_reply
from maild.ingest.notices import find_recipients, guess_recipients, has_opening, read_notice
from maild.ingest.parameters import read_value
from maild.ingest.parse import parse_message
from maild.ingest.prefixes import starts_with_forward, strip_prefixes
from maild.ingest.tnef import TnefError, unpack
from maild.ingest.transfer import decode_transfer, split_uuencoded
from maild.ingest.words import decode_base64, decode_header
from tests.rig.linear import is_linear


def read_notices(text: str) -> None:
    notice = read_notice(text)
    has_opening(notice)
    find_recipients(notice, "ann@x")
    guess_recipients(notice, "ann@x")


def cut_html(html: str) -> None:
    lines = html_lines(html)
    cut_reply(lines)
    find_elided_images(lines)


def unpack_or_refuse(octets: bytes) -> None:
    try:
        unpack(octets)
    except TnefError:
        return


TEXT_READERS: dict[str, Callable[[str], object]] = {
    "addresses": lambda text: read_addresses([text]),
    "encoded words": decode_header,
    "parameters": read_value,
    "identifiers": lambda text: (first_identifier(text), find_identifiers(text)),
    "authentication results": parse_results,
    "delivery status": read_delivery_status,
    "notices": read_notices,
    "text hygiene": lambda text: (clean_text(text), one_line(text)),
    "file names": clean_name,
    "subject prefixes": lambda text: (strip_prefixes(text), starts_with_forward(text)),
    "format=flowed": lambda text: (unfold_flowed(text, True), unfold_flowed(text, False)),
    "armour": lambda text: remove_armour(plain_lines(text)),
    "new text": lambda text: (cut_reply(plain_lines(text)), keep_reply(plain_lines(text))),
    "HTML": cut_html,
    "excerpts": lambda html: Excerpts(html).safe(html_to_text(html)),
    "calendars": lambda text: describe_calendar(text, ""),
    "languages": guess_language,
}
BYTE_READERS: dict[str, Callable[[bytes], object]] = {
    "headers": read_headers,
    "messages": parse_message,
    "base64": decode_base64,
    "quoted-printable": lambda octets: decode_transfer(octets, "quoted-printable"),
    "uuencode": lambda octets: (split_uuencoded(octets), decode_transfer(octets, "x-uuencode")),
    "TNEF": unpack_or_refuse,
    "charsets": lambda octets: [decode_bytes(octets, name) for name in ("", "utf-8", "iso-2022-jp", "gb2312", "utf-7", "hz-gb-2312")],
}
TOKENS = {
    "addresses": ["<", ">", "(", ")", '"', ",", ";", ":", "\\", "@", "a@b", "=?utf-8?q?x?=", " ", "[", "]"],
    "encoded words": ["=?", "?=", "?q?", "?b?", "utf-8", "=C3", " ", "=", "?", "_", "x", "ü"],
    "parameters": [";", "=", '"', "*", "a", "*0*", "*1", "'", "%C3", "\\", " ", "name", "utf-8''"],
    "identifiers": ["<", ">", "a@b", " ", "x", "\t"],
    "authentication results": [";", "=", "pass", '"', "(", ")", "\\", " ", "dkim", "header.d", "/", "."],
    "delivery status": ["Final-Recipient:", "rfc822;", "a@b", "\n", " ", "Status:", "5.1.1", "Action:", "\n\n", "-", "<", ">"],
    "notices": ["<a@b>", ":", "\n", " ", "550 ", "...", "to ", "user unknown", ">", "from", "RCPT TO:", "'"],
    "text hygiene": ["a", "\u0301", "\u0316", "\r", "\n", "\0", "\ud800", "\u202e", " ", "é"],
    "file names": ["a", ".", "/", "\\", " ", "con", "ü", "\u202e", "_"],
    "subject prefixes": ["Re", "Fwd", ":", "[", "]", "2", " ", "[EXT]", "(", "^", "回复", "："],
    "format=flowed": [">", " ", "\n", "a", "-- ", "a \n"],
    "armour": [
        "-----BEGIN PGP MESSAGE-----",
        "-----END PGP MESSAGE-----",
        "-----BEGIN PGP SIGNED MESSAGE-----",
        "\n",
        "- ",
        "Hash: x",
        "a",
    ],
    "calendars": ["BEGIN:VEVENT", "\n", "\n ", ";", ":", '"', "SUMMARY", "\\", "=", "TZID=", "x"],
    "languages": ["the ", "и ", "ο ", "و ", "ه", " ", "x"],
    "headers": ["a: b", "\r", "\n", " ", "\t", ":", "From ", "x", ">From ", "\ufeff"],
    "base64": ["=", "a", "aGk=", "\n", " ", "-", "aGkh"],
    "quoted-printable": ["=", "=\n", "=C3", " ", "\n", "a", "=x"],
    "uuencode": ["begin 644 a\n", "end\n", "#86)C\n", "`\n", " ", "x", "M"],
    "TNEF": ["\x78\x9f\x3e\x22\x01\0", "\0", "\x02\x02\x90\0\0\0\0\0\0\0\0", "\xff", "\x02\x05\x90"],
    "charsets": ["\x1b$B", "\x1b(B", "~{", "~}", "+AAA-", "a", "\xff", "\xed\xa0\x80", "\x81"],
}
WRITING = [
    *(
        "> ",
        ">",
        "\n",
        "\n\n",
        " ",
        "On 1/1/2026 at 10:00 Ann <a@b> wrote:",
        "wrote:",
        "From: a@b",
        "Sent: 1/1/2026",
        "To: b",
        "Subject: x",
    ),
    *("-----Original Message-----", "-- ", "--", "Sent from my iPhone", "<", "(", "[EXTERNAL]", "text", ":", "|", "| a |", "AS> "),
    *(
        ">>> a@b 1/1/26 >>>",
        "5.1.2026",
        "10:00",
        "a@b",
        "…",
        "写道：",
        "schrieb",
        "This e-mail and any",
        "reply above this line",
        "maild-ref:",
    ),
    *("-", "#", "\u200b", "\u202b"),
]
MARKUP = [
    *("<div>", "</div>", "<p>", "<br>", "<hr>", "<blockquote>", "</blockquote>", '<div class="gmail_quote">', '<div id="divRplyFwdMsg">'),
    *("<", ">", "<!--", "-->", "<table>", "<td>", "<tr>", '<img src="cid:a">', '<a href="http://x">', "</a>", "<style>", "&lt;", "&"),
    *(' style="display:none"', '"', "'", "=", "/", "<pre>", "\n", '<p style="border-top:solid">', '<div style="font-size:0">', "<span "),
    *("</", "text"),
]
MESSAGE = [
    *("\n", "\n\n", "--b\n", "--b--\n", "Content-Type: multipart/mixed; boundary=b\n", "Content-Type: text/html\n"),
    *("Content-Transfer-Encoding: base64\n", "From: a@b\n", "Subject: =?utf-8?q?x?=\n", "aGk=\n", "> q\n", "<p>x\n", "--c\n", "\xff"),
    *("Content-Type: multipart/alternative; boundary=c\n", "Content-Disposition: attachment; filename=x\n", "x: y\n", " ", ";", '"'),
    *("Content-Type: text/calendar\n", "Content-Type: message/rfc822\n"),
]
ALL_TOKENS = TOKENS | {"new text": WRITING, "HTML": MARKUP, "excerpts": MARKUP, "messages": MESSAGE}


def pieces(name: str, most: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(ALL_TOKENS[name]), min_size=1, max_size=most).map("".join)


def octets(text: str) -> bytes:
    return text.encode("latin-1") if all(character <= "\xff" for character in text) else text.encode("utf-8", "surrogatepass")


def reader_of(name: str) -> Callable[[str], object]:
    return TEXT_READERS.get(name) or (lambda text: BYTE_READERS[name](octets(text)))


@pytest.mark.parametrize("name", TEXT_READERS)
@given(data=st.data())
def test_any_text_is_read(name: str, data: st.DataObject) -> None:
    TEXT_READERS[name](data.draw(pieces(name, 40) | st.text(max_size=200)))


@pytest.mark.parametrize("name", BYTE_READERS)
@given(data=st.data())
def test_any_bytes_are_read(name: str, data: st.DataObject) -> None:
    BYTE_READERS[name](data.draw(pieces(name, 40).map(octets) | st.binary(max_size=300)))


@pytest.mark.parametrize("name", [*TEXT_READERS, *BYTE_READERS])
@pytest.mark.fuzz
@given(data=st.data())
def test_any_pattern_repeated_is_read_in_linear_time(name: str, data: st.DataObject) -> None:
    """What takes the square of the length of such a text is found by repeating a few of its own words."""
    head, pattern = data.draw(pieces(name, 4)), data.draw(pieces(name, 5))
    assert is_linear(reader_of(name), lambda size: (head + pattern * (size // len(pattern) + 1))[:size]), (head, pattern)


@pytest.mark.parametrize("name", [*TEXT_READERS, *BYTE_READERS])
def test_ten_times_as_much_takes_about_ten_times_as_long(name: str) -> None:
    words = ALL_TOKENS[name]
    for pattern in (*words, "".join(words)):
        assert is_linear(reader_of(name), lambda size, pattern=pattern: pattern * (size // len(pattern) + 1)), pattern


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    for clean_once in (clean_text, one_line, clean_name, strip_prefixes):
        cleaned = clean_once(text)
        assert clean_once(cleaned) == cleaned
    lines = simplify(plain_lines(text))
    assert simplify(lines) == lines


@given(pieces("new text", 40))
def test_nothing_a_writer_wrote_is_lost(text: str) -> None:
    """What is visible and what is elided are the whole text, and something is visible wherever there is something."""
    written = sorted("".join(text.split()))
    cut = cut_reply(plain_lines(text))
    assert sorted("".join((cut.visible + cut.elided).split())) == written
    assert bool(cut.visible.split()) == bool(written)
    kept = keep_reply(plain_lines(text))
    assert sorted("".join((kept.visible + kept.elided).split())) == written
