"""RFC 2047 as MAIL.md P4 wants it."""

from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.words import decode_base64, decode_header


def check(value: str, expected: str) -> None:
    assert decode_header(value) == expected


def test_words_are_decoded():
    check("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße")
    check("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße")
    check("=?iso-8859-1?Q?caf=E9_au_lait?= now", "café au lait now")


def test_blanks_between_words_vanish():
    check("=?utf-8?q?a?= =?utf-8?q?b?=", "ab")
    check("=?utf-8?q?a?=\t =?iso-8859-1?q?=FC?= c", "aü c")
    check("x =?utf-8?q?a?= y", "x a y")


def test_a_character_split_between_words_is_joined():
    check("=?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=", "Grüße")
    check("=?iso-2022-jp?B?GyRCRnxLXA==?= =?iso-2022-jp?B?GyhC?=", "日本")


def test_words_are_found_inside_quotes_and_other_text():
    check('"=?utf-8?q?M=C3=BCller?=, Ann" <a@x>', '"Müller, Ann" <a@x>')
    check("Re:=?utf-8?q?x?=y", "Re:xy")


def test_broken_words_are_read_as_far_as_they_go():
    check("=?utf-8?q?two words?=", "two words")
    check("=?utf-8?q?really? yes?=", "really? yes")
    check("=?utf-8*en?q?hi?=", "hi")
    check("=?utf-8?b?aGk?=", "hi")
    check("=?utf-8?b?aG!k=?=", "hi")
    check("=?x-nonsense?q?Gr=C3=BC=C3=9Fe?=", "Grüße")
    check("=?utf-8?q?x?= =?utf-8?q?cut_short=C3=BC", "xcut shortü")
    check("=?utf-8?b?aGVsbG8", "hello")
    check("=?utf-8?x?a?=", "=?utf-8?x?a?=")


def test_raw_bytes_are_utf_8_or_cp1252():
    check(b"Gr\xc3\xbc\xc3\x9fe".decode("ascii", "surrogateescape"), "Grüße")
    check(b"Gr\xfc\xdfe".decode("ascii", "surrogateescape"), "Grüße")


def test_twenty_thousand_words_take_linear_time():
    start = process_time()
    decode_header("=?utf-8?q?a?= " * 20_000)
    decode_header("=?a?q?" * 20_000)
    assert process_time() - start < 2


@given(st.text())
def test_any_text_is_decoded(value: str) -> None:
    decode_header(value)


@given(st.binary())
def test_any_base64_is_decoded(octets: bytes) -> None:
    decode_base64(octets)
