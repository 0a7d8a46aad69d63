"""The new words of a reply, put together (MAIL.md P8); its parts have columns of their own: attributions, quotes, signatures, banners."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply, is_old_text, keep_reply


def check(text: str, expected: str) -> None:
    assert cut_reply(plain_lines(text)).visible == expected


def test_nothing_is_lost():
    cut = cut_reply(plain_lines("Yes.\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you?"))
    assert cut.visible + "\n\n" + cut.elided == "Yes.\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you?"


def test_the_earliest_evidence_counts():
    check("Yes.\n\nFrom: Ann <ann@x>\nSent: 5 January 2026\nTo: Bob\nSubject: x\n\nmaild-ref: n.1.2.00abcdefghijklmnop\nold", "Yes.")


def test_a_signature_above_the_quote_is_set_aside_with_it():
    cut = cut_reply(plain_lines("It works.\n\n-- \nAnn\n\nOn Mon, Jan 5, 2026 at 10:00, Bob <b@x> wrote:\n> Have you?"))
    assert (cut.visible, cut.elided[:7]) == ("It works.", "-- \nAnn")
    check("It works.\n\nSent from my iPhone\n\n> On Jan 5, 2026, at 10:00, Bob <b@x> wrote:\n> \n> Have you?", "It works.")


def test_an_attribution_within_a_quoted_line_parts_nothing():
    """Seen in practice: a notification whose history showed a customer's words with the quote below them, answered in Gmail."""
    quoted = "> Hello\n> Earlier: Where is it? On Mon, Mar 2, 2026 at 9:00 AM Ann Smith <ann@globex.example> wrote:\n> \n> Commands"
    check(f"Have you tried?\n\nOn Tue, Mar 3, 2026 at 9:00 AM Support <support@acme.example> wrote:\n{quoted}", "Have you tried?")


def test_what_nobody_looked_at_is_shown():
    """MAIL.md P8: 5,000 lines are looked at; an answer may stand below them."""
    quoted = "On Mon, Jan 5, 2026 at 10:00, Bob <b@x> wrote:\n" + "> Have you?\n" * 5_000
    check(f"Yes.\n\n{quoted}\nBut not twice.", f"Yes.\n\n{quoted}\nBut not twice.")
    check("Yes.\n" * 5_000 + "> Have you?", "Yes.\n" * 5_000 + "> Have you?")


def test_the_first_message_of_a_ticket_is_never_cut():
    text = "See below.\n\n-----Original Message-----\nFrom: Ann\n\nIt burns.\n\n-- \nBob"
    assert keep_reply(plain_lines(text)).visible == text
    kept = keep_reply(plain_lines(f"[EXTERNAL]\n\n{text}"))
    assert (kept.visible, kept.elided) == (text, "[EXTERNAL]")


def test_a_banner_is_set_aside_with_the_quote():
    cut = cut_reply(plain_lines("[EXTERNAL EMAIL]\n\nIt works.\n\n> Have you?"))
    assert (cut.visible, cut.elided) == ("It works.", "[EXTERNAL EMAIL]\n\n> Have you?")


def test_nothing_new_is_known_from_a_few_words():
    """MAIL.md A5, P8: a mail is never shown empty, so that a quotation alone looks like words."""
    attribution = "On Mon, Jan 5, 2026 at 10:00, Bob <b@x> wrote:\n"
    block = "________________________________\nFrom: Bob <b@x>\nSent: Monday, 5 January 2026 10:00\nTo: Ann\nSubject: Printer\n\nHave you?"
    for text in (
        "",
        "\n\n",
        "> Have you?",
        f"{attribution}> Have you?\n>\n> Bob",
        f"\n\n{block}",
        "-- \nAnn\nAcme",
        f"-- \nAnn\n\n{block}",
    ):
        assert cut_reply(plain_lines(text)).is_old, text
    for words in ("Yes.", "Thanks\nAnn", "Regards,\nAnn", "https://acme.example/help", "No -- \n", "👍", "4711"):
        for text in (
            words,
            f"{words}\n\n{attribution}> Have you?",
            f"{attribution}> Have you?\n\n{words}",
            f"{words}\n\n-- \nAnn\n\n{block}",
        ):
            assert not cut_reply(plain_lines(text)).is_old, text
    assert is_old_text("> Have you?\n")
    assert not is_old_text("> Have you?\nYes.\n> And now?")
    assert not keep_reply(plain_lines("> Have you?")).is_old


HOSTILE = {
    "blank lines": "\n" * 5_000_000,
    "On": "On " * 3_000_000,
    "attributions": "On Mon, 1 Jan 2026 at 10:00, Ann <a@b.c> wrote\n" * 200_000,
    "labels": "From: a@b.c\nTo: b\n" * 300_000,
    "marks": "> " * 3_000_000,
    "quotes": "> x\n" * 1_000_000,
    "one line": "a@" * 5_000_000,
    "digits": "1" * 10_000_000,
    "dashes": "-" * 10_000_000,
    "dashed lines": "-----\n" * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_hostile_megabytes_are_cut_in_time(name: str) -> None:
    """Acceptance row 11."""
    start = process_time()
    cut_reply(plain_lines(HOSTILE[name]))
    assert process_time() - start < 4


@given(
    st.lists(
        st.sampled_from(
            ["> q", "On 1/1/2026 a@x wrote:", "text", "", "-- ", "From: a@x", "Sent: 1/1/2026", "To: b", "-----", "Sent from my iPhone"]
        ),
        max_size=20,
    )
)
def test_any_lines_are_cut_without_loss(lines: list[str]) -> None:
    text = "\n".join(lines)
    cut = cut_reply(plain_lines(text))
    assert "".join((cut.visible + cut.elided).split()) == "".join(text.split())
    assert bool(cut.visible.strip()) == bool(text.strip())
