"""Tickets shared out by a rule (PRODUCT 11): to who has room, and where nobody has, to whoever has first."""

import signal
from collections.abc import Callable

import pytest

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, text_of

DeskMaker = Callable[..., RunningDesk]
ANN = "ann@globex.example"
BOTH = "agents: [anna, boris], notify: {new: owner}"
ONE_EACH = "rules: [{id: share, when: [ticket.created, agent.away], do: [{assign: {pick: [least_loaded], cap: 1}}]}]\n"


def owners(desk: RunningDesk) -> list[str | None]:
    return [ticket["owner"] for ticket in reversed(desk.tickets())]


def test_three_mails_that_come_at_once_go_to_two_agents_and_the_third_to_who_is_done_first(make_desk: DeskMaker, storage: str):
    desk = make_desk(storage=storage, support=BOTH, rules=ONE_EACH)
    for number in (1, 2, 3):
        desk.put(an_email(sender=ANN, to=desk.at("support"), subject=f"Part {number}", body="When does it come?\n"))
    desk.run_once()
    assert owners(desk) == ["anna", "boris", None]
    assert (desk.ticket(3)["sought_by"], desk.ticket(1)["sought_by"]) == ("share", None)
    assert "none yet: rule share looks for one" in desk.maild("ticket", "show", "3")
    assert "assigned to nobody yet: anna has 1 to do, boris has 1 to do" in desk.maild("ticket", "log", "3")
    desk.start()
    desk.ask("ticket", "close", "2")
    told = text_of(desk.letter("boris", 3))
    assert "! Rule share has looked for an owner, and gave this ticket to Boris Petrov." in told
    assert "When does it come?" in told
    assert (owners(desk), desk.ticket(3)["sought_by"]) == (["anna", "boris", "boris"], None)
    desk.settle()
    assert len(desk.letters("boris")) == 3, "of his own, of what nobody had, and once that it is his"


@pytest.mark.parametrize("point", ["seek.written", "seek.committed"])
def test_a_death_while_a_ticket_is_given_neither_loses_nor_doubles_it(point: str, storage: str, make_desk: DeskMaker):
    desk = make_desk(storage=storage, support=BOTH, rules=ONE_EACH)
    desk.run_once()
    for agent in ("anna", "boris"):
        desk.ask("agent", "away", agent)
    desk.deliver(sender=ANN, subject="Spare parts")
    desk.run_once()
    assert (owners(desk), desk.letters("boris")) == ([None], [])
    desk.ask("agent", "back", "boris")
    assert desk.fork(MAILD_KILLPOINT=point).wait(30) == -signal.SIGKILL
    assert owners(desk) == (["boris"] if point == "seek.committed" else [None])
    desk.run_once()
    assert (owners(desk), len(desk.letters("boris"))) == (["boris"], 1)


@pytest.mark.parametrize("point", ["offer.written", "offer.committed"])
def test_a_death_while_an_absent_agents_ticket_is_offered_neither_loses_nor_doubles_it(point: str, storage: str, make_desk: DeskMaker):
    desk = make_desk(storage=storage, support=BOTH, rules=ONE_EACH)
    desk.deliver(sender=ANN, subject="Spare parts")
    desk.run_once()
    desk.ask("agent", "away", "anna")
    assert owners(desk) == ["anna"]
    assert desk.fork(MAILD_KILLPOINT=point).wait(30) == -signal.SIGKILL
    assert owners(desk) == (["boris"] if point == "offer.committed" else ["anna"])
    desk.run_once()
    assert (owners(desk), len(desk.letters("boris")), desk.events(1).count("offered")) == (["boris"], 1, 1)
