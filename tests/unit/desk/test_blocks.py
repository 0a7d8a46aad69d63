"""The blocks below `#split` (PRODUCT 21)."""

from maild.desk.blocks import MOST_BLOCKS, Block, find_block_fault, part


def test_a_block_begins_with_dashes_and_a_title_and_ends_at_the_next():
    refund = "--- Refund\n> I want my money back.\n> All of it.\n\n"
    assert part(f"We look into the lamp.\n\n{refund}--- Opening hours\nWhen are you open?\n\nOn Saturday?\n") == (
        "We look into the lamp.",
        (Block("Refund", "I want my money back.\nAll of it."), Block("Opening hours", "When are you open?\n\nOn Saturday?")),
    )


def test_titles_are_known_however_a_program_writes_the_dashes():
    for line in ("--- Refund", "---Refund", "----- Refund -----", "—- Refund", "*--- Refund*", "--- **Refund**"):
        assert part(f"{line}\nx") == ("", (Block("Refund", "x"),)), line


def test_what_is_no_title_is_text():
    for line in ("-- Refund", "---", "--- ---", "- Refund", "> --- Refund", "a --- b", "– Refund"):
        assert part(f"{line}\nx") == (f"{line}\nx", ()), line


def test_a_title_may_stand_alone():
    assert part("--- Refund\n--- Hours\n") == ("", (Block("Refund", ""), Block("Hours", "")))


def test_blocks_that_make_no_tickets_are_said_to():
    assert find_block_fault((Block("a", ""),)) == ""
    assert find_block_fault(()).startswith('#split needs a line "--- TITLE"')
    assert "20 tickets at most" in find_block_fault((Block("a", ""),) * (MOST_BLOCKS + 1))


def test_the_mail_quoted_below_the_last_block_is_none_of_it():
    below = "\n\nOn Fri, 20 Nov 2026 at 10:02, Ann via Support <support@acme.example> wrote:\n> My lamp is broken.\n"
    for text, words in (
        ("When are you open?", "When are you open?"),
        ("> When are you open?\n> And why?", "When are you open?\nAnd why?"),
        ("She asks:\n> When are you open?\nby telephone", "She asks:\nWhen are you open?\nby telephone"),
    ):
        for end in ("", below):
            assert part(f"--- Hours\n{text}{end}") == ("", (Block("Hours", words),)), text


def test_a_title_above_nothing_but_the_quoted_mail_stands_alone():
    below = "\n\nOn Sun, 29 Nov 2026 at 16:10, Ann via Support <support@acme.example> wrote:\n> Reply = to Ann\n> My lamp is broken.\n"
    assert part(f"--- Lamp\n> lamp\n--- Chair{below}") == ("", (Block("Lamp", "lamp"), Block("Chair", "")))


def test_nothing_but_a_quotation_above_the_blocks_is_no_words():
    """A5: Gmail and others put what is answered above whatever is written below it."""
    above = "On Fri, 20 Nov 2026 at 10:02, Ann wrote:\n> My lamp is broken.\n\n"
    assert part(f"{above}--- Refund\nMoney back.") == ("", (Block("Refund", "Money back."),))
    assert part("> My lamp is broken.\n--- Refund\nMoney back.")[0] == ""
    assert part(f"{above}We send another.\n--- Refund\nMoney back.")[0] == f"{above}We send another."
