"""MAIL.md P3."""

from time import process_time

from maild.ingest.hygiene import clean_text, one_line


def check(text: str, expected: str) -> None:
    assert clean_text(text) == expected


def check_line(text: str, expected: str) -> None:
    assert one_line(text) == expected


def test_line_ends_become_lf():
    check("a\r\nb\rc\nd", "a\nb\nc\nd")


def test_control_characters_go_but_tabs_stay():
    check("a\x00b\x1b[31mc\td", "ab[31mc\td")
    check("a\x85b\x9bc", "abc")


def test_no_other_character_ends_a_line():
    check("a\u2028b\u2029c", "a b c")


def test_lone_surrogates_are_replaced():
    check("a\udcffb", "a\ufffdb")


def test_text_is_composed():
    check("e\u0301", "é")


def test_headers_stand_on_one_line():
    check_line("hello\r\nBcc: evil@x", "hello Bcc: evil@x")
    check_line("  a\u2028b\tc ", "a b c")


def test_marks_that_turn_the_writing_are_dropped_from_names():
    check_line("invoice\u202efdp.exe", "invoicefdp.exe")


def test_endless_combining_marks_take_linear_time():
    start = process_time()
    clean_text("a" + "\u0301\u0316" * 200_000 + "\ne\u0301")
    assert process_time() - start < 1


def test_a_line_beside_endless_marks_is_still_composed():
    assert clean_text("a" + "\u0301\u0316" * 100 + "\ne\u0301").endswith("\né")
