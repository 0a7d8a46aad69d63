"""Commands by mail (MAIL.md A7): all or nothing, only at the start and the very end of the new text."""

from builders import NOW, a_ticket, some_settings

from maild.desk.commands import Command, parse, perform
from maild.ticket import Priority, Status, TicketView


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
    check("Hello\n#close\nbye", [], "Hello\n#close\nbye")
    check("#close.", [("close", "")], "")
    check("#Close!", [("close", "")], "")
    check("＃close", [("close", "")], "")


def test_what_only_looks_like_a_command_is_text():
    check("#1 on the list", [], "#1 on the list")
    check("# heading", [], "# heading")
    check("##close is literal", [], "#close is literal")
    check("> #close", [], "> #close")


def test_aliases_and_notes():
    check("#reopen", [("open", "")], "")
    check("#prio high", [("priority", "high")], "")
    check("#note call him back\nmore", [("note", "call him back")], "call him back\nmore")


def test_a_known_tag_is_a_command_by_itself():
    check("#payment\nHello", [("tag", "payment")], "Hello", tags=("payment",))


def test_an_unknown_word_is_a_fault_with_its_line():
    check_fault("#clsoe\nDone.", 1, "did you mean #close?")
    check_fault("Hello\n\n#frobnicate", 3, "there is no command #frobnicate")
    check_fault("#snooze 3d\nHello", 1, "not available yet")


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


def test_one_fault_and_nothing_is_done():
    ticket = a_ticket()
    performed = perform(ticket, [Command("close", "", 1), Command("assign", "bors", 2)], "anna", some_settings(), NOW)
    assert performed.ticket == ticket
    assert [(fault.line, fault.text) for fault in performed.faults] == [(2, 'there is no agent "bors"; did you mean boris?')]
