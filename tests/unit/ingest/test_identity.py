"""F1: how a message is known again."""

from maild.ingest.identity import fingerprint, message_identity


def test_the_message_brings_its_own_id():
    assert message_identity("<a@x>", "ann@x", "", "", b"") == ("a@x", True)


def test_an_id_is_made_where_there_is_none():
    first, given = message_identity(None, "ann@x", "Mon", "hi", b"body")
    assert first.startswith("gen-")
    assert not given
    assert message_identity(" <> ", "ann@x", "Mon", "hi", b"body") == (first, False)
    for other in (
        ("bob@x", "Mon", "hi", b"body"),
        ("ann@x", "Tue", "hi", b"body"),
        ("ann@x", "Mon", "ho", b"body"),
        ("ann@x", "Mon", "hi", b"else"),
    ):
        assert message_identity("", *other)[0] != first


def test_values_do_not_run_into_each_other():
    assert message_identity(None, "a", "bc", "", b"") != message_identity(None, "ab", "c", "", b"")


def test_the_fingerprint_ignores_prefixes_and_blanks():
    whole = fingerprint("ann@x", "Mon", "Printer", "one two\nthree")
    assert fingerprint("ann@x", "Mon", "Re: PRINTER", "one  two three\n") == whole
    assert fingerprint("ann@x", "Mon", "Printer", "one two four") != whole
    assert fingerprint("bob@x", "Mon", "Printer", "one two\nthree") != whole
