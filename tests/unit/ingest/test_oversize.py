"""Header and first text part of a message too large to be fetched (MAIL.md P13)."""

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.oversize import first_part_as_message
from maild.ingest.parse import parse_message
from tests.rig.linear import is_linear

HEADER = b'From: a@x\r\nMime-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary="b"\r\nSubject: one\r\n two\r\n\r\n'
PART = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"


def test_the_first_part_takes_the_place_of_the_whole():
    raw = first_part_as_message(HEADER, PART, b"gr\xc3\xbc\xc3\x9fe")
    assert raw.count(b"MIME-Version") == 1
    message = parse_message(raw)
    assert (message.subject, message.text, message.header_from[0].address) == ("one two", "grüße", "a@x")


def test_a_message_without_parts_and_one_without_header_stay_what_they_are():
    assert first_part_as_message(HEADER, b"\r\n", b"hello") == HEADER + b"hello"
    assert first_part_as_message(b"", PART, b"hello") == b""


@given(st.binary(max_size=200), st.binary(max_size=100), st.binary(max_size=100))
def test_any_bytes_make_a_message(header: bytes, part: bytes, text: bytes):
    parse_message(first_part_as_message(header, part, text))


def test_a_header_of_many_folds_takes_linear_time():
    assert is_linear(lambda header: first_part_as_message(header, PART, b""), lambda size: b"X: y\r\n" + b" x\r\n" * (10 * size))
