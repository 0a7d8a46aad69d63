"""People named in commands (MAIL.md A7, F8)."""

from maild.desk.command import Command
from maild.desk.named_people import named_people, read_person, with_sender_named
from maild.message import Address

DORA = Address("Dora Lee", "dora@globex.example")


def test_a_person_is_read_as_people_write_one():
    for given in (
        "dora@globex.example",
        "<dora@globex.example>",
        "mailto:dora@globex.example",
        "dora@globex.example<mailto:dora@globex.example>",
    ):
        assert read_person(given) == Address("", "dora@globex.example"), given
    for given in (
        '"Dora Lee" <dora@globex.example>',
        "Dora  Lee dora@globex.example",
        "Dora Lee <dora@globex.example<mailto:dora@globex.example>>",
    ):
        assert read_person(given) == DORA, given
    assert read_person("dörte@größe.example") == Address("", "dörte@größe.example")
    for given in (
        "",
        "dora",
        "dora@",
        "@globex.example",
        "dora@globex..example",
        ".dora@globex.example",
        "dora.@globex.example",
        "dora@-x.example",
    ):
        assert read_person(given) is None, given
    for given in (
        "dora@globex.example, bob@globex.example",
        "dora@globex.example please",
        "dora@evil.example@globex.example",
        "dora@[127.0.0.1]",
    ):
        assert read_person(given) is None, given


def test_what_comes_back_from_those_whom_commands_name_must_be_known():
    commands = [
        Command("cc", "Bob <bob@globex.example>"),
        Command("set", "requester = Dora@globex.example"),
        Command("set", "x=eve@x.example"),
    ]
    assert named_people([*commands, Command("cc", "sender"), Command("tag", "eve@x.example")]) == {
        "bob@globex.example",
        "dora@globex.example",
    }


def test_the_sender_is_who_wrote_what_is_answered():
    """F8."""
    carl = Address("Carl", "carl@other.example")
    given = (Command("cc", "Sender", 1), Command("tag", "sender"), Command("cc", "bob@globex.example"))
    assert [command.argument for command in with_sender_named(given, carl)] == [carl.address, "sender", "bob@globex.example"]
    assert with_sender_named(given, None)[0].argument == "sender"
    assert [with_sender_named([Command("same", "")], writer)[0].argument for writer in (carl, None)] == [carl.address, "sender"]
