"""Answers written elsewhere: with a mail program, from the department's own mailbox (MAIL.md A15, F1, F2)."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to

DeskMaker = Callable[..., RunningDesk]
UNLIMITED = "limits: {automatic: off, storm: off}"
ASKED = {"In-Reply-To": "<asked@globex.example>", "References": "<asked@globex.example>"}


@pytest.fixture
def desk(make_desk: DeskMaker) -> RunningDesk:
    """A desk whose support mailbox has a Sent folder, and Ann's ticket."""
    desk = make_desk(extra=UNLIMITED)
    desk.dovecot.create(desk.at("support"), "Sent")
    desk.put(an_email(sender="ann@globex.example", to=desk.at("support"), subject="Printer", message_id="asked@globex.example"))
    look(desk)
    return desk


def look(desk: RunningDesk) -> list[dict[str, object]]:
    """Read everything there is, send everything that is due; all that came in, oldest first."""
    assert desk.run_once()
    return desk.incoming()[::-1]


def put_into_sent(desk: RunningDesk, raw: bytes) -> None:
    desk.dovecot.append(desk.at("support"), raw, folder="Sent")


def test_an_answer_from_a_mail_program_stands_on_the_ticket_which_waits_and_is_sent_to_nobody(desk: RunningDesk):
    letters = len(desk.letters("ann@globex.example"))
    put_into_sent(
        desk, an_email(sender=desk.at("support"), to="ann@globex.example", subject="Re: Printer", body="Coming.\n", headers=ASKED)
    )
    assert [(row["state"], row["ticket"]) for row in look(desk)] == [("done", 1), ("done", 1)]
    assert (desk.kinds(1), desk.ticket(1)["status"]) == (["customer", "agent"], "waiting")
    assert desk.events(1)[-2:] == ["answered_elsewhere", "changed"]
    assert len(desk.letters("ann@globex.example")) == letters


def test_the_customers_reply_to_it_comes_to_the_ticket(desk: RunningDesk):
    answer = an_email(
        sender=desk.at("support"), to="ann@globex.example", subject="Re: Printer", message_id="outlook@acme.example", headers=ASKED
    )
    put_into_sent(desk, answer)
    look(desk)
    reply = {"In-Reply-To": "<outlook@acme.example>"}
    desk.put(an_email(sender="ann@globex.example", to=desk.at("support"), subject="Re: Printer", headers=reply))
    assert look(desk)[-1]["ticket"] == 1
    assert desk.ticket(1)["status"] == "open"


@pytest.mark.parametrize("field", ["X-Google-Original-Message-ID", "X-Microsoft-Original-Message-ID"])
def test_a_copy_under_the_relays_own_id_is_no_second_answer_and_the_id_is_known(desk: RunningDesk, field: str):
    """O1a: outlook.com replaces the id of what it sends, keeps ours in a field, and lays the copy into Sent."""
    anna = desk.at("anna")
    desk.put(an_answer_to(desk.letters("anna")[0], f"Anna Ivanova <{anna}>", "Use the extinguisher.\n"))
    look(desk)
    copy = deepcopy(desk.letters("ann@globex.example")[1])
    own = str(copy["Message-ID"])
    del copy["Message-ID"]
    copy["Message-ID"], copy[field] = "<AM0PR07@eurprd07.prod.outlook.com>", own
    put_into_sent(desk, copy.as_bytes())
    assert str(look(desk)[-1]["reason"]).startswith("own_loop: our own letter")
    assert desk.kinds(1) == ["customer", "agent"]
    reply = {"In-Reply-To": "<AM0PR07@eurprd07.prod.outlook.com>"}
    desk.put(an_email(sender="ann.at.home@private.example", to=desk.at("support"), subject="Thanks", headers=reply))
    assert look(desk)[-1]["ticket"] == 1


def test_nobody_else_can_say_what_id_a_letter_has(desk: RunningDesk):
    (acknowledgement,) = desk.letters("ann@globex.example")
    forged = {"X-Microsoft-Original-Message-ID": str(acknowledgement["Message-ID"])}
    desk.put(an_email(sender="eve@evil.example", to=desk.at("support"), subject="Hello", message_id="eve@evil.example", headers=forged))
    assert look(desk)[-1]["ticket"] == 2
    desk.put(an_email(sender="mallory@evil.example", to=desk.at("support"), subject="Re", headers={"In-Reply-To": "<eve@evil.example>"}))
    assert look(desk)[-1]["ticket"] == 3


def test_what_a_relay_keeps_of_our_own_letters_and_what_is_about_no_ticket_changes_nothing(desk: RunningDesk):
    (acknowledgement,) = desk.letters("ann@globex.example")
    put_into_sent(desk, acknowledgement.as_bytes())
    put_into_sent(desk, an_email(sender=desk.at("support"), to="new@customer.example", subject="Our price list"))
    assert [(row["state"], row["ticket"]) for row in look(desk)][1:] == [("done", None), ("done", None)]
    assert (desk.kinds(1), desk.ticket(1)["status"], len(desk.tickets())) == (["customer"], "new", 1)
