"""winmail.dat unpacked (MAIL.md P12)."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.parse import open_message, parse_message
from maild.ingest.tnef import TnefError, TnefFile, unpack
from maild.message import Wrapping
from tests.rig.tnef import (
    MESSAGE_INTERFACE,
    a_file,
    attribute,
    code_page,
    measured,
    named_property,
    number_property,
    stream,
    unicode_property,
)


def check(octets: bytes, *expected: TnefFile) -> None:
    assert unpack(octets) == expected


def test_files_are_found_with_their_names():
    check(stream(a_file(b"a.txt", b"one"), a_file(b"b.txt", b"two")), TnefFile("a.txt", content=b"one"), TnefFile("b.txt", content=b"two"))
    check(stream())
    check(stream(attribute(0x8004, b"Subject\0", level=1)))


def test_names_are_in_the_streams_code_page():
    check(stream(code_page(1251), a_file("отчёт.txt".encode("cp1251"), b"x")), TnefFile("отчёт.txt", content=b"x"))


def test_the_long_name_is_the_better_one():
    long = [
        number_property(0x3705, 1),
        named_property(5),
        unicode_property(0x3707, "Ein langer Name.pdf"),
        unicode_property(0x370E, "Application/PDF"),
    ]
    check(stream(a_file(b"EINLAN~1.PDF", b"x", *long)), TnefFile("Ein langer Name.pdf", "application/pdf", content=b"x"))
    check(
        stream(a_file(b"p.png", b"x", unicode_property(0x3712, "pic@x.example"))),
        TnefFile("p.png", content_id="pic@x.example", content=b"x"),
    )


def test_an_embedded_message_is_kept_as_a_file():
    check(
        stream(a_file(b"Lunch", b"icon", measured(0x0D, 0x3701, MESSAGE_INTERFACE + b"inner"))),
        TnefFile("Lunch.dat", "application/ms-tnef", content=b"inner"),
    )


BROKEN = {
    "nothing": b"",
    "no signature": b"\0" * 20,
    "cut attribute": stream(a_file(b"a.txt", b"one"))[:-20],
    "cut properties": stream(a_file(b"a.txt", b"one", unicode_property(0x3707, "long.txt")[:-3])),
    "unknown type": stream(a_file(b"a.txt", b"one", b"\x99\x00\x01\x00" + bytes(8))),
    "too many files": stream(*[attribute(0x9002, b"")] * 300),
    "endless attributes": stream(*[attribute(0x8004, b"")] * 6_000),
    "endless values": stream(a_file(b"a.txt", b"one", b"\x02\x10\x01\x00" + b"\xff" * 4)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_streams_are_refused(name: str) -> None:
    with pytest.raises(TnefError):
        unpack(BROKEN[name])


def a_mail(octets: bytes, kind: bytes = b"application/ms-tnef") -> bytes:
    head = b"From: ann@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: " + kind + b"; name=winmail.dat\n"
    return head + b"Content-Transfer-Encoding: 8bit\n\n" + octets + b"\n--b--\n"


def test_a_mail_shows_the_files_in_its_winmail_dat():
    opened = open_message(a_mail(stream(a_file(b"a.txt", b"one"), a_file(b"../b.txt", b"two"))), with_files=True)
    assert [(attachment.name, attachment.size) for attachment in opened.message.attachments] == [("a.txt", 3), ("b.txt", 3)]
    assert list(opened.files.values()) == [b"one", b"two"]
    assert (opened.message.text, opened.message.wrappings) == ("hello", ())
    octet_stream = parse_message(a_mail(stream(a_file(b"a.txt", b"one")), b"application/octet-stream"))
    assert [attachment.name for attachment in octet_stream.attachments] == ["a.txt"]


def test_what_cannot_be_unpacked_is_kept_and_said():
    message = parse_message(a_mail(b"garbage"))
    assert [attachment.name for attachment in message.attachments] == ["winmail.dat"]
    assert message.wrappings == (Wrapping.TNEF,)
    assert "TNEF: no TNEF signature" in message.defects


def test_hostile_streams_take_linear_time():
    hostile = (stream(a_file(b"a", b"x" * 5_000_000)), stream(*[a_file(b"a", b"x", *[number_property(1, 1)] * 3_000)] * 100))
    start = process_time()
    for octets in hostile:
        unpack(octets)
    assert process_time() - start < 2


@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
def test_any_bytes_are_a_stream_or_refused(octets: bytes, place: int, octet: int) -> None:
    good = bytearray(stream(code_page(1252), a_file(b"a.txt", b"one", unicode_property(0x3707, "long.txt"), named_property(1))))
    good[place % len(good)] = octet
    for candidate in (octets, stream(octets), bytes(good)):
        try:
            unpack(candidate)
        except TnefError:
            continue
