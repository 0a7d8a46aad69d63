"""Verbs (MAIL.md A7): all or nothing, by mail and at the command line."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from builders import AGENTS, ANN, NOW, a_ticket, some_settings

from maild.desk.command import Command
from maild.desk.ticket_tags import find_tag_problem
from maild.desk.verbs import perform
from maild.effects import RecordEvent
from maild.message import Address
from maild.ticket import Participant, ParticipantRole, Priority, Status, TicketView


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
    assert done(("snooze", "3d")).snoozed_until == NOW + timedelta(days=3)
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


def test_nobody_of_the_desk_gets_copies_and_whoever_asks_for_that_hears_what_does_it():
    """F8: it would say so, and never be."""
    colleague = "is Boris Petrov's, a colleague's, and copies go outside the desk; #assign or #task tells a colleague"
    assert faults("cc", "Boris@acme.example") == [f"Boris@acme.example {colleague}"]
    assert faults("set", "cc=boris@acme.example") == [f"boris@acme.example {colleague}"]
    assert "is the desk's own address" in faults("cc", "Sales <sales@acme.example>")[0]


CARL = Participant(Address("Carl", "carl@other.example"), ParticipantRole.THIRD_PARTY)
DORA = Address("Dora Lee", "dora@globex.example")


def test_another_requester_is_answered_from_then_on_and_the_former_gets_copies():
    ticket = done(("requester", '"Dora Lee" <dora@globex.example>'), reply_to="ann@home.example")
    assert (ticket.requester, ticket.addressee, ticket.cc, ticket.requester_since) == (DORA, DORA, (ANN,), NOW)
    assert ticket.role_of(ANN.address) is ParticipantRole.CC, "what he writes is a customer's all the same"
    for commands in ((("uncc", ANN.address), ("requester", DORA.address)), (("requester", DORA.address), ("uncc", ANN.address))):
        assert done(*commands).participants == (), "in whatever order they stand"
    assert done(("set", "requester=dora@globex.example")).requester.address == DORA.address
    (event,) = perform(a_ticket(), [Command("requester", DORA.address)], "anna", some_settings(), NOW).events
    assert event == RecordEvent("requester", "anna", "the requester is dora@globex.example, no longer ann@globex.example, who gets copies")


def test_a_requester_to_whom_no_letter_may_go_takes_no_part_any_more():
    for nobody in ("support@acme.example", "anna@acme.example", "noreply@globex.example"):
        ticket = done(("requester", DORA.address), requester=Address("", nobody))
        assert (ticket.requester.address, ticket.participants) == (DORA.address, ()), nobody
    form = done(("requester", DORA.address), requester=Address("", "noreply@form.example"), reply_to="ann@home.example")
    assert [person.address for person in form.cc] == ["ann@home.example"]


def test_who_takes_part_already_becomes_the_requester_under_the_name_that_is_known():
    third = Participant(DORA, ParticipantRole.THIRD_PARTY)
    assert (
        done(("requester", DORA.key), participants=(third, CARL)).requester,
        done(("requester", DORA.key), participants=(third,)).cc,
    ) == (
        DORA,
        (ANN,),
    )
    wanted = done(("requester", DORA.address), reply_to=DORA.address)
    assert (wanted.requester.address, wanted.reply_to, wanted.requester_since) == (DORA.address, None, None), "he has got all of it"
    renamed = done(("requester", "Ann Jones <ann@globex.example>"), reply_to="ann@home.example")
    assert (renamed.requester, renamed.reply_to, renamed.participants) == (Address("Ann Jones", ANN.address), "ann@home.example", ())
    assert perform(a_ticket(), [Command("requester", ANN.address)], "anna", some_settings(), NOW).events == ()


def test_no_address_of_the_desk_and_no_colleagues_is_a_requesters():
    for given, what in (
        ("support@acme.example", "support@acme.example is the desk's own address"),
        ("Boris@acme.example", "Boris@acme.example is Boris Petrov's, a colleague's"),
        ("no-reply@globex.example", "no-reply@globex.example takes no answers"),
    ):
        assert faults("requester", given) == [f"{what}; name somebody outside the desk who can be answered"]
        assert faults("set", f"requester={given}") == faults("requester", given)
    for given in ("", "dora", "dora@globex.example, bob@globex.example"):
        assert faults("requester", given) == [
            f'"{given}" is not one mail address; #requester needs one, as in #requester dora@globex.example'
        ]


def test_who_is_no_agent_is_told_how_to_say_whose_a_ticket_is_to_be():
    """At the command line an admin may be none."""
    for word, argument in (("assign", "me"), ("take", "")):
        (fault,) = perform(a_ticket(), [Command(word, argument)], "root", some_settings(), NOW).faults
        assert fault.text == '"root" is no agent of this desk; say who you are with --as NAME, or name who is meant: anna, boris'


def test_the_same_person_at_another_address_counts_as_the_requester():
    """F8: the answers go to both."""
    for role in (ParticipantRole.THIRD_PARTY, ParticipantRole.CC):
        ticket = done(("same", "Carl@Other.example"), participants=(replace(CARL, role=role),))
        assert (ticket.role_of(CARL.address.address), ticket.cc, ticket.requester) == (ParticipantRole.REQUESTER, (CARL.address,), ANN)
    assert done(("set", f"same={CARL.address.address}"), participants=(CARL,)).cc == (CARL.address,)
    assert done(("same", CARL.address.address), ("uncc", CARL.address.address), participants=(CARL,)).participants == ()
    for given, why in (
        ("", "#same is for a reply to the notification of a message by somebody who is not the requester"),
        (ANN.address, "ann@globex.example is the requester; #same is for a reply to the notification of another's message"),
        ("eve@else.example", "eve@else.example takes no part in this ticket, so it is no other address of its requester"),
    ):
        assert faults("same", given) == [why]
    anna = Participant(Address("", "anna@acme.example"), ParticipantRole.THIRD_PARTY)
    performed = perform(a_ticket(participants=(anna,)), [Command("same", "anna@acme.example")], "boris", some_settings(), NOW)
    (fault,) = performed.faults
    assert fault.text == "anna@acme.example is Anna Ivanova's, a colleague's; name somebody outside the desk who can be answered"


def test_the_same_person_may_be_answered_elsewhere_and_anothers_addresses_are_not_his():
    alias = replace(CARL, role=ParticipantRole.REQUESTER)
    moved = done(("requester", CARL.address.address), participants=(alias,))
    assert (moved.requester, moved.role_of(ANN.address), moved.requester_since) == (CARL.address, ParticipantRole.REQUESTER, None)
    other = done(("requester", DORA.address), participants=(alias,))
    assert [person.role for person in other.participants] == [ParticipantRole.CC] * 2


def test_a_conversation_is_begun_in_no_reply():
    for word in ("to", "from"):
        (fault,) = perform(a_ticket(), [Command(word, DORA.address, 1)], "anna", some_settings(), NOW).faults
        assert (fault.by_commands, fault.text) == (
            False,
            "#to and #from open a ticket; write them in a new mail to the department, not in a reply",
        )


def test_a_ticket_is_snoozed_until_a_time_in_the_zone_of_who_says_it():
    """A7, PRODUCT 18: NOW is a Monday, 10:00 in UTC."""
    agents = {**AGENTS, "boris": replace(AGENTS["boris"], timezone=ZoneInfo("Asia/Tokyo"))}
    settings = some_settings(agents=agents)
    for actor, hour, zone in (("anna", 9, "UTC"), ("boris", 0, "Asia/Tokyo"), ("an admin", 9, "UTC")):
        performed = perform(a_ticket(), [Command("snooze", "mon 9:00")], actor, settings, NOW)
        assert performed.ticket.snoozed_until == datetime(2026, 3, 9, hour, tzinfo=UTC)
        assert performed.events == (RecordEvent("snoozed", actor, f"until Mon 9 Mar 2026 09:00 ({zone})"),)
        assert performed.snooze_set


def test_a_snooze_is_ended_by_off_or_with_the_ticket_and_not_by_what_else_is_said():
    assert done(("snooze", "OFF"), snoozed_until=NOW).snoozed_until is None
    assert perform(a_ticket(), [Command("snooze", "off")], "anna", some_settings(), NOW).events == ()
    for command in ("close", "spam"):
        assert done((command, ""), snoozed_until=NOW).snoozed_until is None
        both = perform(a_ticket(), [Command("snooze", "3d", 1), Command(command, "", 2)], "anna", some_settings(), NOW)
        assert [str(fault) for fault in both.faults] == [f"line 2: #{command} contradicts #snooze 3d in line 1; write only one of them"]
    for command in (("wait", ""), ("open", ""), ("assign", "boris"), ("move", "sales"), ("tag", "vip")):
        assert done(command, snoozed_until=NOW).snoozed_until == NOW, command


def test_no_ticket_is_snoozed_that_has_ended_or_until_a_time_that_nobody_can_read():
    closed = perform(a_ticket(status=Status.CLOSED), [Command("tag", "x", 1), Command("snooze", "3d", 2)], "anna", some_settings(), NOW)
    assert [str(fault) for fault in closed.faults] == [
        "line 2: the ticket is closed, so it is in no queue; #open it, and it can be snoozed"
    ]
    assert faults("snooze", "soon") == ['"soon" is no time; write it as in 3d, mon 9:00, tomorrow 14:00 or 12 May']
    assert faults("snooze", "")[0].startswith("no time is named")
    assert faults("snooze", "2020-01-01")[0].startswith('"2020-01-01" is past')


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


def test_nobody_has_written_what_a_command_at_the_command_line_answers():
    """F8."""
    (fault,) = faults("cc", "SENDER")
    assert fault.startswith("#cc sender is for a reply to the notification of somebody's message; name an address")


def test_a_fault_names_the_command_that_was_probably_meant():
    """A7: `yes` is answer enough."""

    def better(word: str, argument: str) -> list[tuple[bool, str]]:
        command = Command(word, argument, 1)
        return [(fault.by_commands, fault.better) for fault in perform(a_ticket(), [command], "anna", some_settings(), NOW).faults]

    assert better("assign", "boriss") == [(True, "#assign boris")]
    assert better("move", "sale") == [(True, "#move sales")]
    assert better("priority", "hihg") == [(True, "#priority high")]
    assert better("set", "priority=hihg") == [(True, "#set priority=high")]
    assert better("set", "status=opne") == [(True, "#set status=open")]
    assert better("assign", "zzz") == better("assign", "") == better("tag", "a;b") == better("cc", "bob") == [(True, "")]
