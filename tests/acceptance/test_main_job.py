"""The main job, end to end: mail in, ticket, rules, acknowledgement, agent's answer, mail out. Real IMAP, real SMTP, both engines."""

from collections.abc import Callable

import pytest

from tests.rig.office import RunningDesk, an_answer_to, text_of

ANN = "Ann Smith <ann@globex.example>"


@pytest.fixture
def desk(make_desk: Callable[..., RunningDesk], each_storage: str) -> RunningDesk:
    return make_desk(storage=each_storage).start()


def test_a_request_is_acknowledged_answered_and_closed(desk: RunningDesk):
    desk.deliver(subject="The printer is on fire", sender=ANN, body="Please help, it burns.\n")

    ack = desk.letter("ann@globex.example")
    (ticket,) = desk.tickets()
    assert ticket["tag"] in ack["Subject"]
    assert ack["Subject"] == f"Re: {ticket['tag']} The printer is on fire"
    assert ack["Auto-Submitted"] == "auto-replied"
    assert str(ticket["number"]) in text_of(ack)
    assert "burns" not in text_of(ack)

    notice = desk.letter("anna")
    assert notice["Subject"] == ack["Subject"]
    assert text_of(notice).startswith("Reply = to Ann Smith\n")
    assert "it burns" in text_of(notice)

    desk.put(an_answer_to(notice, f"Anna Ivanova <{desk.at('anna')}>", "Use the extinguisher.\n\n-- \nAnna's own signature\n"))
    answer = desk.letter("ann@globex.example", 2)
    assert "Use the extinguisher." in text_of(answer)
    assert "Anna's own signature" not in text_of(answer)
    assert desk.at("anna") not in answer.as_string()
    assert answer["From"].addresses[0].addr_spec == desk.at("support")
    assert answer["Auto-Submitted"] is None
    desk.settle()
    (ticket,) = desk.tickets()
    assert (ticket["owner"], ticket["status"]) == ("anna", "waiting")

    desk.put(an_answer_to(answer, ANN, "It went out, but now it smells.\n"))
    desk.letter("anna", 2)
    desk.settle()
    (ticket,) = desk.tickets()
    assert (ticket["status"], ticket["messages"]) == ("open", 3)

    desk.put(an_answer_to(desk.letters("anna")[1], f"Anna Ivanova <{desk.at('anna')}>", "#close\nOpen a window.\n"))
    last = desk.letter("ann@globex.example", 3)
    assert "Open a window." in text_of(last)
    assert "#close" not in last.as_string()
    desk.settle()
    (ticket,) = desk.tickets()
    assert ticket["status"] == "closed"
    assert len(desk.letters("ann@globex.example")) == 3
    kinds = [message["kind"] for message in desk.ask("ticket", "show", str(ticket["number"]))["messages"]]
    assert kinds == ["customer", "agent", "customer", "agent"]

    desk.deliver(subject="Now the fax", sender=ANN, body="It burns, too.\n")
    assert "Customer: first ticket" in text_of(notice)
    card = text_of(desk.letter_about("anna", "Now the fax"))
    assert "tickets: 2, last with Anna Ivanova\nOther ticket: #1 The printer is on fire (closed, Support)\n" in card
