"""Command lines (MAIL.md A7): only at the start and the very end of the new text."""

from maild.desk.command import Command
from maild.desk.command_lines import command_lines_alone, find_errands, find_named_tickets, hash_words, parse, with_corrections


def check(text: str, words: list[tuple[str, str]], body: str, tags: tuple[str, ...] = ()) -> None:
    parsed = parse(text, tags)
    assert [(command.word, command.argument) for command in parsed.commands] == words
    assert parsed.body == body
    assert parsed.faults == ()


def check_fault(text: str, line: int, words: str) -> None:
    (fault,) = parse(text).faults
    assert fault.line == line
    assert words in fault.text


def test_commands_stand_at_the_start_and_at_the_very_end():
    check("#close\nDone.", [("close", "")], "Done.")
    check("\n\n#assign boris\n#tag vip urgent\n\nHello\n", [("assign", "boris"), ("tag", "vip urgent")], "Hello")
    check("Hello\n\n#close\n", [("close", "")], "Hello")
    check("#tag vip\n\n#assign boris\n\nHello", [("tag", "vip"), ("assign", "boris")], "Hello")
    check_fault("#tag vip\n\nHello\n\n#assign boris\n\nbye", 5, "#assign is read only")
    check("#close.", [("close", "")], "")
    check("#Close!", [("close", "")], "")
    check("＃close", [("close", "")], "")


def test_what_nobody_sees_before_a_command_does_not_hide_it():
    """MAIL.md A7: marks of direction, blanks of no width, and what bold letters leave in the text."""
    unseen = "\u200e\u200f\u202b\u2067\u061c\u200b\u200c\u200d\u2060\u00ad\ufe0f\u034f\u180e\u3164\u2800\ufeff\u00a0"
    for character in unseen:
        check(f"{character}#note She is a crook.\nmore", [("note", "She is a crook.")], "She is a crook.\nmore")
        check(f"{character}\n#note", [("note", "")], character.strip())
    for character in unseen.strip():
        check(f"#{character}no{character}te\nmore", [("note", "")], "more")
        check(f"#assign {character}boris{character}", [("assign", "boris")], "")
    check("*#note*\nmore", [("note", "")], "more")
    check("**#note call *him* back**", [("note", "call *him* back")], "call *him* back")
    check("*#note* call him", [("note", "call him")], "call him")
    check("_#note_\nmore", [("note", "")], "more")
    check("_#note_ call him", [("note", "call him")], "call him")
    check("\u202b*#note*\nmore", [("note", "")], "more")
    check("﹟note\nmore", [("note", "")], "more")
    check("#️⃣note\nmore", [("note", "")], "more")


def test_joiners_stay_in_what_a_note_says():
    check("\u200f#note می\u200cخواهد", [("note", "می\u200cخواهد")], "می\u200cخواهد")


def test_a_command_among_the_words_stops_everything():
    """MAIL.md A7: commands stand at the start and the very end. Elsewhere they do nothing, and nothing reaches the customer either."""
    check_fault("Hello\n#close\nbye", 2, "write ##close")
    check_fault("[OUTSIDE] Beware.\n#note She is a crook.\nWatch her.", 2, "#note is read only")
    check_fault("Hi,\n\n\u200e*#internal*\nWatch her.", 3, "#internal is read only")
    for line in (
        "- #note",
        "• #note",
        "(#note)",
        '"#note"',
        "`#note`",
        "#*note*",
        "#\u0301note",
        "\u05b0#note",
        "*-_#note_",
        "1. #note",
        "2) #note",
    ):
        check_fault(f"{line}\nWatch her.", 1, "#note is read only")


def test_a_mistyped_command_among_the_words_stops_everything_too():
    for word, meant in (("clsoe", "close"), ("nots", "note"), ("wiat", "wait"), ("asssign", "assign")):
        check_fault(f"Hello\n#{word}\nbye", 2, f"#{meant} is read only on the first lines")
        check_fault(f"Hello\n#{word}\nbye", 2, f"if it is no command, write ##{word}")
        check_fault(f"Hello\n#{word}\nbye", 2, f"there is no command #{word}, and if you meant #{meant}: ")


def test_commands_below_a_quotation_are_the_first_lines_of_who_writes_there():
    """P8: mutt, Thunderbird and Gmail let one write below; maild leaves the customer's words above."""
    quote = "> Where is it?\n> \n> #close\n"
    check(f"{quote}\n#close\nIt comes.", [("close", "")], f"{quote}\nIt comes.")
    check(f"{quote}\n#tag vip\n#wait\nIt comes.\n\n{quote}", [("tag", "vip"), ("wait", "")], f"{quote}\nIt comes.\n\n{quote.rstrip()}")
    attribution = "On Fri, Nov 20, 2026 at 10:02 AM Ann Smith <ann@globex.example>\nwrote:\n\n"
    check(f"{attribution}{quote}#close\nIt comes.", [("close", "")], f"{attribution}{quote}It comes.")
    for words in ("", "Dear Ann,\n\n"):
        text = f"{words}{attribution}{quote}It comes."
        check(f"#close\n#cc ann@globex.example\n{text}", [("close", ""), ("cc", "ann@globex.example")], text)
    check_fault(f"{quote}\n#frobnicate\nIt comes.", 5, "there is no command #frobnicate")
    check_fault(f"Hello,\n{quote}#note\nShe is a crook.", 5, "#note is read only")
    check_fault(f"{quote}It comes.\n#note\nShe is a crook.", 5, "#note is read only")


def test_what_only_looks_like_a_command_is_text():
    check("#1 on the list", [], "#1 on the list")
    check("# heading", [], "# heading")
    check("##close is literal", [], "#close is literal")
    check("> #close", [], "> #close")
    check("Hello\n> #close\n| #close\n＞ #close\nbye", [], "Hello\n> #close\n| #close\n＞ #close\nbye")
    check("Hello\n##close\n- ##note\nbye", [], "Hello\n#close\n- #note\nbye")
    check("Hello\n# note\n#1\n#hashtag\nsee #note\nbye", [], "Hello\n# note\n#1\n#hashtag\nsee #note\nbye")
    check("\u200fשלום\n\u200f- תודה #note", [], "\u200fשלום\n\u200f- תודה #note")
    check("*Hello*\n_bye_", [], "*Hello*\n_bye_")


def test_aliases_and_notes():
    check("#reopen", [("open", "")], "")
    check("#prio high", [("priority", "high")], "")
    check("#note call him back\nmore", [("note", "call him back")], "call him back\nmore")


def test_a_known_tag_is_a_command_by_itself():
    check("#payment\nHello", [("tag", "payment")], "Hello", tags=("payment",))


def test_the_full_stop_of_a_date_stays():
    """A7: without it `12.5.` would be anything."""
    assert [command.argument for command in parse("#snooze 12.5.\n#snooze mon 9:00!\n#assign boris.").commands] == [
        "12.5.",
        "mon 9:00",
        "boris",
    ]


def test_an_unknown_word_is_a_fault_with_its_line():
    check_fault("#clsoe\nDone.", 1, "did you mean #close?")
    check_fault("Hello\n\n#frobnicate", 3, "there is no command #frobnicate")


def test_what_is_offered_is_a_slip_or_what_other_systems_call_it_and_no_word_that_is_like_another():
    """A7: `yes` does it."""
    for word, offered in (
        ("clsoe", "#close"),
        ("schliessn", "#schließen"),
        ("zuweisn", "#zuweisen"),
        ("закрыт", "#закрыть"),
        ("resolved", "#close"),
        ("Pending", "#wait"),
        ("private", "#note"),
        ("urgent", "#priority urgent"),
        ("escalate", "#l2"),
    ):
        (fault,) = parse(f"#{word}\nHello").faults
        assert (fault.better, f"did you mean {offered}?" in fault.text) == (offered, True), word
    for word in ("due", "n", "delete", "status", "forward", "answer", "customer", "approve"):
        (fault,) = parse(f"#{word}\nHello").faults
        assert (fault.better, fault.text) == ("", f"there is no command #{word}"), word
    assert mending("#reassign boris\n#urgent today\n#resolve as agreed\nHello") == [(True, "#assign boris"), (True, ""), (False, "")]


def test_text_behind_a_command_that_takes_none_is_not_lost():
    """A7: nothing is sent, and the agent is told where to put it."""
    for word in ("close", "open", "reopen", "wait", "take", "spam", "noreply"):
        check_fault(f"Hello\n\n#{word} as agreed with Ann", 3, f"#{word} takes no text; put the text on a line of its own")
    check("#undo\n#undo Merge.\n#undo answer", [("undo", ""), ("undo", "Merge"), ("undo", "answer")], "")
    check_fault("#undo merge, that was wrong\nHello", 1, "#undo names one of: answer, merge, link, split")
    check_fault("#undo close\nHello", 1, "#open takes back #close")
    check_fault("#close #assign boris\nHello", 1, "#close takes no text")
    check_fault("*#close* bye\nHello", 1, "#close takes no text")
    for line in ("#close.", "#close :", "#close :-)", "#close ?", "*#close*", "#close \u200f"):
        check(f"{line}\nHello", [("close", line.partition(" ")[2].strip("\u200f"))], "Hello")


def test_two_commands_on_a_line_are_told_apart_by_nobody():
    """A7: the second would be a tag, or a part of a name."""
    for line, other in (
        ("#tag vip, #close", "close"),
        ("#tag vip #Schließen", "schliessen"),
        ("#assign boris #note", "note"),
        ("#tag #close", "close"),
    ):
        (fault,) = parse(f"{line}\nHello").faults
        assert f"#{other} stands behind #" in fault.text
        assert (fault.by_commands, fault.better) == (True, ""), line
        assert parse(with_corrections(f"{line}\nHello", "#tag vip\n#close")).commands == parse("#tag vip\n#close").commands
    check("#tag #vip, #late", [("tag", "#vip, #late")], "")
    check("#tag vip #close", [("tag", "vip #close")], "", tags=("close",))
    check("#note he said #close", [("note", "he said #close")], "he said #close")
    check("#task boris fri write to him: #close", [("task", "boris fri write to him: #close")], "")
    check("#set order=#12", [("set", "order=#12")], "")


def test_a_blank_behind_the_sign_and_a_stroke_instead_of_it_are_slips_where_commands_stand():
    """A7: as text they would go to the customer."""
    for line, meant in (
        ("# note", "#note"),
        ("＃ note She owes us money.", "#note She owes us money."),
        ("#\u00a0internal", "#note"),
        ("*# close*", "#close"),
        ("# assign boris", "#assign boris"),
        ("# show 7", "#show 7"),
        ("/close", "#close"),
        ("/Tag vip", "#tag vip"),
        ("№ заметка Она должна.", "#note Она должна."),
        ("№note", "#note"),
        ("£note", "#note"),
        ("3close", "#close"),
        ("@assign boris", "#assign boris"),
        ("!ohne-antwort", "#noreply"),
        ("[note] She owes us.", "#note She owes us."),
        ("(close)", "#close"),
        ("／close", "#close"),
        ("# ｎｏｔｅ", "#note"),
        ("／ｃｌｏｓｅ", "#close"),
    ):
        for text in (f"{line}\nHello", f"#wait\n\n{line}\nHello", f"Hello\n\n{line}"):
            (fault,) = parse(text).faults
            assert (fault.better, fault.by_commands) == (meant, True), text
            assert f"did you mean {meant}?" in fault.text
            assert with_corrections(text, meant).count("ello") == 1
            assert parse(with_corrections(text, meant)).faults == (), text
        assert parse(f"Hello\n{line}\nbye").body == f"Hello\n{line}\nbye"
    for line in ("# heading", "# Notes", "## note", "/home", "/close/it", "/ close", "# To whom it may concern", "> # note", "# 1", "№ 5"):
        check(f"{line}\nbye", [], f"{line}\nbye")
    for line in ("- close the door", "3 open tickets", "3d", "(note that it is late)", "[1] note", "@anna", "$notes", "'close'"):
        check(f"{line}\nbye", [], f"{line}\nbye")


def test_a_slip_that_was_to_keep_something_inside_keeps_it_there_whatever_lines_are_corrected():
    assert with_corrections("# note\n#clsoe\nHello", "#close") == "#close\n# note\nHello"
    assert with_corrections("# note\n#clsoe\nHello", "#close\n#note") == "#close\n#note\nHello"
    assert command_lines_alone("# close\n/tag vip") == "# close\n/tag vip"


def mending(text: str, tags: tuple[str, ...] = ()) -> list[tuple[bool, str]]:
    return [(fault.by_commands, fault.better) for fault in parse(text, tags).faults]


def test_a_fault_says_whether_other_command_lines_mend_it_and_which_were_meant():
    """A7. Where words stand that would be lost with the line, they do not."""
    assert mending("#clsoe\n#asign boris\n#frobnicate\nHello") == [(True, "#close"), (True, "#assign boris"), (True, "")]
    assert mending("#ntoe He owes us.\nHello") == [(True, "#note He owes us.")]
    assert mending("#payent\nHello", ("payment",)) == [(True, "#payment")]
    assert mending("#payent 3 EUR\nHello", ("payment",)) == [(True, "")]
    assert mending("#clsoe as agreed\nHello") == [(False, "")]
    assert mending("#close as agreed\nHello") == [(False, "")]
    assert mending("Hello\n#close\nbye") == [(True, "")]
    assert mending("Hello\n#tag vip\nbye") == [(True, "")]
    assert mending("Hello\n(#close the door)\nbye") == [(False, "")]
    assert mending("Hello\n#clsoe\nbye") == [(True, "")]
    assert mending("Hello\n#tagg is fun\nbye") == [(False, "")]
    assert mending("Hello\n- #note He owes us.\nbye") == [(False, "")]
    assert mending("#yes\nHello") == mending("#send\nHello") == [(True, "")]


def test_command_lines_alone_are_told_from_words():
    assert command_lines_alone("\n#close \n\n\u200f#tga vip\n> 1 #clsoe\n") == "#close\n#tga vip"
    assert command_lines_alone("#close\n#next") == "#close\n#next"
    for text in ("", "Hello", "#close\nHello", "> #close", "##close", "#42", "#next", "#list mine\n#help"):
        assert command_lines_alone(text) == "", text


def test_corrected_lines_stand_for_all_of_a_text_and_its_words_stay():
    """A7."""

    above = "On Friday, 20 November 2026 at 10:02 Ann wrote:"

    def corrected(text: str, lines: str = "#close") -> str:
        return with_corrections(text, lines)

    assert corrected("#clsoe\n#tag vip\nDear Ann,\n\nbye\n#tkae") == "#close\nDear Ann,\n\nbye"
    assert corrected("Dear Ann", "#cc bob@globex.example\n#close") == "#cc bob@globex.example\n#close\nDear Ann"
    assert corrected(f"{above}\n> Where?\n#clsoe\nHere") == f"{above}\n> Where?\n#close\nHere"
    assert corrected("#clsoe\n##close\n> #close\nbye") == "#close\n##close\n> #close\nbye"
    assert corrected("Hello\n#close\nbye\n(#tag vip)\n#wait") == "#close\nHello\nbye"
    assert corrected("#clsoe\n#winning is fun\nHello\n#winning is all\nbye") == "#close\nHello\n#winning is all\nbye"
    assert corrected("#clsoe\nHello\n(#close the door)\nbye") == "#close\nHello\n(#close the door)\nbye"


def test_what_was_to_stay_inside_stays_so_whatever_lines_are_corrected():
    """Promise 4: whoever corrects one line of two need not say again that he wrote a note; a mistyped one comes back once more."""
    for line in ("#note", "#note He owes us.", "#internal", "#noreply", "#spam", "#ntoe", "*#note*"):
        assert with_corrections(f"{line}\n#clsoe\nHello", "#close") == f"#close\n{line}\nHello", line
        assert with_corrections(f"#clsoe\nHello\n{line}", "#close") == f"#close\nHello\n{line}", line
        assert with_corrections(f"{line}\n#clsoe\nHello", "#close\n#note") == "#close\n#note\nHello", line
    assert with_corrections("Hello\n- #note\nbye", "#close") == "#close\nHello\n- #note\nbye"
    assert with_corrections("Hello\n- #note\nbye", "#note") == "#note\nHello\nbye"
    assert with_corrections("#same\nHello", "#close") == "#close\nHello"
    assert with_corrections("#undo\n#clsoe\nHello", "#close") == "#close\n#undo\nHello"
    assert with_corrections("#merge 7\n#clsoe\nHello", "#close") == "#close\nHello"


def test_blocks_that_were_to_be_split_off_do_not_become_an_answer_and_no_note_does_for_their_sake():
    blocks = "Hello\n--- Refund\nMoney back."
    for line in ("#split", "#slpit"):
        assert with_corrections(f"{line}\n#clsoe\n{blocks}", "#close") == f"#close\n{line}\n{blocks}", line
        for lines in ("#split", "#note", "#close\n#undo"):
            assert with_corrections(f"{line}\n#clsoe\n{blocks}", lines) == f"{lines}\n{blocks}", (line, lines)
    assert with_corrections(f"#note\n#slpit\n{blocks}", "#split") == f"#split\n#note\n{blocks}"


def test_the_tickets_that_commands_name_are_asked_for_beforehand():
    assert find_named_tickets("#merge 7\n#link #8.\n#close\nSee 9 and #10.\n\n＃Merge [Acme #11-7QKD] anyway") == {7, 8, 11}
    assert find_named_tickets("> #merge 7\n##merge 8\n#merge printer\n#tag 9") == frozenset()
    below = "> said before\n" * 400 + "#merge 7\n#vip\n#next\nHello"
    assert find_named_tickets(below) == {7}, "below what is quoted at length"
    assert "vip" in hash_words(below)
    assert find_errands(below) == (Command("next", ""),)


def placed(text: str) -> tuple[str, tuple[int, ...]]:
    parsed = parse(text)
    assert parsed.faults == ()
    assert [command.word for command in parsed.commands if command.word == "canned"] == ["canned"] * len(parsed.places)
    return parsed.body, parsed.places


def test_a_canned_answer_may_stand_anywhere_and_its_place_is_kept():
    """PRODUCT 22: how many written lines stand above it."""
    assert placed("#canned refund\nHello") == ("Hello", (0,))
    assert placed("#close\n#canned refund\n\nHello\n\nBye") == ("Hello\n\nBye", (0,))
    assert placed("Hello\n\n#canned refund order=12\n\nBye") == ("Hello\n\n\nBye", (1,))
    assert placed("Hello\n#canned a\n*#canned b*\nBye\n#canned c") == ("Hello\nBye", (1, 1, 2))
    assert placed("#note keep\n#canned a\nHello") == ("keep\nHello", (1,))
    assert placed("> Where?\n#canned a\n> When?\n#canned b") == ("> Where?\n> When?", (1, 2))
    assert placed("> #canned a\nHello\n##canned b\nBye") == ("> #canned a\nHello\n#canned b\nBye", ())
    check_fault("Hello\n- #canned a\nBye", 2, "#canned is read only on a line that begins with it")
    check_fault("Hello\n#cannde a\nBye", 2, "did you mean #canned?")
    check_fault("Hello\n#canned\nBye", 2, "names an answer")


def test_canned_without_a_name_asks_the_desk():
    for text in ("#canned\nHello", "#canned.\nHello", "Hello\n#canned"):
        parsed = parse(text)
        assert ([command.word for command in parsed.errands], parsed.commands, parsed.places) == (["canned"], (), ())
    assert parse("#canned refund").errands == ()
    assert command_lines_alone("#canned") == ""
    assert command_lines_alone("#canned refund") == "#canned refund"
    assert command_lines_alone("#canned refund\n#list mine") == "#canned refund\n#list mine"


def test_a_corrected_canned_answer_goes_where_the_wrong_one_stood():
    assert with_corrections("Hello\n\n#canned refnd\n\nBye", "#canned refund") == "Hello\n\n#canned refund\n\nBye"
    assert with_corrections("Hello\n#cannde refund", "#canned refund\n#close") == "#close\nHello\n#canned refund"
    assert with_corrections("#close\nHello\n#canned a\n#canned b", "#canned c\n#canned d\n#canned e") == (
        "#canned e\nHello\n#canned c\n#canned d"
    )
    assert with_corrections("#clsoe\nHello\n#canned a\nBye", "#close") == "#close\nHello\nBye"
    assert with_corrections("#clsoe\nHello", "#canned a\n#close") == "#canned a\n#close\nHello"
    assert with_corrections("Hello\n#canned refnd x=1\nBye", 'note\n#canned refund x="1"'.replace("note", "#note")) == (
        '#note\nHello\n#canned refund x="1"\nBye'
    )
