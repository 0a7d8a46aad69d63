"""What follows from draft and rules: letters past the guard, each to its reader, and what is withheld with its reason (MAIL.md F, L)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import ANN, NOW, PASSED, a_message, a_reading, a_sender, a_ticket, some_settings

from maild.conclude import conclude
from maild.decide import decide
from maild.effects import Decision, IncomingState, RecordEvent
from maild.ingest.thread import Evidence, Strength, Thread
from maild.known import Known, KnownCopy, Sent
from maild.message import Address
from maild.reading import Reading
from maild.rules.verdict import Fate, NotifyWish, ReplyWish, Verdict, Wish
from maild.ticket import Participant, ParticipantRole, Status, TicketView

BOB = Address("Bob", "bob@example.org")
HOUR, TEN_MINUTES = 3600, 600
EVIDENCE = Evidence("b", Strength.STRONG, 1042, "In-Reply-To names our letter 77")
REPLY = ReplyWish("faq", "faq-password")
ALERT = NotifyWish("escalate", ("lead",), "escalation")


def on_ticket(ticket: dict[str, Any] | None = None, *, author: Address = ANN, **changes: Any) -> Reading:
    """A mail that belongs to ticket 1042, on which Bob is in copy."""
    found = a_ticket(**{"participants": (Participant(BOB, ParticipantRole.CC),)} | (ticket or {}))
    message = a_message(header_from=(author,), **changes.pop("message", {}))
    common = {"message": message, "sender": a_sender(author), "known": Known(tickets={1042: found})}
    return a_reading(**common | changes, thread=Thread(found, EVIDENCE, evidence=(EVIDENCE,)))


def concluded(reading: Reading, *wishes: Wish, fate: Fate = Fate.KEEP, **changes: Any) -> Decision:
    draft = decide(reading, some_settings(), NOW)
    assert draft.after is not None
    ticket: TicketView = replace(draft.after, **changes)
    return conclude(draft, Verdict(ticket, fate, "", "a rule", wishes), reading, some_settings(), NOW)


def templates(decision: Decision) -> list[str]:
    return [letter.template for letter in decision.letters]


def events(decision: Decision, kind: str) -> list[str]:
    return [effect.text for effect in decision.effects if isinstance(effect, RecordEvent) and effect.kind == kind]


def test_a_rules_reply_counts_against_the_caps_of_whoever_gets_it():
    def check(whose: str, goes_out: bool) -> None:
        sent = Sent({("recipient", whose, HOUR): 3})
        reading = on_ticket(author=BOB)
        decision = concluded(replace(reading, known=replace(reading.known, sent=sent)), REPLY)
        assert ("faq-password" in templates(decision)) is goes_out, whose

    check(BOB.key, True)
    check(ANN.key, False)


def test_what_is_proved_of_the_sender_lifts_nobody_elses_cap():
    sent = Sent({("domain", ANN.domain, HOUR): 60})
    for author, goes_out in ((ANN, True), (BOB, False)):
        reading = on_ticket(author=author, sender=a_sender(author, authentication=PASSED))
        decision = concluded(replace(reading, known=replace(reading.known, sent=sent)), REPLY)
        assert ("faq-password" in templates(decision)) is goes_out, author


def test_the_cap_of_a_queue_holds_for_tickets_that_rules_move_there():
    full = Sent({("queue", "sales", HOUR): 300})
    reading = a_reading(known=Known(sent=full))
    assert "received" in templates(concluded(reading))
    moved = concluded(reading, queue="sales")
    assert "received" not in templates(moved)
    assert "already went to queue sales" in events(moved, "ack_withheld")[0]


def test_nobody_is_mailed_because_of_thanks_whatever_the_rules_wish():
    closed = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=1)}
    decision = concluded(on_ticket(closed, message={"text": "Thank you!", "new_text": "Thank you!"}), REPLY, ALERT)
    assert templates(decision) == []
    assert events(decision, "reply_withheld") == ["faq-password: thanks alone does not reopen"]
    assert events(decision, "notify_withheld") == ["escalation: thanks alone does not reopen"]
    assert set(templates(concluded(on_ticket(), REPLY, ALERT))) == {"faq-password", "notification", "escalation"}


def test_another_copy_of_what_was_kept_out_is_a_duplicate_if_it_is_kept_out_too():
    twin = KnownCopy(7, "f1", NOW, None, in_quarantine=True)
    reading = a_reading(thread=Thread(duplicate=twin))
    assert concluded(reading).state is IncomingState.DONE
    again = concluded(reading, fate=Fate.QUARANTINE)
    assert (again.state, again.reason.text, again.effects) == (
        IncomingState.DUPLICATE,
        "another copy of message 7, which is in quarantine",
        (),
    )
