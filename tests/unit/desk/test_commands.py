"""Commands by mail (MAIL.md A7): all or nothing, only at the start and the very end of the new text."""

from builders import ANN, NOW, a_ticket, some_settings

from maild.desk.commands import Command, find_tag_problem, parse, perform, with_sender_named
from maild.message import Address
from maild.ticket import Participant, ParticipantRole, Priority, Status, TicketView


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
    for line in ("- #note", "• #note", "(#note)", '"#note"', "`#note`", "#*note*", "#\u0301note", "\u05b0#note", "*-_#note_"):
        check_fault(f"{line}\nWatch her.", 1, "#note is read only")


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


def test_an_unknown_word_is_a_fault_with_its_line():
    check_fault("#clsoe\nDone.", 1, "did you mean #close?")
    check_fault("#tag vip\n\n#assign boris\n\nHello", 3, "assign")
    check_fault("Hello\n\n#frobnicate", 3, "there is no command #frobnicate")
    check_fault("#snooze 3d\nHello", 1, "not available yet")


def test_text_behind_a_command_that_takes_none_is_not_lost():
    """A7: nothing is sent, and the agent is told where to put it."""
    for word in ("close", "open", "reopen", "wait", "take", "spam", "noreply"):
        check_fault(f"Hello\n\n#{word} as agreed with Ann", 3, f"#{word} takes no text; put the text on a line of its own")
    check_fault("#close #assign boris\nHello", 1, "#close takes no text")
    check_fault("*#close* bye\nHello", 1, "#close takes no text")
    for line in ("#close.", "#close :", "#close :-)", "#close ?", "*#close*", "#close \u200f"):
        check(f"{line}\nHello", [("close", line.partition(" ")[2].strip("\u200f"))], "Hello")


def done(*commands: tuple[str, str], **ticket: object) -> TicketView:
    performed = perform(a_ticket(**ticket), [Command(*command) for command in commands], "anna", some_settings(), NOW)
    assert performed.faults == ()
    return performed.ticket


def test_each_verb_does_what_it_says():
    assert done(("close", "")).status is Status.CLOSED
    assert done(("open", ""), status=Status.CLOSED).status is Status.OPEN
    assert done(("wait", "")).status is Status.WAITING
    assert done(("spam", "")).status is Status.SPAM
    assert done(("assign", "boris")).owner == "boris"
    assert done(("assign", "none"), owner="boris").owner is None
    assert done(("take", "")).owner == "anna"
    assert done(("move", "sales")).queue == "sales"
    assert done(("tag", "a, #b")).tags == {"a", "b"}
    assert done(("untag", "a"), tags=frozenset({"a", "b"})).tags == {"b"}
    assert done(("priority", "high")).priority is Priority.HIGH
    assert done(("set", "order=12")).fields == {"order": "12"}
    assert [address.address for address in done(("cc", "bob@globex.example")).cc] == ["bob@globex.example"]


def faults(word: str, argument: str) -> list[str]:
    return [fault.text for fault in perform(a_ticket(), [Command(word, argument)], "anna", some_settings(), NOW).faults]


def test_a_fault_is_a_sentence_that_says_what_to_write():
    assert faults("set", "order") == ['"order" sets nothing; write a name, "=" and a value, as in order=1234567']
    assert faults("set", "=1") == ['"=1" sets nothing; write a name, "=" and a value, as in order=1234567']
    assert faults("tag", "") == ["#tag needs at least one word, as in #tag vip"]
    assert faults("tag", "vip (big)") == ['"(big)" is no tag: a tag is one word without blanks, quotes, brackets, "#" and , ; ! ? =']
    assert faults("untag", "(big)") == []
    assert faults("untag", " ") == ["#untag needs at least one word, as in #untag vip"]
    assert faults("move", "") == ["no queue is named; name one of: support, sales"]
    assert faults("priority", "9") == ['there is no priority "9"; name one of: low, normal, high, urgent']
    assert faults("set", "status=done") == ['there is no status "done"; name one of: open, waiting, closed, spam']


def test_a_tag_is_a_word_of_any_script():
    for word in ("vip", "schön", "срочно", "می‌خواهم", "हिंदी", "c++", "v1.2", "a/b", "l2:waiting", "rule-error", "client's", "🔥"):
        assert find_tag_problem(word) == "", word
        assert done(("tag", word)).tags == {word}
    for word in ("", "a b", "a\tb", "a,b", "ä!", "(a)", "a=b", '"a"', "#a", "a?", "\x1ba"):
        assert find_tag_problem(word), word


def test_copies_go_to_one_address_and_no_word_beside_it_is_lost():
    assert [address.address for address in done(("cc", "Bob Smith <Bob@globex.example>")).cc] == ["Bob@globex.example"]
    assert [address.address for address in done(("cc", "bob@globex.example<mailto:bob@globex.example>")).cc] == ["bob@globex.example"]
    for given in ("", "bob", "bob@globex.example please look", "bob@globex.example, eve@globex.example"):
        assert faults("cc", given) == [f'"{given}" is not one mail address; #cc needs one, as in #cc bob@globex.example']
    assert done(("cc", ANN.address)).cc == (), "she gets the answers themselves"
    third = Participant(Address("Carl", "carl@other.example"), ParticipantRole.THIRD_PARTY)
    assert done(("cc", "Carl@Other.example"), participants=(third,)).cc == (third.address,)
    assert faults("uncc", "bob@globex.example") == ['"bob@globex.example" takes no part in this ticket']


def test_one_fault_and_nothing_is_done():
    ticket = a_ticket()
    performed = perform(ticket, [Command("close", "", 1), Command("assign", "bors", 2)], "anna", some_settings(), NOW)
    assert performed.ticket == ticket
    assert [(fault.line, fault.text) for fault in performed.faults] == [(2, 'there is no agent "bors"; did you mean boris?')]


def test_what_is_so_already_is_no_event_but_decided_from_now_on():
    """Seen in practice: a ticket that was never moved had in its log that it was moved to where it was."""
    ticket = a_ticket(queue="support", status=Status.OPEN, priority=Priority.NORMAL)
    for command, field in (
        (Command("move", "support"), "queue"),
        (Command("priority", "normal"), "priority"),
        (Command("open", ""), "status"),
    ):
        performed = perform(ticket, [command], "boris", some_settings(), NOW)
        assert performed.events == ()
        assert performed.ticket.decided == ticket.decided | {field}


def test_the_sender_is_who_wrote_what_is_answered():
    """F8."""
    carl = Address("Carl", "carl@other.example")
    given = (Command("cc", "Sender", 1), Command("tag", "sender"), Command("cc", "bob@globex.example"))
    assert [command.argument for command in with_sender_named(given, carl)] == [carl.address, "sender", "bob@globex.example"]
    assert with_sender_named(given, None)[0].argument == "sender"
    (fault,) = faults("cc", "SENDER")
    assert fault.startswith("#cc sender is for a reply to the notification of somebody's message; name an address")
