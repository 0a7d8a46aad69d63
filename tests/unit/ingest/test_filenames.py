"""MAIL.md P6, OPERATIONS X13."""

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.filenames import MAX_NAME_BYTES, attachment_name, clean_name, declared_name, unique_names
from maild.ingest.mime import Part
from maild.message import HeaderField


def check(name: str, expected: str) -> None:
    assert clean_name(name) == expected


def test_paths_are_cut_to_their_last_part():
    check("../../etc/passwd", "passwd")
    check("/etc/passwd", "passwd")
    check("C:\\Users\\ann\\report.pdf", "report.pdf")
    check("..", "")
    check("dir/", "")


def test_characters_no_disk_wants_are_replaced():
    check('a<b>:c"d|e?f*g.txt', "a_b__c_d_e_f_g.txt")
    check("a\x00b\nc.txt", "ab c.txt")
    check("invoice\u202efdp.exe", "invoicefdp.exe")
    check("trailing. . ", "trailing")


def test_reserved_names_are_escaped():
    check("CON", "_CON")
    check("nul.txt", "_nul.txt")
    check("console.txt", "console.txt")


def test_long_names_keep_their_extension():
    assert len(clean_name("ü" * 300 + ".pdf").encode()) <= MAX_NAME_BYTES
    assert clean_name("ü" * 300 + ".pdf").endswith("ü.pdf")
    assert len(clean_name("a." + "b" * 300).encode()) <= MAX_NAME_BYTES


def test_names_are_made_unique_without_regard_to_case():
    assert unique_names(["a.txt", "A.TXT", "a.txt", "b"]) == ["a.txt", "A-2.TXT", "a-3.txt", "b"]
    assert unique_names(["x", "x", "x-2"]) == ["x", "x-2", "x-2-2"]
    assert unique_names(["x", "x-2", "x", "x"]) == ["x", "x-2", "x-3", "x-4"]
    assert len(set(unique_names(["x.png"] * 20_000))) == 20_000


def test_the_name_of_the_disposition_goes_before_that_of_the_type():
    part = Part(1, "a/b", (("name", "type.txt"),), (), b"", disposition_parameters=(("filename", "disposition.txt"),))
    assert declared_name(part) == "disposition.txt"
    assert declared_name(Part(1, "a/b", (("name", "type.txt"),), (), b"")) == "type.txt"


def test_a_part_without_name_gets_one():
    assert attachment_name(Part(1, "application/pdf", (), (), b""), 3) == "attachment-3.pdf"
    assert attachment_name(Part(1, "x/y", (), (), b""), 1) == "attachment-1.bin"
    described = Part(1, "x/y", (), (HeaderField("Content-Description", "plan.dwg"),), b"")
    assert attachment_name(described, 1) == "plan.dwg"


def test_a_message_is_named_after_its_subject():
    inner = Part(2, "text/plain", (), (HeaderField("Subject", "=?utf-8?q?Gr=C3=BC=C3=9Fe?= / all"),), b"")
    assert attachment_name(Part(1, "message/rfc822", (), (), b"", (inner,)), 1) == "Grüße - all.eml"
    assert attachment_name(Part(1, "message/rfc822", (), (), b""), 2) == "message-2.eml"


@given(st.text())
def test_any_name_is_safe(name: str) -> None:
    cleaned = clean_name(name)
    assert len(cleaned.encode()) <= MAX_NAME_BYTES
    assert not set(cleaned) & set("/\\\0\n\r")
    assert cleaned not in (".", "..")


@given(st.lists(st.sampled_from(["a", "A", "a.b", "a-2", "é" * 80]), max_size=12))
def test_any_names_become_unique(names: list[str]) -> None:
    folded = [name.casefold() for name in unique_names(names)]
    assert len(set(folded)) == len(names)
