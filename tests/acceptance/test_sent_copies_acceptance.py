"""Copies in the Sent folder, end to end (MAIL.md O10, F2)."""

from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, eventually
from tests.rig.providers import at_provider

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


def test_nobodys_mail_program_is_shown_what_did_not_come_and_was_not_sent(make_desk: Callable[..., RunningDesk]):
    """People have the department's mailbox open, too: mail there is as new as it came, nothing is marked, nothing stands among the drafts,
    and no folder is made but that of what was sent. Nobody touches an agent's own mailbox.
    """
    desk = make_desk(support="agents: [anna], copy_to_sent: true")
    at_provider(desk, plus=False)
    department, agent = desk.at("support"), desk.at("anna")
    desk.dovecot.create(department, "Drafts")
    before = desk.dovecot.folders(department)
    draft = an_email(sender=department, to="bob@globex.example", subject="Not sent yet")
    desk.dovecot.append(department, draft, folder="Drafts", flags=("\\Draft", "\\Seen"))
    asked = an_email(sender=ANN, to=department, subject="Printer")
    desk.put(asked)
    assert desk.run_once()
    answer = an_answer_to(desk.letter("anna"), agent, "#close\nUse the extinguisher.\n")
    desk.put(answer)
    assert desk.run_once()
    assert seen_in(desk, department, "INBOX") == [(asked, {"\\Recent"}), (answer, {"\\Recent"})]
    assert seen_in(desk, department, "Drafts") == [(draft, {"\\Draft", "\\Seen", "\\Recent"})]
    sent = [caught.raw for caught in desk.sink.to("ann@globex.example")]
    assert len(sent) == 2
    assert [(raw, "\\Seen" in flags) for raw, flags in seen_in(desk, department, "Sent")] == [(raw, True) for raw in sent]
    assert desk.dovecot.folders(department) == sorted({*before, "Sent"})
    assert [flags for _, flags in seen_in(desk, agent, "INBOX")] == [{"\\Recent"}]
    assert desk.dovecot.folders(agent) == ["INBOX"]


def seen_in(desk: RunningDesk, user: str, folder: str) -> list[tuple[bytes, set[str]]]:
    return [(message.raw, set(message.flags)) for message in desk.dovecot.messages(user, folder)]
