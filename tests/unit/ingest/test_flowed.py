"""RFC 3676."""

from maild.ingest.flowed import unfold_flowed


def check(text: str, expected: str, *, delete_space: bool = False) -> None:
    assert unfold_flowed(text, delete_space) == expected


def test_soft_breaks_are_joined():
    check("one \ntwo \nthree\nfour", "one two three\nfour")
    check("日本 \n語", "日本語", delete_space=True)


def test_quotes_are_joined_at_their_depth():
    check("> one \n> two\n>> deeper \n> three", "> one two\n>> deeper\n> three")


def test_stuffed_blanks_are_taken_off():
    check(" From here\n > no quote", "From here\n> no quote")


def test_the_signature_separator_is_no_soft_break():
    check("text \n-- \nAnn", "text\n-- \nAnn")


def test_an_empty_line_ends_a_paragraph():
    check("one \n\ntwo", "one\n\ntwo")
