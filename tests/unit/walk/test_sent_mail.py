"""What somebody wrote in the department's name with a mail program is its answer, once it answers a ticket (MAIL.md A15, F1, F2)."""

from dataclasses import replace
from typing import Any

from maild.effects import AddMessage, Decision, IncomingState, RecordEvent
from maild.ingest.arrival import Part
from maild.ingest.parse import parse_message
from maild.known import Known, KnownMessage
from maild.known_letter import KnownLetter
from maild.pipeline import Desk, consider
from maild.reading import Circumstances
from maild.ticket import MessageKind, Status, TicketView
from maild.tokens import LetterKind
from tests.builders import ANN, NOW, a_ticket, some_settings, some_tokens
from tests.rig.mails import an_email
from tests.rig.occasions import rules_from

SUPPORT = "support@acme.example"
ASKED = "mail-a@globex.example"
TAG = some_tokens().mint_tag(1042)


def sent(ticket: TicketView | None = None, part: Part = Part.SENT, own: KnownLetter | None = None, **mail: Any) -> Decision:
    """What becomes of a mail to Ann that somebody wrote as Support."""
    ticket = ticket or a_ticket(requester=ANN, status=Status.OPEN, last_customer_id=ASKED)
    known = Known(tickets={1042: ticket}, by_id={ASKED: KnownMessage(ASKED, 1042, internal=False)}, own=own)
    raw = an_email(**{"sender": SUPPORT, "to": ANN.address, "body": "It is on its way.\n"} | mail)
    desk = Desk(some_settings(), rules_from("version: 1\nrules: []\n"), some_tokens())
    return consider(parse_message(raw), Circumstances("support", part=part), lambda question: known, desk, NOW)


def an_answer(**mail: Any) -> dict[str, Any]:
    return {"headers": {"In-Reply-To": f"<{ASKED}>", "References": f"<{ASKED}>"}} | mail


def messages(decision: Decision) -> list[tuple[MessageKind, bool]]:
    return [(effect.kind, effect.internal) for effect in decision.effects if isinstance(effect, AddMessage)]


def events(decision: Decision) -> list[str]:
    return [effect.kind for effect in decision.effects if isinstance(effect, RecordEvent)]


def status(decision: Decision) -> Status:
    assert decision.after is not None
    return decision.after.status


def check_is_none_of_the_desks_business(decision: Decision) -> None:
    assert (decision.state, decision.after, decision.letters, messages(decision)) == (IncomingState.DONE, None, (), [])


def test_an_answer_to_a_tickets_mail_is_the_departments_and_the_ticket_waits():
    decision = sent(**an_answer())
    assert (messages(decision), status(decision), decision.letters) == ([(MessageKind.AGENT, False)], Status.WAITING, ())
    assert events(decision) == ["answered_elsewhere", "changed"]


def test_a_mail_that_bears_the_tag_is_an_answer_too():
    decision = sent(subject=f"About your printer {TAG}")
    assert (messages(decision), status(decision)) == ([(MessageKind.AGENT, False)], Status.WAITING)


def test_the_same_mail_in_the_mailbox_itself_is_no_answer_of_the_department():
    assert (MessageKind.AGENT, False) not in messages(sent(part=Part.INBOX, **an_answer()))


def test_what_did_not_go_to_the_customer_is_a_note_and_changes_nothing():
    decision = sent(**an_answer(to="partner@else.example"))
    assert (messages(decision), status(decision), decision.letters) == ([(MessageKind.NOTE, True)], Status.OPEN, ())
    assert decision.after is not None
    assert decision.after.role_of("partner@else.example") is None


def test_whom_the_answer_went_to_as_well_takes_part_from_then_on():
    decision = sent(**an_answer(headers={"In-Reply-To": f"<{ASKED}>", "Cc": "bob@globex.example"}))
    assert decision.after is not None
    assert decision.after.role_of("bob@globex.example") is not None


def test_a_ticket_on_which_the_customer_has_written_since_does_not_wait():
    ticket = a_ticket(requester=ANN, status=Status.OPEN, last_customer_id="later@globex.example")
    decision = sent(ticket, **an_answer())
    assert (messages(decision), status(decision)) == ([(MessageKind.AGENT, False)], Status.OPEN)


def test_a_closed_ticket_and_a_spam_ticket_stay_what_they_are():
    for stays in (Status.CLOSED, Status.SPAM, Status.WAITING):
        ticket = a_ticket(requester=ANN, status=stays, last_customer_id=ASKED)
        assert status(sent(ticket, **an_answer())) is stays


def test_a_mail_about_no_ticket_opens_none_and_is_no_first_copy_of_what_comes_in_elsewhere():
    decision = sent(subject="Our new price list", to="new@customer.example")
    check_is_none_of_the_desks_business(decision)
    assert decision.identity is None
    assert sent(**an_answer()).identity is not None


def test_what_a_mail_program_writes_by_itself_is_no_answer():
    automatic = an_answer()["headers"] | {"Auto-Submitted": "auto-replied"}
    check_is_none_of_the_desks_business(sent(headers=automatic))


def test_our_own_letter_that_a_relay_has_put_there_is_no_answer_anew():
    own = KnownLetter(77, "c.1042.77.x@acme.example", LetterKind.ANSWER, 1042, None, internal=False, created=NOW)
    check_is_none_of_the_desks_business(sent(own=own, **an_answer()))


def test_a_number_without_its_check_characters_counts_if_the_mail_went_to_the_customer():
    assert messages(sent(subject="Re: [Acme #1042] Printer")) == [(MessageKind.AGENT, False)]
    check_is_none_of_the_desks_business(sent(subject="Re: [Acme #1042] Printer", to="new@customer.example"))


def test_an_answer_ends_a_snooze_unless_the_customer_has_written_since():
    """PRODUCT 18."""
    for state in (Status.OPEN, Status.WAITING):
        snoozed = a_ticket(requester=ANN, status=state, last_customer_id=ASKED, snoozed_until=NOW)
        decision = sent(snoozed, **an_answer())
        assert (decision.after and decision.after.snoozed_until, "woke" in events(decision)) == (None, True)
    crossed = sent(replace(snoozed, last_customer_id="mail-b@globex.example"), **an_answer())
    assert (crossed.after and crossed.after.snoozed_until, "woke" in events(crossed)) == (NOW, False)
