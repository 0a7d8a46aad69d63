"""Snooze (PRODUCT 18): a ticket leaves its queue until a time, and comes back by itself, or when its customer writes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, text_of

DeskMaker = Callable[..., RunningDesk]
ANN = "ann@globex.example"
TRUST = "limits: {automatic: off, storm: off}\ntrust: {agent_auth: token}"


def in_queue(desk: RunningDesk) -> list[int]:
    """What stands in support's order."""
    return [ticket["number"] for ticket in desk.ask("queue", "show", "support")["tickets"]]


def test_an_agent_snoozes_by_mail_and_answers_what_comes_back_by_itself(make_desk: DeskMaker, storage: str):
    desk = make_desk(storage=storage, extra=TRUST).start()
    desk.receive(an_email(sender=f"Ann Smith <{ANN}>", to=desk.at("support"), subject="Spare parts", body="When do they come?\n"))
    notice = desk.letter("anna")
    assert "#snooze 3d" in text_of(notice)
    desk.receive(an_answer_to(notice, desk.at("anna"), "#snooze 3d\n#take\n"))
    ticket = desk.ticket(1)
    away = datetime.fromisoformat(ticket["snoozed_until"]) - datetime.now(UTC)
    assert timedelta(days=2.9) < away < timedelta(days=3.1)
    assert (ticket["status"], in_queue(desk), len(desk.letters(ANN))) == ("new", [], 1), "the customer has her acknowledgement only"
    desk.let_snoozes_end()
    back = desk.letter("anna", 2)
    first, second, empty, body = text_of(back).split("\n")[:4]
    assert (first, empty, body) == ("Reply = to Ann Smith", "", "When do they come?")
    assert second.startswith("Back in the queue: snoozed until 2")
    assert (in_queue(desk), desk.ticket(1)["snoozed_until"], desk.events(1)[-2:]) == ([1], None, ["woke", "notified"])
    quoted = "".join(f"> {line}\n" for line in text_of(back).splitlines())
    desk.receive(an_answer_to(back, desk.at("anna"), f"They came today.\n\nSupport wrote:\n{quoted}"))
    answer = text_of(desk.letter(ANN, 2))
    assert "They came today." in answer
    assert "snoozed" not in answer
    desk.settle()
    assert len(desk.letters("anna")) == 2, "she is told once"


def test_a_customers_mail_brings_a_ticket_back_at_once_and_her_thanks_do_not(make_desk: DeskMaker):
    desk = make_desk(extra=TRUST).start()
    desk.receive(an_email(sender=ANN, to=desk.at("support"), subject="Spare parts", body="When do they come?\n"))
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#snooze 12.5.\nNot before May, I am afraid.\n"))
    answer = desk.letter(ANN, 2)
    assert (desk.ticket(1)["status"], in_queue(desk), len(desk.tickets("snoozed"))) == ("waiting", [], 1)
    assert desk.ticket(1)["snoozed_until"][4:10] == "-05-12"
    desk.receive(an_answer_to(answer, ANN, "Thank you!\n"))
    desk.receive(an_answer_to(answer, ANN, "I am on holiday.\n", headers={"Auto-Submitted": "auto-replied"}))
    assert (len(desk.tickets("snoozed")), len(desk.letters("anna"))) == (1, 1)
    desk.receive(an_answer_to(answer, ANN, "May is too late for us.\n"))
    told = text_of(desk.letter("anna", 2)).split("\n")
    assert told[1].startswith("Back in the queue: snoozed until 2")
    assert told[3] == "May is too late for us."
    assert (desk.ticket(1)["status"], in_queue(desk), desk.tickets("snoozed")) == ("open", [1], [])
    assert "woke" in desk.events(1)


def test_a_time_that_nobody_can_read_comes_back_and_nothing_is_done(make_desk: DeskMaker):
    """A7: all or nothing."""
    desk = make_desk(extra=TRUST).start()
    desk.receive(an_email(sender=ANN, to=desk.at("support"), subject="Spare parts"))
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "#snooze 12/5\nNot before May.\n"))
    back = desk.letter("anna", 2)
    assert 'line 1: "12/5" can be read in two ways; write it as in 12 May, 2026-05-12 or 9:30' in " ".join(text_of(back).split())
    assert (len(desk.letters(ANN)), desk.ticket(1)["snoozed_until"]) == (1, None)


def test_a_desk_that_runs_now_and_then_brings_back_what_is_due_once(make_desk: DeskMaker):
    desk = make_desk(extra=TRUST)
    desk.deliver(sender=ANN, subject="Spare parts")
    desk.run_once()
    desk.ask("ticket", "snooze", "1", "tomorrow")
    desk.run_once()
    assert len(desk.letters("anna")) == 1
    desk.let_snoozes_end()
    for _ in range(2):
        desk.run_once()
        assert len(desk.letters("anna")) == 2
    assert desk.events(1).count("woke") == 1
