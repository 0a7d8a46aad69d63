"""Where an agent's forwarded mail leads in the odd cases (MAIL.md A12); the whole of it: `tests/doors/test_forwarded_mail.py`."""

from dataclasses import replace
from typing import Any

from builders import ANN, FAILED, NOW, PASSED, a_queue, a_reading, a_sender, a_ticket, some_settings, some_tokens

from maild.conclude import conclude
from maild.decide import decide
from maild.desk.forwarded_reading import read_forwarded, with_forwarded
from maild.effects import Decision, RecordEvent
from maild.ingest.department import Departments
from maild.ingest.parse import parse_message
from maild.ingest.thread import Thread
from maild.known import Known, KnownMessage
from maild.message import Address
from maild.question import Question
from maild.reading import Circumstances, Reading
from maild.rules.verdict import Points, ReplyWish, Verdict
from maild.ticket import Status
from tests.rig.mail_forms import attaching
from tests.rig.mails import an_email

ANNA = Address("Anna Ivanova", "anna@acme.example")
BY_ANNA = a_sender(ANNA, agent="anna", authentication=PASSED, authenticated=True)


def forwards(words: str = "#close\nShe rang.", **changes: Any) -> Reading:
    """Anna forwards a mail of Ann's as an attachment."""
    original = an_email(sender=str(ANN), to="anna@acme.example", message_id="chair@globex.example", subject="My chair")
    content_type, body = attaching(words, original)
    message = parse_message(an_email(sender=str(ANNA), subject="Fwd: My chair", body=body, content_type=content_type))
    reading = a_reading(**{"message": message, "sender": BY_ANNA, **changes})
    return replace(reading, forwarded=read_forwarded(reading, some_tokens(), some_settings(), NOW))


def decided(reading: Reading) -> Decision:
    draft = decide(reading, some_settings(), NOW)
    assert draft.after is not None
    return conclude(draft, Verdict(draft.after), reading, some_settings(), NOW)


def test_old_mail_opens_its_ticket_in_silence_and_commands_nothing():
    decision = decided(forwards(circumstances=Circumstances("support", quiet=True)))
    assert decision.after is not None
    assert (decision.after.requester, decision.after.status, decision.letters) == (ANN, Status.NEW, ())


def test_what_an_agent_has_seen_and_forwards_is_spam_by_no_points_of_rules():
    reading = forwards("#ack\nShe rang.")
    draft = decide(reading, some_settings(), NOW)
    assert draft.after is not None
    decision = conclude(draft, Verdict(draft.after, points=(Points("links", 9),)), reading, some_settings(), NOW)
    assert [letter.template for letter in decision.letters if not letter.kind.is_for_agents] == ["received"]
    assert decision.after
    assert "suspected-spam" not in decision.after.tags


def test_the_mail_that_came_is_what_is_known_again():
    """F1: not the one within it."""
    reading = forwards()
    identity = decided(reading).identity
    assert identity is not None
    assert (identity.message_id, identity.fingerprint) == (reading.message.message_id, reading.message.fingerprint)
    assert decided(reading).author == ANNA


def test_a_department_that_has_the_mail_to_itself_opens_a_ticket_of_its_own():
    """F10: in its walk the mail stands on the ticket of another, already."""
    known = Known(tickets={7: a_ticket(7, queue="sales")}, by_id={"chair@globex.example": KnownMessage("chair@globex.example", 7, False)})
    there = forwards("She rang.", known=known)
    before = decide(there, some_settings(), NOW).before
    assert before is not None
    assert before.number == 7
    apart = Departments(a_queue(split=True), "support@acme.example", elsewhere=frozenset({"sales"}))
    decision = decided(forwards("She rang.", known=known, departments=apart, thread=Thread(linked=7)))
    assert (decision.before, decision.after and decision.after.follow_up_of) == (None, 7)


def test_a_rules_reply_waits_for_the_agents_word_too():
    wish = ReplyWish("faq", "faq-password")
    for words, is_sent in (("", False), ("#ack", True)):
        reading = forwards(words)
        draft = decide(reading, some_settings(), NOW)
        assert draft.after is not None
        decision = conclude(draft, Verdict(draft.after, wishes=(wish,)), reading, some_settings(), NOW)
        assert any(ANN in letter.recipients for letter in decision.letters) is is_sent


def test_nothing_is_looked_up_of_what_nobody_could_have_forwarded():
    question = Question("m@x.example")
    message = forwards().message
    asked = with_forwarded(question, message, BY_ANNA, some_tokens(), some_settings())
    assert "chair@globex.example" in asked.ids
    assert ANN.key in asked.addressees
    assert with_forwarded(question, message, a_sender(), some_tokens(), some_settings()) == question


def test_the_agents_personal_address_proves_a_forward_too():
    """A3."""
    decision = decided(forwards(sender=a_sender(ANNA, agent="anna", personal=True)))
    assert decision.after is not None
    assert decision.after.requester == ANN
    (event,) = (effect for effect in decision.effects if isinstance(effect, RecordEvent) and effect.kind == "forwarded")
    assert "proven by his personal address" in event.text


def test_a_mail_that_is_no_persons_or_not_proven_is_no_forward():
    for changes in (
        {"sender": a_sender(ANNA, agent="anna", authentication=FAILED)},
        {"sender": a_sender(ANNA, agent="anna")},
    ):
        assert decide(forwards(**changes), some_settings(), NOW).reason.code == "agent_unverified"
