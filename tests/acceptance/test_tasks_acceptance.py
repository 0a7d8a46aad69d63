"""Tasks (PRODUCT 20): given by mail, told of at once and when they are due, ticked off with one word. The customer sees nothing of it."""

from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, text_of

DeskMaker = Callable[..., RunningDesk]
ANN = "ann@globex.example"
TRUST = "limits: {automatic: off, storm: off}\ntrust: {agent_auth: token}"


def begun(make_desk: DeskMaker, **desk: str) -> RunningDesk:
    """A desk with a ticket, of which Anna has been told."""
    running = make_desk(extra=TRUST, **desk).start()
    running.receive(an_email(sender=f"Ann Smith <{ANN}>", to=running.at("support"), subject="Spare parts", body="When do they come?\n"))
    running.letter("anna")
    return running


def tasks_of(desk: RunningDesk) -> list[tuple[int, str, str, bool]]:
    return [(task["number"], task["agent"], task["title"], task["done"] is None) for task in desk.ticket(1)["tasks"]]


def about_tasks(desk: RunningDesk, agent: str) -> list[str]:
    """What the letters say that tell of a task."""
    told = (text_of(letter).split("\n") for letter in desk.letters(agent))
    return [lines[2] for lines in told if lines[0] == "Reply = internal note" and lines[4:5] and lines[4].startswith("What to do: ")]


def test_a_task_is_given_with_an_answer_told_of_again_when_it_is_due_and_done_by_one_word(make_desk: DeskMaker, storage: str):
    desk = begun(make_desk, storage=storage)
    commands = "#task boris fri check the safe\n#task me call the supplier\n"
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), f"{commands}They come on Monday.\n"))
    answer = text_of(desk.letter(ANN, 2))
    assert "They come on Monday." in answer
    assert "safe" not in answer
    assert "task" not in answer
    assert tasks_of(desk) == [(1, "boris", "check the safe", True), (2, "anna", "call the supplier", True)]
    given = text_of(desk.letter("boris"))
    assert given.startswith("Reply = internal note\n\nA task for you\n\nWhat to do: 1. check the safe\nDue: ")
    assert "When do they come?" in given
    assert "Task: 2. call the supplier (Anna Ivanova)\n" in given
    desk.let_tasks_be_due()
    due = desk.letter("boris", 2)
    assert "\nA task is due\n" in text_of(due)
    desk.receive(an_answer_to(due, desk.at("boris"), "Done.\n"))
    assert tasks_of(desk) == [(1, "boris", "check the safe", False), (2, "anna", "call the supplier", True)]
    assert about_tasks(desk, "anna") == ["Boris Petrov has done a task"]
    desk.settle()
    assert (about_tasks(desk, "boris"), len(desk.letters(ANN))) == (["A task for you", "A task is due"], 2)
    assert [event for event in desk.events(1) if event.startswith("task")] == ["task", "task", "task_due", "task_done"]


def test_what_is_answered_to_a_task_stays_inside_and_tells_who_gave_it(make_desk: DeskMaker):
    desk = begun(make_desk)
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#task boris check the safe\n#note\nThe key is with Carol.\n"))
    given = desk.letter("boris")
    assert "The key is with Carol." in text_of(given)
    desk.receive(an_answer_to(given, desk.at("boris"), "Which safe?\n"))
    assert [message["text"] for message in desk.ticket(1)["messages"]][-1] == "Which safe?"
    desk.receive(an_answer_to(given, desk.at("boris"), "#done\nIt was empty.\n"))
    desk.settle()
    assert tasks_of(desk) == [(1, "boris", "check the safe", False)]
    (told,) = (text for letter in desk.letters("anna") if "has done a task" in (text := text_of(letter)))
    assert "It was empty." in told
    assert len(desk.letters(ANN)) == 1, "her acknowledgement"


def test_a_task_for_nobody_sends_nothing_and_yes_mends_it(make_desk: DeskMaker):
    """A7: all or nothing."""
    desk = begun(make_desk)
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#task bors check the safe\nThey come on Monday.\n"))
    back = desk.letter("anna", 2)
    assert "#task boris check the safe" in text_of(back)
    desk.settle()
    assert (len(desk.letters(ANN)), tasks_of(desk)) == (1, [])
    desk.receive(an_answer_to(back, desk.at("anna"), "yes\n"))
    assert "They come on Monday." in text_of(desk.letter(ANN, 2))
    assert tasks_of(desk) == [(1, "boris", "check the safe", True)]


def test_whoever_is_away_finds_his_task_and_his_deputy_does_it(make_desk: DeskMaker):
    """PRODUCT 12."""
    desk = begun(make_desk)
    desk.ask("agent", "away", "boris", "--deputy", "anna")
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#task boris 1w check the safe\n"))
    assert "Boris Petrov is away. The task waits" in text_of(desk.letter("anna", 2))
    desk.let_tasks_be_due()
    told = desk.letter("anna", 3)
    assert "You are told in his place." in text_of(told)
    desk.receive(an_answer_to(told, desk.at("anna"), "done\n"))
    desk.settle()
    assert tasks_of(desk) == [(1, "boris", "check the safe", False)]
    assert about_tasks(desk, "boris") == ["A task for you", "A task is due", "Anna Ivanova has done a task"]


def test_an_agent_gets_the_list_of_all_he_is_to_do(make_desk: DeskMaker):
    desk = begun(make_desk)
    desk.ask("ticket", "task", "1", "anna", "call the supplier", "--as", "boris")
    desk.ask("ticket", "task", "1", "anna", "check the safe", "--due", "fri", "--as", "boris")
    desk.ask("ticket", "task", "1", "boris", "eat", "--as", "boris")
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#tasks\n"))
    (listed,) = (text for letter in desk.letters("anna") if "Your open tasks" in (text := text_of(letter)))
    assert "Your open tasks: 2\n" in listed
    assert listed.index("2. check the safe") < listed.index("1. call the supplier")
    assert "#1 Spare parts" in listed
    assert "eat" not in listed


def test_tasks_go_with_a_merged_ticket_and_one_word_still_ticks_off_the_right_one(make_desk: DeskMaker):
    """PRODUCT 21."""
    desk = begun(make_desk)
    desk.receive(an_email(sender=ANN, to=desk.at("support"), subject="Once more", body="And the lamp?\n"))
    desk.ask("ticket", "task", "1", "boris", "call the supplier", "--as", "anna")
    desk.ask("ticket", "task", "2", "boris", "order a lamp", "--as", "anna")
    lamp = desk.letter_about("boris", "Once more")
    desk.ask("ticket", "merge", "2", "1", "--as", "anna")
    assert tasks_of(desk) == [(1, "boris", "call the supplier", True), (2, "boris", "order a lamp", True)]
    desk.receive(an_answer_to(lamp, desk.at("boris"), "done\n"))
    assert tasks_of(desk) == [(1, "boris", "call the supplier", True), (2, "boris", "order a lamp", False)]
    desk.ask("ticket", "undo", "1", "--as", "anna")
    assert tasks_of(desk) == [(1, "boris", "call the supplier", True)]
    (back,) = desk.ticket(2)["tasks"]
    assert (back["number"], back["done_by"]) == (1, "boris")
