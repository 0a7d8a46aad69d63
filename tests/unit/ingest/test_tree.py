"""MIME trees within limits (MAIL.md P2, P5; OPERATIONS X14, X15)."""

from email import message_from_bytes
from email.message import Message
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.headers import read_headers
from maild.ingest.mime import Part
from maild.ingest.tree import MAX_PARTS, SealedMessage, build_tree, find_cut, guard_header, open_with_stdlib


def tree_of(raw: bytes) -> tuple[Part, tuple[str, ...]]:
    header = read_headers(raw)
    message, remainder = open_with_stdlib(guard_header(header.fields) + raw[header.body_start :])
    return build_tree(message, header.fields, remainder)


def check(raw: bytes, *expected: tuple[int, str, bytes]) -> None:
    root, _ = tree_of(raw)
    assert [(part.index, part.content_type, part.payload) for part in root.walk()] == list(expected)


def multipart(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    return b"Content-Type: multipart/" + kind + b'; boundary="b"\n\n' + b"".join(b"--b\n" + part + b"\n" for part in parts) + b"--b--\n"


def test_a_single_text_is_a_tree_of_one():
    check(b"Subject: x\n\nhello\n", (0, "text/plain", b"hello\n"))


def test_parts_are_numbered_in_the_order_of_the_mail():
    raw = multipart(b"\none", b"Content-Type: text/html\n\n<p>two", b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\naGk=")
    check(raw, (0, "multipart/mixed", b""), (1, "text/plain", b"one"), (2, "text/html", b"<p>two"), (3, "image/png", b"hi"))


def test_a_message_in_the_mail_keeps_its_bytes():
    inner = b"Subject: inner\r\nX:  y\r\n\r\nhello"
    check(
        multipart(b"Content-Type: message/rfc822\n\n" + inner),
        (0, "multipart/mixed", b""),
        (1, "message/rfc822", inner),
        (2, "text/plain", b"hello"),
    )
    encoded = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKaGk="
    check(multipart(encoded), (0, "multipart/mixed", b""), (1, "message/rfc822", b"Subject: x\n\nhi"), (2, "text/plain", b"hi"))


def test_parts_of_a_digest_are_messages():
    check(
        multipart(b"\nSubject: x\n\nhi", kind=b"digest"),
        (0, "multipart/digest", b""),
        (1, "message/rfc822", b"Subject: x\n\nhi"),
        (2, "text/plain", b"hi"),
    )


def test_a_boundary_that_is_not_folded_is_found():
    broken = b'Content-Type: multipart/alternative;\nboundary="c"\nX: y\n\n--c\n\none\n--c--\n'
    parts = ((0, "multipart/mixed", b""), (1, "multipart/alternative", b""), (2, "text/plain", b"one"))
    check(multipart(broken), *parts)
    assert tree_of(multipart(broken))[1] == ("a boundary is not folded",)
    check(broken, (0, "multipart/alternative", b""), (1, "text/plain", b"one"))
    lost = b"boundary=c\n\nnothing"
    check(multipart(b"Content-Type: multipart/mixed;\n" + lost), (0, "multipart/mixed", b""), (1, "multipart/mixed", lost + b"\n"))


def test_boundaries_that_are_not_folded_end_at_the_depth():
    raw = b"text"
    for depth in range(60):
        raw = b"Content-Type: multipart/mixed;\nboundary=b%02d\n\n--b%02d\n%s\n--b%02d--\n" % (depth, depth, raw, depth)
    assert len([*tree_of(raw)[0].walk()]) < 40


def test_a_multipart_without_its_boundary_is_a_leaf():
    check(b"Content-Type: multipart/mixed\n\nhello", (0, "multipart/mixed", b"hello"))
    check(b"Content-Type: multipart/mixed; boundary=x\n\nhello", (0, "multipart/mixed", b"hello"))


def test_nonsense_types_are_plain_text():
    for kind in (b"text", b"garbage in here", b"", b"/", b"text/plain/x y"):
        check(b"Content-Type: " + kind + b"\n\nhello", (0, "text/plain", b"hello"))


def test_uuencoded_files_become_parts():
    raw = b"Subject: x\n\nhello\nbegin 644 a.txt\n%:&5L;&\\\nend\n"
    check(raw, (0, "text/plain", b""), (1, "text/plain", b"hello\n\n"), (2, "application/octet-stream", b"hello"))


def test_too_many_parts_end_as_one_opaque_attachment():
    root, defects = tree_of(multipart(*[b"\nx"] * 3_000))
    assert sum(1 for _ in root.walk()) <= MAX_PARTS + 1
    assert root.children[-1].content_type == "application/octet-stream"
    assert "structure cut: too many parts" in defects


def test_deep_nesting_ends_as_an_opaque_attachment():
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(60)) + b"\nhello"
    root, defects = tree_of(nested)
    leaves = [part for part in root.walk() if not part.children]
    assert leaves[-1].content_type == "application/octet-stream"
    assert b"hello" in leaves[-1].payload
    assert "nested deeper than 30" in defects


def test_ordinary_mail_is_not_cut():
    assert find_cut(multipart(b"\n" + b"-----\n" * 5_000, b"\n-- \nAnn\nboundary=none")) is None
    assert find_cut(b"plain text\n" + b"--x\n" * 5_000) is None


def shape_of(message: Message) -> tuple[object, ...]:
    """All that stdlib has found."""
    found = message.get_payload()
    payload = [shape_of(part) for part in found if isinstance(part, Message)] if isinstance(found, list) else found
    return list(message.raw_items()), [type(defect) for defect in message.defects], message.preamble, message.epilogue, payload


PIECES = ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "--b", "--b\n", "--b--\n", "--b \n", "--bx\n", "--c\r\n", "--", "-- \n"]
PIECES += ["text", "x: y\n", "From me\n", " folded\n", " \n", "\xff", "\f", ":\n"]
NESTED = "Content-Type: multipart/mixed; boundary={}\n"


@given(st.lists(st.sampled_from([*PIECES, NESTED.format("b"), NESTED.format("c")]), max_size=25))
def test_bodies_given_whole_are_split_as_line_by_line(pieces: list[str]):
    raw = "".join([NESTED.format("b"), *pieces]).encode("latin-1")
    opened, remainder = open_with_stdlib(raw)
    assert remainder == b""
    assert shape_of(opened) == shape_of(message_from_bytes(raw, SealedMessage))


def test_what_stands_in_bodies_cuts_nothing():
    """A long text about mail, or a mail with many mails in it."""
    listing = b"boundary=x\n" * 1_000 + b"Content-Type: x\n" + b" folded\n" * 1_000
    root, defects = tree_of(multipart(b"\n" + listing, b"\nhello"))
    assert [part.payload for part in root.children] == [listing[:-1] + b"\n", b"hello"]
    assert defects == ()


HOSTILE = {
    "100,000 parts": multipart(*[b"X: y\n\na"] * 100_000),
    "empty boundary": b'Content-Type: multipart/mixed; boundary=""\n\n' + b"--\n\n" * 100_000,
    "deep": b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(10_000)),
    "messages in messages": b"Content-Type: message/rfc822\n\n" * 3_000 + b"Subject: x\n\nhello",
    "long inner type": multipart(b"Content-Type: text/plain" + b';"' * 300_000 + b"\n\nx"),
    "folded inner disposition": multipart(b"Content-Disposition: attachment" + b';\n a="' * 200_000 + b"\n\nx"),
    "old line ends": b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\r\ra\r" * 50_000,
    "many boundaries": multipart(b"\n" + b"boundary=x\n" * 100_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_structures_are_read_in_time(name: str) -> None:
    start = process_time()
    tree_of(HOSTILE[name])
    assert process_time() - start < 2
