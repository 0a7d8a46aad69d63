"""Tasks (PRODUCT 20): what `#task` and `#done` mean, what speaks against them, and who is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from builders import AGENTS, NOW, a_queue, a_ticket, some_settings

from maild.config.settings import Agent
from maild.desk.acts import Act, Done, do
from maild.desk.answered import NOTHING_ANSWERED, Answered
from maild.desk.command import Command, CommandFault
from maild.desk.command_lines import parse
from maild.desk.regroup import Reach
from maild.desk.tasks import Telling, find_absent, read_done_alone, tell_due, write_asked
from maild.desk.verbs import perform
from maild.effects import Effect, Letter, Post, RecordEvent
from maild.known import Absence
from maild.regrouping import Regrouping, RegroupingKind, standing_of
from maild.task import Task, open_tasks
from maild.ticket import Status, TicketView
from maild.tokens import LetterKind

CAROL = Agent("carol", "Carol Ivanova", "carol@acme.example", timezone=ZoneInfo("Asia/Tokyo"))
SETTINGS = some_settings(agents={**AGENTS, "carol": CAROL}, queues={"support": a_queue(), "sales": a_queue("sales")})
FRIDAY = datetime(2026, 3, 6, 9, tzinfo=UTC)
INVOICE = Task(1, "check the invoice", "boris", "anna", NOW - timedelta(days=1), FRIDAY, id=11)
CALL = Task(2, "call her", "anna", "boris", NOW - timedelta(days=1), id=12)
WORDS = Answered("m0@globex.example", (), "Where is it?", "Ann Smith")


def made(*arguments: str, actor: str = "anna", tasks: tuple[Task, ...] = ()) -> list[tuple[int, str, datetime | None, str]]:
    performed = perform(a_ticket(tasks=tasks), [Command("task", argument) for argument in arguments], actor, SETTINGS, NOW)
    assert performed.faults == ()
    return [(task.number, task.agent, task.due, task.title) for task in performed.ticket.tasks]


def fault(
    word: str, argument: str, tasks: tuple[Task, ...] = (INVOICE, CALL), actor: str = "anna", reach: Reach | None = None
) -> CommandFault:
    performed = perform(a_ticket(tasks=tasks), [Command(word, argument)], actor, SETTINGS, NOW, reach or Reach())
    (only,) = performed.faults
    assert performed.ticket.tasks == tasks
    return only


def check_part(words: str, due: datetime | None, title: str) -> None:
    assert made(f"boris {words}") == [(1, "boris", due, title)], words


def test_a_time_stands_before_what_is_to_be_done_or_none_does():
    check_part("fri check the invoice", FRIDAY, "check the invoice")
    check_part("by fri check the invoice", FRIDAY, "check the invoice")
    check_part("fri 14:00 check it", FRIDAY.replace(hour=14), "check it")
    check_part("fri 2pm check it", FRIDAY.replace(hour=14), "check it")
    check_part("mon 9:00 check it", FRIDAY + timedelta(days=3), "check it")
    check_part("11:00 am check it", NOW.replace(hour=11), "check it")
    check_part("fri the invoice", FRIDAY, "the invoice")
    check_part("3d check it", NOW + timedelta(days=3), "check it")
    check_part("1d 12h check it", NOW + timedelta(hours=36), "check it")
    check_part("6 march 2026 check it", FRIDAY, "check it")
    check_part("2026-03-06 check it", FRIDAY, "check it")
    check_part("today 17:00 check it", NOW.replace(hour=17), "check it")
    check_part("Freitag Rechnung prüfen", FRIDAY, "Rechnung prüfen")
    check_part("check the invoice", None, "check the invoice")
    check_part("12 invoices are missing", None, "12 invoices are missing")
    check_part("call Ann on fri", None, "call Ann on fri")


def test_what_stands_in_quotation_marks_is_no_time():
    check_part('"2 days of rain, call the roofer"', None, "2 days of rain, call the roofer")
    check_part('fri "9 invoices"', FRIDAY, "9 invoices")
    check_part('do "the backup"', datetime(2026, 3, 5, 9, tzinfo=UTC), "the backup")
    check_part('call "Ann"', None, 'call "Ann"')


def test_what_may_be_a_time_or_not_comes_back():
    assert fault("task", "boris mon 9 invoices").text == (
        '"mon 9" may be a time or what is to be done; write mon 9:00, or put what is to be done in quotation marks'
    )
    assert fault("task", "boris do the backup").text.startswith('"do" may be a time or what is to be done; write the day in full')
    assert fault("task", "boris 12/5 check it").text.startswith('"12/5" can be read in two ways')
    assert fault("task", "boris mon 12/5 check it").text.startswith('"12/5" can be read in two ways')
    assert fault("task", "boris today check it").text.startswith('"today" needs an hour')
    assert fault("task", "boris 2020-01-01 check it").text.startswith('"2020-01-01" is past')


def test_a_task_needs_somebody_and_something():
    assert fault("task", "").text == "nobody is named; write who is to do what, as in #task boris fri check the invoice"
    for argument in ("boris", "boris fri", "boris fri …", 'boris ""'):
        assert fault("task", argument).text.startswith("what is to be done is missing"), argument
    typo = fault("task", "bors fri check it")
    assert (typo.text, typo.better) == ('there is no agent "bors" (did you mean "boris"?)', "#task boris fri check it")
    assert fault("task", "none check it").text == 'there is no agent "none"'
    assert fault("task", f"boris {'x' * 201}").text == "a task has 200 characters at most; write more in a #note beside it"
    many = tuple(replace(CALL, number=number, id=number) for number in range(1, 51))
    assert fault("task", "boris check it", many).text == "the ticket has 50 open tasks already"


def test_several_are_numbered_and_me_is_who_says_so_by_his_clock():
    assert made("Boris: check it", "me fri call her", tasks=(INVOICE,))[1:] == [
        (2, "boris", None, "check it"),
        (3, "anna", FRIDAY, "call her"),
    ]
    assert made("me fri call her", actor="carol") == [(1, "carol", FRIDAY.replace(hour=0), "call her")]


def test_one_fault_and_no_task_is_made():
    commands = [Command("task", "boris fri check it"), Command("task", "nobody fri check it", 2)]
    performed = perform(a_ticket(), commands, "anna", SETTINGS, NOW)
    assert (performed.ticket.tasks, [item.line for item in performed.faults]) == ((), [2])


def test_a_task_goes_to_another_or_to_another_time():
    told = replace(INVOICE, told=NOW)
    monday = datetime(2026, 3, 9, 9, tzinfo=UTC)

    def changed(argument: str) -> Task:
        return perform(a_ticket(tasks=(told, CALL)), [Command("task", argument)], "anna", SETTINGS, NOW).ticket.tasks[0]

    assert changed("1 carol") == replace(told, agent="carol")
    assert changed("1 mon") == replace(told, due=monday, told=None)
    assert changed("1 me mon 9:00") == replace(told, agent="anna", due=monday, told=None)
    assert fault("task", "7 boris").text == ("there is no task 7 on this ticket; open are: 1 (check the invoice), 2 (call her)")
    assert fault("task", "1 crol").text.startswith('there is no agent "crol" (did you mean "carol"?), or name a time')
    assert fault("task", "1").text.startswith("who is to do task 1 now, or by when?")
    assert fault("task", "1 boris 12/5").text.startswith('"12/5" can be read in two ways')


def done_by(argument: str, actor: str = "boris", told_of: int | None = None) -> list[int]:
    """The numbers of the tasks that are done then."""
    performed = perform(a_ticket(tasks=(INVOICE, CALL)), [Command("done", argument)], actor, SETTINGS, NOW, Reach(task=told_of))
    assert performed.faults == ()
    assert all(task.done in (None, NOW) and task.done_by in (None, actor) for task in performed.ticket.tasks)
    return [task.number for task in performed.ticket.tasks if not task.is_open]


def test_a_task_is_ticked_off_by_its_number_by_the_letter_or_as_the_only_one():
    assert done_by("2") == done_by("#2") == [2]
    assert done_by("", told_of=12) == [2]
    assert done_by("1", told_of=12) == [1]
    assert done_by("") == [1]


def test_no_task_is_ticked_off_by_a_guess():
    his = (INVOICE, replace(CALL, agent="boris"))
    assert fault("done", "", his, "boris").text == "which task is done? open are: 1 (check the invoice), 2 (call her)"
    assert fault("done", "", actor="carol").text.startswith("none of the ticket's open tasks is yours; open are: 1 (")
    gone = (replace(INVOICE, done=NOW),)
    for argument, reach in (("1", Reach()), ("", Reach(task=11))):
        assert fault("done", argument, gone, reach=reach).text == 'task 1, "check the invoice", is done already; it has no open task'
    assert fault("done", "9" * 5000).text.endswith('9" is the number of no task; write it as in #done 2')
    assert fault("task", f"{'9' * 5000} boris mon").text.startswith('there is no agent "999')
    words = fault("done", "it is fine now")
    assert (words.text, words.by_commands) == ('"it is fine now" is the number of no task; write it as in #done 2', False)


def test_the_one_word_says_so_and_no_more():
    for text, line in {"done": "#done", " Done. ": "#done", "#DONE!": "#done", "done 2": "#done 2", "done #2": "#done 2"}.items():
        assert read_done_alone(text) == line, text
    for text in ("", "well done", "done, I think", "done\n\nThe invoice was wrong.", "done 2 3", "not done"):
        assert read_done_alone(text) == "", text


def test_a_line_that_may_have_been_broken_comes_back_and_its_end_reaches_nobody():
    line = "#task boris fri check the invoice of Globex for March and compare it"
    (broken,) = parse(f"{line}\nwith the order\n").faults
    assert (broken.line, broken.by_commands) == (1, False)
    assert parse(f"{line}\n#close\nwith the order").faults == ()
    assert parse(f"{line}\n\nHello Ann").faults == ()
    assert parse("#task boris fri check it\nHello Ann").faults == ()


def test_the_command_line_says_what_is_to_be_done_whatever_it_is_like():
    assert made(write_asked("boris", "fri", '9 "new" invoices')) == [(1, "boris", FRIDAY, "9 'new' invoices")]
    assert made(write_asked("boris", "", "mon 9 invoices")) == [(1, "boris", None, "mon 9 invoices")]
    assert write_asked("2", "mon", "boris") == "2 boris mon"


def acted(*commands: str, body: str = "", ticket: TicketView | None = None, agent: str = "anna", **more: Any) -> Done:
    words = tuple(Command(*command.partition(" ")[::2]) for command in commands)
    act = Act(agent=SETTINGS.agents[agent], by=agent, at=NOW, commands=words, body=body, **more)
    done = do(ticket or a_ticket(tasks=(INVOICE, CALL)), act, WORDS, SETTINGS)
    assert done.faults == ()
    return done


def told(effects: tuple[Effect, ...]) -> dict[str | None, str]:
    """Who gets a letter about a task, and which news."""
    posted = [effect.letter for effect in effects if isinstance(effect, Post) and effect.letter.template == "task"]
    assert len({letter.agent for letter in posted}) == len(posted), "nobody gets two"
    return {letter.agent: letter.values["task"]["news"] for letter in posted}  # type: ignore[index]


def letter_to(agent: str, effects: tuple[Effect, ...]) -> Letter:
    (letter,) = (effect.letter for effect in effects if isinstance(effect, Post) and effect.letter.agent == agent)
    return letter


def test_whoever_is_to_do_it_hears_of_it_at_once_and_nobody_of_what_he_does_himself():
    assert told(acted("task boris fri check it", ticket=a_ticket()).effects) == {"boris": "new"}
    assert told(acted("task me fri check it", ticket=a_ticket()).effects) == {}
    assert told(acted("task 1 carol").effects) == {"carol": "new", "boris": "given"}
    assert told(acted("task 1 mon").effects) == {"boris": "moved"}
    assert told(acted("task 2 mon").effects) == {}
    assert told(acted("close", "tag vip").effects) == {}


def test_who_made_it_hears_that_it_is_done_and_so_does_whose_it_was():
    assert told(acted("done 1", agent="boris").effects) == {"anna": "done"}
    assert told(acted("done 1", agent="carol").effects) == {"anna": "done", "boris": "done"}
    assert told(acted("done 1", agent="anna").effects) == {"boris": "done"}
    gone = a_ticket(tasks=(replace(INVOICE, made_by="root"),))
    assert told(acted("done 1", agent="boris", ticket=gone).effects) == {}


def test_his_letter_says_whether_what_was_written_beside_the_task_went_to_the_customer():
    note, answer = (acted("task carol fri check it", *note, body="Hello.", ticket=a_ticket()) for note in (("note",), ()))
    assert [letter_to("carol", act.effects).values["why_sent"] for act in (note, answer)] == [False, True]


def test_his_letter_shows_the_ticket_what_is_to_be_done_and_the_note_and_a_reply_is_a_note():
    effects = acted("task carol fri check it", "note", body="The invoice is in the safe.", ticket=a_ticket()).effects
    letter = letter_to("carol", effects)
    assert (letter.kind, letter.internal, letter.task, letter.body) == (LetterKind.NOTIFICATION, True, 1, "Where is it?")
    assert letter.values["why"] == "The invoice is in the safe."
    assert letter.values["task"] == {
        "news": "new",
        "number": 1,
        "title": "check it",
        "agent": "Carol Ivanova",
        "due": "2026-03-06 18:00",
        "made_by": "Anna Ivanova",
        "by": "Anna Ivanova",
        "mine": True,
    }


def test_no_word_of_a_task_reaches_the_customer():
    effects = acted("task boris fri check the safe", body="It comes on Monday.", ticket=a_ticket()).effects
    (answer,) = (effect.letter for effect in effects if isinstance(effect, Post) and effect.letter.kind is LetterKind.ANSWER)
    assert "safe" not in str(answer)
    assert RecordEvent("task", "anna", "task 1 for Boris Petrov, by Fri 6 Mar 2026 09:00 (UTC): check the safe") in effects


def test_a_task_outlives_the_ticket_and_closing_it_tells_nobody():
    done = acted("close")
    assert done.after.tasks == (INVOICE, CALL)
    assert told(done.effects) == {}


def test_while_he_is_away_his_deputy_is_told_too_and_who_gave_it_to_him_knows():
    away = {"boris": Absence("boris", NOW, None, "carol")}
    done = acted("task boris fri check it", ticket=a_ticket(), away=away)
    assert told(done.effects) == {"boris": "new", "carol": "new"}
    (warning,) = letter_to("carol", done.effects).values["warnings"]  # type: ignore[misc]
    assert warning == "Boris Petrov is away, and this is a task of his. You are told in his place."
    assert letter_to("boris", done.effects).values["warnings"] == ()
    assert find_absent((), done.after, "anna", away) == (away["boris"],)
    assert find_absent((), done.after, "boris", away) == ()
    assert find_absent((INVOICE,), a_ticket(tasks=(INVOICE, CALL)), "anna", away) == ()


def due(task: Task = INVOICE, ticket: TicketView | None = None, away: dict[str, Absence] | None = None) -> tuple[Effect, ...]:
    return tuple(tell_due(task, Telling(ticket or a_ticket(tasks=(task,)), NOTHING_ANSWERED, (), SETTINGS, away or {})))


def test_when_it_is_due_he_is_told_and_else_who_made_it():
    assert told(due()) == {"boris": "due"}
    assert told(due(CALL)) == {"anna": "due"}
    assert told(due(ticket=a_ticket(status=Status.CLOSED))) == {"boris": "due"}
    assert told(due(away={"boris": Absence("boris", NOW, None, "carol")})) == {"boris": "due", "carol": "due"}
    assert told(due(replace(INVOICE, agent="gone"))) == {"anna": "due"}
    assert told(due(ticket=a_ticket(status=Status.SPAM))) == {}
    (event,) = due(replace(INVOICE, agent="gone", made_by="gone"))
    assert event == RecordEvent("task_due", "maild", "task 1 for gone, by Fri 6 Mar 2026 09:00 (UTC): check the invoice")


def test_tasks_go_with_a_merged_ticket_under_new_numbers_and_come_back_as_they_are_then():
    gone, stays = a_ticket(1042, tasks=(INVOICE, CALL)), a_ticket(7, tasks=(replace(CALL, number=1, id=70),))
    reach = Reach({7: stays}, is_sure=True)
    merged = perform(gone, [Command("merge", "7"), Command("done", "2")], "boris", SETTINGS, NOW, reach).ticket
    assert [(task.id, task.number, task.is_open) for task in merged.tasks] == [(70, 1, True), (11, 2, False), (12, 3, True)]
    last = Regrouping(
        1,
        RegroupingKind.MERGE,
        7,
        replace(gone, status=Status.MERGED, merged_into=7, tasks=()),
        NOW,
        standing_of(stays),
        standing_of(merged),
        standing_of(gone),
    )
    undone = perform(merged, [Command("undo", "")], "anna", SETTINGS, NOW, Reach({}, is_sure=True, last=last))
    (effect,) = undone.effects
    assert [task.id for task in undone.ticket.tasks] == [70]
    assert effect.other.tasks == (replace(INVOICE, done=NOW, done_by="boris"), CALL)  # type: ignore[union-attr]


def test_nobody_is_told_anew_of_tasks_that_come_along():
    gone, stays = a_ticket(1042, tasks=(INVOICE,)), a_ticket(7)
    assert told(acted("merge 7", ticket=gone, reach=Reach({7: stays}, is_sure=True)).effects) == {}


def test_what_was_split_off_brings_its_tasks_back():
    whole, part = a_ticket(1042, tasks=(INVOICE,)), a_ticket(1043, tasks=(replace(CALL, number=1),))
    last = Regrouping(1, RegroupingKind.SPLIT, 1042, part, NOW, standing_of(whole), standing_of(whole))
    undone = perform(whole, [Command("undo", "")], "anna", SETTINGS, NOW, Reach({}, is_sure=True, last=last)).ticket
    assert [(task.id, task.number) for task in undone.tasks] == [(11, 1), (12, 2)]


def test_what_is_to_be_done_stands_in_the_order_of_its_times():
    later = replace(INVOICE, number=3, due=FRIDAY + timedelta(days=1))
    assert open_tasks((CALL, later, INVOICE, replace(INVOICE, number=4, done=NOW))) == (INVOICE, later, CALL)
