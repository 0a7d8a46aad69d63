"""Mail that concerns several departments: shared, watched, or each for itself (MAIL.md F10)."""

from collections.abc import Callable

import pytest

from tests.rig.mails import a_reply, an_email
from tests.rig.office import RunningDesk, an_answer_to

DeskMaker = Callable[..., RunningDesk]
SPLIT = "agents: [boris], split: true"


def to_both(desk: RunningDesk, *, cc: str = "", message_id: str = "both@globex.example") -> bytes:
    to = f"{desk.at('support')}, {desk.at('sales')}"
    return an_email(sender="ann@globex.example", to=to, subject="Both of you", message_id=message_id, headers={"Cc": cc})


@pytest.mark.parametrize("first", ["support", "sales"])
def test_a_department_that_splits_has_its_copy_as_a_ticket_whichever_mailbox_comes_first(make_desk: DeskMaker, storage: str, first: str):
    desk = make_desk(sales=SPLIT, storage=storage).start()
    second = {"support": "sales", "sales": "support"}[first]
    assert desk.receive(to_both(desk), first)["state"] == "done"
    assert desk.receive(to_both(desk), second)["state"] == "duplicate"
    one, other = (desk.ticket(number) for number in (1, 2))
    assert (one["queue"], other["queue"], len(desk.tickets())) == ("support", "sales", 2)
    assert all("linked" in desk.events(number) for number in (1, 2))
    assert [ack["From"].addresses[0].addr_spec for ack in desk.letters("ann@globex.example")] == [desk.at("support"), desk.at("sales")]
    assert (len(desk.letters("anna")), len(desk.letters("boris"))) == (1, 1)


def test_an_answer_to_all_reaches_each_departments_own_ticket(make_desk: DeskMaker):
    desk = make_desk(sales=SPLIT).start()
    desk.receive(to_both(desk))
    of_support, of_sales = desk.letters("ann@globex.example")
    to_all = an_answer_to(of_support, "ann@globex.example", "Still both of you.\n", headers={"Cc": desk.at("sales")})
    desk.receive(to_all)
    assert (desk.kinds(1), desk.kinds(2)) == (["customer", "customer"], ["customer", "customer"])
    desk.receive(an_answer_to(of_sales, "ann@globex.example", "Only sales.\n"), "sales")
    bare = a_reply(in_reply_to="both@globex.example", sender="ann@globex.example", to=desk.at("sales"), body="Sales again.\n")
    assert desk.receive(bare, "sales")["ticket"] == 2, "of the same mail on two tickets the department's own counts"
    assert (len(desk.kinds(1)), len(desk.kinds(2))) == (2, 4)
    assert len(desk.tickets()) == 2


def test_a_department_that_splits_gets_its_blind_copy(make_desk: DeskMaker):
    desk = make_desk(sales=SPLIT).start()
    mail = an_email(sender="ann@globex.example", to=desk.at("support"), subject="In confidence")
    assert desk.receive(mail)["ticket"] == 1
    row = desk.receive(mail, "sales")
    assert (row["state"], row["ticket"], desk.ticket(2)["queue"]) == ("done", 2, "sales")
    assert desk.receive(mail, "sales")["state"] == "duplicate"


def test_an_agents_answer_concerns_one_department_only(make_desk: DeskMaker):
    desk = make_desk(sales=SPLIT, extra="limits: {automatic: off, storm: off}\ntrust: {agent_auth: token}").start()
    desk.receive(an_email(sender="ann@globex.example", to=desk.at("support"), subject="A question"))
    notice = desk.letter("anna")
    desk.receive(an_answer_to(notice, f"Anna <{desk.at('anna')}>", "An answer.\n", headers={"Cc": desk.at("sales")}))
    assert (desk.kinds(1), len(desk.tickets())) == (["customer", "agent"], 1)


def test_a_department_that_joins_a_conversation_is_told_once(make_desk: DeskMaker):
    desk = make_desk().start()
    desk.receive(an_email(sender="ann@globex.example", to=desk.at("support"), subject="A question"))
    (ack,) = desk.letters("ann@globex.example")
    assert desk.letters("boris") == []
    for body in ("Sales should know.\n", "And one more thing.\n"):
        desk.receive(an_answer_to(ack, "ann@globex.example", body, headers={"Cc": desk.at("sales")}))
    assert (len(desk.letters("boris")), len(desk.tickets())) == (1, 1)
