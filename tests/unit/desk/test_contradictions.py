"""Commands that cannot both be done (MAIL.md A7)."""

from builders import AGENTS, NOW, a_ticket, some_settings

from maild.desk.command import Command
from maild.desk.contradictions import ONE_ONLY, SETTLES, find_contradictions, settings_of
from maild.desk.control import CONTROLS
from maild.desk.errands import Asking, run
from maild.desk.verbs import VERBS, perform
from maild.known import Known
from maild.ticket import Status, TicketView

ANYTHING_BESIDE = frozenset(("note", "noreply", "ack", "link", "canned", "macro", "to", "from"))
"""Commands that add something, and settle nothing that another could settle otherwise."""


def commands(*lines: str) -> tuple[Command, ...]:
    return tuple(Command(*line.partition(" ")[::2], number) for number, line in enumerate(lines, 1))


def check(lines: tuple[str, ...], *expected: str) -> None:
    found = find_contradictions(commands(*lines), "anna")
    assert [str(fault) for fault in found.values()] == list(expected), lines


def test_two_values_for_one_thing_contradict_each_other_whatever_it_is():
    for first, second in (
        ("close", "open"),
        ("open", "wait"),
        ("spam", "close"),
        ("close", "set status=open"),
        ("set status=waiting", "set status=closed"),
        ("assign anna", "assign boris"),
        ("take", "assign none"),
        ("move support", "move sales"),
        ("priority low", "priority high"),
        ("priority low", "set priority=high"),
        ("l2", "set tier=L1"),
        ("tag x", "untag x"),
        ("untag a, #X", "tag x y"),
        ("snooze 3d", "snooze mon 9:00"),
        ("snooze 3d", "snooze off"),
        ("set order=1", "set Order = 2"),
        ("set field.order=1", "set order=2"),
        ("cc bob@globex.example", "uncc Bob <Bob@globex.example>"),
        ("set cc=bob@globex.example", "uncc bob@globex.example"),
        ("same bob@globex.example", "cc bob@globex.example"),
        ("requester dora@globex.example", "requester bob@globex.example"),
        ("requester dora@globex.example", "set requester=bob@globex.example"),
        ("task 2 boris", "task 2 carol mon"),
        ("task 2 boris", "done 2"),
        ("away 3d", "back"),
        ("away 3d", "away 5d"),
    ):
        check((first, second), f"line 2: #{second} contradicts #{first} in line 1; write only one of them")
        check((second, first), f"line 2: #{first} contradicts #{second} in line 1; write only one of them")


def test_what_has_ended_is_in_no_queue_out_of_which_it_could_be_taken():
    for line in ("close", "spam", "set status=closed"):
        check(("snooze 3d", line), f"line 2: #{line} contradicts #snooze 3d in line 1; write only one of them")
        check(("snooze off", line))
    for line in ("open", "wait", "set status=waiting"):
        check((line, "snooze 3d"))


def test_a_ticket_becomes_a_part_of_another_or_is_parted_or_is_as_it_was():
    check(("merge 7", "split"), f"line 2: #split contradicts #merge 7 in line 1; {ONE_ONLY}")
    check(("merge 7", "merge 8"), f"line 2: #merge 8 contradicts #merge 7 in line 1; {ONE_ONLY}")
    check(("undo", "undo"), f"line 2: #undo contradicts #undo in line 1; {ONE_ONLY}")
    check(("merge 7", "link 8"))


def test_what_says_one_thing_twice_or_two_things_of_two_contradicts_nothing():
    for lines in (
        ("take", "close"),
        ("take", "assign me"),
        ("assign Anna", "take"),
        ("l2", "assign boris"),
        ("l2", "set tier=L2"),
        ("close", "set status=closed"),
        ("priority high", "set priority=HIGH"),
        ("tag x", "untag y"),
        ("tag x", "tag y x"),
        ("set order=1", "set name=2"),
        ("set order=1", "set order=1"),
        ("cc bob@globex.example", "uncc carol@globex.example"),
        ("same bob@globex.example", "uncc bob@globex.example"),
        ("requester dora@globex.example", "uncc ann@globex.example"),
        ("note", "noreply"),
        ("task boris fri look", "task boris mon call"),
        ("task 2 boris", "done 3"),
        ("task boris look", "done"),
        ("done 2", "done #2"),
        ("cc bob", "uncc bob"),
        ("set", "set ="),
    ):
        check(lines)


def test_each_line_is_named_that_contradicts_one_above_it_and_only_that():
    check(
        ("close", "tag x", "open", "wait", "untag x", "close"),
        "line 3: #open contradicts #close in line 1; write only one of them",
        "line 4: #wait contradicts #close in line 1; write only one of them",
        "line 5: #untag x contradicts #tag x in line 2; write only one of them",
    )


def test_every_command_settles_something_or_may_stand_beside_any_other():
    for word in VERBS:
        is_set = word in ("set", "l2")
        assert (word in SETTLES) is not (word in ANYTHING_BESIDE or is_set), word
    assert settings_of(Command("l2", ""), "anna") == settings_of(Command("set", "tier=l2"), "anna") != ()
    assert set(SETTLES) - set(VERBS) == {"tier", "field", "away", "back"}, "what #set calls by name, and what asks the desk"
    assert {"away", "back"} <= set(CONTROLS)


def test_nothing_is_done_and_what_else_is_wrong_is_said_with_it():
    before = a_ticket()
    performed = perform(before, commands("close", "open", "assign nobody"), "anna", some_settings(), NOW)
    assert performed.ticket == before
    assert [str(fault) for fault in performed.faults] == [
        "line 2: #open contradicts #close in line 1; write only one of them",
        'line 3: there is no agent "nobody"; name one of: anna, boris',
    ]
    assert _ticket_after("tag x", "priority high", "close").status is Status.CLOSED


def _ticket_after(*lines: str) -> TicketView:
    performed = perform(a_ticket(), commands(*lines), "anna", some_settings(), NOW)
    assert performed.faults == ()
    return performed.ticket


def test_right_lines_alone_mend_it_unless_a_line_would_stay_with_the_mail_that_comes_back():
    for lines, by_commands in (
        (("close", "open"), True),
        (("cc bob@globex.example", "uncc bob@globex.example"), True),
        (("spam", "open"), False),
        (("snooze 3d", "spam"), False),
        (("split", "merge 7"), False),
    ):
        assert [fault.by_commands for fault in find_contradictions(commands(*lines), "anna").values()] == [by_commands], lines


def test_at_the_command_line_which_has_no_lines_both_are_named():
    torn = find_contradictions((Command("set", "status=open"), Command("set", "status=closed")), "anna")
    assert [str(fault) for fault in torn.values()] == ["#set status=closed contradicts #set status=open; write only one of them"]


def test_what_asks_the_desk_is_done_all_or_not_at_all():
    asking = Asking(AGENTS["anna"], "support", Known(), some_settings(), NOW)
    ran = run(commands("away 3d", "help", "back"), asking)
    assert (ran.decisions, [str(fault) for fault in ran.faults]) == (
        (),
        ["line 3: #back contradicts #away 3d in line 1; write only one of them"],
    )
