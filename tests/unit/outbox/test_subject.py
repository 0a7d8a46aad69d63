"""Subjects of letters about a ticket (MAIL.md O3)."""

from maild.outbox.subject import write_first_subject, write_reply_subject
from tests.rig.letters import TOKENS

TAG = TOKENS.mint_tag(1042)
OTHER = TOKENS.mint_tag(7)


def check(original: str, expected: str, position: str = "prefix") -> None:
    assert write_reply_subject(original, TAG, position, TOKENS) == expected


def test_one_re_and_the_tag_once():
    check("Where is it?", f"Re: {TAG} Where is it?")
    check("Re: Where is it?", f"Re: {TAG} Where is it?")
    check(f"Re: {TAG} Where is it?", f"Re: {TAG} Where is it?")
    check(f"Re: {TAG} Re: Where is it?", f"Re: {TAG} Where is it?")
    check(f"Re: {OTHER} Where is it?", f"Re: {TAG} Where is it?")
    check("", f"Re: {TAG}")


def test_foreign_tags_are_kept():
    check("[Other #5] Where is it?", f"Re: {TAG} [Other #5] Where is it?")


def test_the_tag_stands_first_last_or_nowhere():
    check("Where is it?", f"Re: Where is it? {TAG}", "suffix")
    check("Where is it?", "Re: Where is it?", "off")


def test_a_long_subject_is_cut_and_the_tag_is_not():
    for position in ("prefix", "suffix"):
        written = write_reply_subject("long " * 100, TAG, position, TOKENS)
        assert len(written) <= 200
        assert TAG in written
        assert "…" in written


def test_line_breaks_do_not_survive():
    check("Where\r\nBcc: x@y is it?", f"Re: {TAG} Where Bcc: x@y is it?")


def test_our_own_wording_is_no_reply():
    assert write_first_subject("We have received your message", TAG, "prefix") == f"{TAG} We have received your message"
    assert write_first_subject("A message is held", "", "prefix") == "A message is held"
