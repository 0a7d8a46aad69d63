"""Copies in the Sent folder, end to end (MAIL.md O10, F2)."""

from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, eventually

ANN = "Ann Smith <ann@globex.example>"


def test_what_customers_get_lies_in_sent_and_is_known_when_it_comes_back(make_desk: Callable[..., RunningDesk], storage: str):
    desk = make_desk(storage=storage, support="agents: [anna], copy_to_sent: true").start()
    row = desk.receive(an_email(sender=ANN, to=desk.at("support"), subject="Printer"))
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "Use the extinguisher.\n"))
    desk.letter("ann@globex.example", 2)
    sent = [caught.raw for caught in desk.sink.to("ann@globex.example")]
    folder = desk.at("support"), "Sent"
    eventually(lambda: "Sent" in desk.dovecot.folders(folder[0]) and len(desk.dovecot.messages(*folder)) == 2)
    copies = desk.dovecot.messages(*folder)
    assert [copy.raw for copy in copies] == sent
    assert all("\\Seen" in copy.flags for copy in copies)
    returned = desk.receive(copies[1].raw)
    assert returned["state"] == "done"
    assert (returned["class"], returned["reason"].split(" ")[:3]) == ("own_loop", ["own_loop:", "our", "own"])
    assert desk.kinds(row["ticket"]) == ["customer", "agent"]


def test_a_desk_that_wants_no_copies_makes_none(make_desk: Callable[..., RunningDesk]):
    desk = make_desk()
    desk.deliver()
    desk.run_once()
    assert "Sent" not in desk.dovecot.folders(desk.at("support"))
    desk.support = "agents: [anna], copy_to_sent: true"
    desk.configure()
    desk.deliver(subject="Another")
    desk.run_once()
    assert len(desk.dovecot.messages(desk.at("support"), "Sent")) == 1
