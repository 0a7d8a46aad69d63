"""Mail that concerns several departments: shared, watched, or each for itself (MAIL.md F10)."""

from collections.abc import Callable

import pytest

from tests.rig.mails import a_reply, an_email
from tests.rig.office import RunningDesk, an_answer_to, text_of

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


def test_what_a_department_writes_to_itself_is_a_ticket_whose_answer_waits_for_somebody_to_get_it(make_desk: DeskMaker):
    """A13, L3: a scanner writes from the department's own address."""
    desk = make_desk().start()
    scan = an_email(sender=desk.at("support"), to=desk.at("support"), subject="From a scanner")
    assert desk.receive(scan)["ticket"] == 1
    notice = desk.letter("anna")
    assert "a reply reaches nobody unless #cc ADDRESS names who gets it." in text_of(notice)
    desk.receive(an_answer_to(notice, desk.at("anna"), "Here it is.\n"))
    back = desk.letter("anna", 2)
    assert "so nobody would get it" in text_of(back)
    assert (desk.kinds(1), desk.letters("support")) == (["customer"], [])
    desk.receive(an_answer_to(back, desk.at("anna"), "#cc ann@globex.example\nHere it is.\n"))
    assert "Here it is." in text_of(desk.letter("ann@globex.example"))
    assert (desk.kinds(1), desk.letters("support")) == (["customer", "agent"], [])


def test_an_answer_goes_to_reply_to_and_what_comes_back_from_there_is_the_customers(make_desk: DeskMaker):
    """P14: a form's plug-in writes from the department's own address, a shop from one that nobody reads."""
    desk = make_desk().start()
    forms = ((desk.at("support"), "ann@globex.example"), ("noreply@shop.example", "carl@mail.example"))
    for number, (sender, customer) in enumerate(forms, 1):
        request = an_email(sender=sender, to=desk.at("support"), subject="From the site", headers={"Reply-To": customer})
        assert desk.receive(request)["ticket"] == number
        notice = desk.letters("anna")[-1]
        assert text_of(notice).startswith(f"Reply = to {customer}\n")
        assert f"asks for answers to {customer}, and that is where your reply goes." in text_of(notice)
        assert desk.letters(customer) == [], "nobody has proved that he wants letters"
        desk.receive(an_answer_to(notice, desk.at("anna"), "Here it is.\n"))
        desk.receive(an_answer_to(desk.letter(customer), customer, "Thank you, but the second page is missing.\n"))
        assert desk.kinds(number) == ["customer", "agent", "customer"]
        assert "reply_address" in desk.events(number)
        assert "sent_directly" not in desk.events(number)
    desk.settle()
    assert [desk.letters(nobody) for nobody in ("support", "noreply@shop.example")] == [[], []]


def test_what_one_department_writes_to_another_is_answered_and_neither_acknowledged_nor_repeated(make_desk: DeskMaker):
    """F2: from a mail program, and not by maild."""
    desk = make_desk().start()
    assert desk.receive(an_email(sender=desk.at("sales"), to=desk.at("support"), subject="Between us"))["ticket"] == 1
    assert desk.letters("sales") == []
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "Yes, we do.\n"))
    (answer,) = desk.letters("sales")
    assert desk.receive(bytes(answer), "sales")["ticket"] == 2
    assert (desk.ticket(2)["queue"], len(desk.tickets()), len(desk.letters("support"))) == ("sales", 2, 0)
