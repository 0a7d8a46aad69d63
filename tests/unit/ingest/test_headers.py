"""MAIL.md P2 and F1's message id."""

from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.headers import MAX_FIELD_BYTES, MAX_FIELDS, MAX_HEADER_BYTES, find_identifiers, first_identifier, read_headers


def check(raw: bytes, expected: list[tuple[str, str]], body: bytes = b"body") -> None:
    block = read_headers(raw)
    assert [(field.name, field.value) for field in block.fields] == expected
    assert raw[block.body_start :] == body


def test_fields_are_split_from_the_body():
    check(b"From: a@x\r\nSubject: hi\r\n\r\nbody", [("From", "a@x"), ("Subject", "hi")])
    check(b"From: a@x\nSubject: hi\n\nbody", [("From", "a@x"), ("Subject", "hi")])


def test_folded_fields_are_unfolded():
    check(b"Subject: one\r\n two\r\n\tthree\r\n\r\nbody", [("Subject", "one two\tthree")])


def test_a_parameter_that_is_not_folded_belongs_to_content_type():
    raw = b'Content-Type: multipart/mixed; \r\nboundary="a:b"\r\nSubject: hi\r\n\r\nbody'
    check(raw, [("Content-Type", 'multipart/mixed;  boundary="a:b"'), ("Subject", "hi")])
    assert read_headers(raw).defects == ("a parameter is not folded",)
    check(b"X-Spam: a;\nb=c\nFrom: a@x\n\nbody", [("X-Spam", "a;")], b"b=c\nFrom: a@x\n\nbody")
    check(b"Content-Type: text/plain\ncharset=x\n\nbody", [("Content-Type", "text/plain")], b"charset=x\n\nbody")


def test_what_stands_before_the_first_field_is_skipped():
    check(b"\r\n\r\nFrom: a@x\r\n\r\nbody", [("From", "a@x")])
    check(b"From ann@x Mon Jan 1 00:00:00 2024\nFrom: a@x\n\nbody", [("From", "a@x")])
    check(b"\xef\xbb\xbfFrom: a@x\n\nbody", [("From", "a@x")])


def test_a_missing_blank_line_begins_the_body():
    check(b"From: a@x\nHello there\nbody", [("From", "a@x")], b"Hello there\nbody")
    assert read_headers(b"From: a@x\nHello there\n").defects == ("no blank line between header and body",)


def test_eight_bit_bytes_are_kept():
    check(b"Subject: gr\xfc\xdfe\n\nbody", [("Subject", "gr\udcfc\udcdfe")])


def test_a_message_without_header_is_all_body():
    check(b"just text\n", [], b"just text\n")
    check(b"", [], b"")


def test_budgets_cut_with_a_note():
    many = read_headers(b"X-A: b\n" * (MAX_FIELDS + 50) + b"\nbody")
    assert len(many.fields) == MAX_FIELDS
    assert many.defects == (f"more than {MAX_FIELDS} header fields",)
    long = read_headers(b"X-A: " + b"a" * 1_000_000 + b"\n\nbody")
    assert len(long.fields[0].value) <= MAX_FIELD_BYTES
    assert long.defects == ("header cut: too long",)
    just = read_headers(b"X-A:" + b"a" * MAX_FIELD_BYTES + b"\n\nbody")
    assert len(just.fields[0].value) == MAX_FIELD_BYTES
    assert just.defects == ()
    folded = read_headers(b"X-A: b\n" + b" aaaaaaaaa\n" * 100_000 + b"X-B: c\n\nbody")
    assert len(folded.fields[0].value) <= MAX_FIELD_BYTES
    assert folded.defects == ("header cut: too long",)
    total = read_headers(b"".join(b"X-%d: %s\n" % (number, b"a" * 60_000) for number in range(20)) + b"\nbody")
    assert sum(len(field.value) for field in total.fields) <= MAX_HEADER_BYTES


def test_a_hundred_thousand_fields_take_linear_time():
    start = process_time()
    read_headers(b"X-A: b\n" * 100_000 + b"\nbody")
    assert process_time() - start < 2


@given(st.binary(max_size=400))
def test_any_bytes_are_read(raw: bytes) -> None:
    block = read_headers(raw)
    assert 0 <= block.body_start <= len(raw)


@given(
    st.lists(st.sampled_from([b"From: a@x\n", b"Subject:\n", b" folded\n", b"\tx\r\n", b": x\n", b"From x\n", b"\n", b"\r\n", b"\xff\n"]))
)
def test_any_lines_are_read(lines: list[bytes]) -> None:
    read_headers(b"".join(lines))


def check_identifier(value: str, expected: str | None) -> None:
    assert first_identifier(value) == expected


def test_the_message_id_is_the_first_one_in_brackets():
    check_identifier("<a@x>", "a@x")
    check_identifier("junk <a@x> <b@x>", "a@x")
    check_identifier("<a b@x> <c@x>", "c@x")
    check_identifier("<" + "a" * 2_000 + ">", None)


def test_what_crashes_stdlib_is_no_message_id():
    check_identifier("<", None)
    check_identifier("<>", None)
    check_identifier("", None)
    check_identifier("<[a]@x>", "[a]@x")


def check_identifiers(value: str, *expected: str) -> None:
    assert find_identifiers(value) == expected


def test_references_are_read_in_order():
    check_identifiers("<a@x> <b@x>\t<a@x>", "a@x", "b@x")
    check_identifiers("<a@x><b@x>,<c@x>", "a@x", "b@x", "c@x")
    check_identifiers('Your message of "Tue" <a@x>', "a@x")


def test_ids_folded_in_the_middle_are_joined():
    check_identifiers("<very-long-\tpart@x>", "very-long-part@x")


def test_ids_without_brackets_are_taken():
    check_identifiers("a@x b@x", "a@x", "b@x")
    check_identifiers("no id here")


def test_only_the_last_hundred_ids_count():
    assert len(find_identifiers("".join(f"<{number}@x>" for number in range(20_000)))) == 100
