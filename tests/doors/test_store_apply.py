"""Decisions written and recalled: what `apply` records is what `recall` and `tickets` answer."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from maild.effects import (
    AddMessage,
    Decision,
    Identity,
    IncomingState,
    Letter,
    LiftMute,
    Link,
    Mute,
    NoteFiring,
    Post,
    RecordEvent,
    SendCrossed,
    SendKept,
    SendMended,
    TripBreaker,
)
from maild.ingest.arrival import Incoming, Part
from maild.known import Conduct, Known, KnownAnswer, KnownCopy, LastWords, RecentMail, guess_key, pair_key
from maild.known_letter import COMMAND_FAILED, CROSSED, KEPT_AS_NOTE, BouncedLetter, KeptMail, ReturnedMail
from maild.message import Address, Attachment, AuthResult
from maild.outbox.delivery import Composed
from maild.question import Question
from maild.reason import Reason
from maild.store import brakes, incoming, letters, mutes, outbox, received_mail, tickets
from maild.store.apply import Applied, apply
from maild.store.engine import Store
from maild.store.recall import recall
from maild.store.views import ticket_views
from maild.ticket import MessageKind, Participant, ParticipantRole, Status, TicketView, Tier
from maild.tokens import LetterKind
from tests.rig.desk import (
    ACKNOWLEDGEMENT,
    ANN,
    BORIS,
    MINUTE,
    NOTIFICATION,
    NOW,
    a_decision,
    a_letter,
    a_message,
    a_ticket,
    an_arrival,
    composed,
)

EVE = Address("Eve", "eve@evil.example")


def applied(store: Store, decision: Decision, message: Incoming | None = None, first_number: int = 1) -> Applied:
    with store.writing() as tx:
        return apply(tx, decision, now=NOW, compose=composed, incoming=message, first_number=first_number)


def opened(store: Store, *effects: AddMessage | RecordEvent | Post | Link, after: TicketView | None = None) -> TicketView:
    ticket = applied(store, a_decision(*effects, after=after)).ticket
    assert ticket is not None
    return ticket


def recalled(store: Store, question: Question) -> Known:
    with store.reading() as tx:
        return recall(tx, question, NOW)


def stored_view(store: Store, number: int) -> TicketView:
    with store.reading() as tx:
        return ticket_views(tx, [number])[number]


def test_tickets_are_numbered_in_order_from_the_first_number(store: Store):
    assert [applied(store, a_decision(), first_number=1000).ticket_number for _ in range(3)] == [1000, 1001, 1002]


def test_a_new_ticket_reads_back_as_it_was_applied(store: Store):
    cc = Participant(Address("Bob", "bob@globex.example"), ParticipantRole.CC)
    draft = replace(
        a_ticket(tags=frozenset({"vip", "payment"})),
        participants=(Participant(ANN, ParticipantRole.REQUESTER), cc),
        fields={"order": "77"},
        requester_since=NOW,
        tier=Tier.L2,
        follower="anna",
        decided=frozenset({"queue"}),
        watchers=frozenset({"sales"}),
        language="bg",
        follow_up_of=None,
    )
    ticket = opened(store, after=draft)
    assert ticket == stored_view(store, ticket.number)
    assert replace(ticket, number=0, updated=NOW, customer_messages=0, references=(), last_customer_id=None, acknowledged=False) == draft


def test_linked_tickets_name_each_other_in_their_logs(store: Store):
    first = opened(store)
    second = opened(store, a_message(), Link(first.number))
    for ticket, other in ((first, second), (second, first)):
        with store.reading() as tx:
            last = tickets.list_events(tx, ticket.number)[-1]
        assert (last.kind, last.by, last.text) == ("linked", "maild", f"with #{other.number}: the same mail")


def test_what_follows_from_the_messages_is_kept(store: Store):
    first = a_message(message_id="first@globex.example")
    ticket = opened(store, first, Post(ACKNOWLEDGEMENT), Post(NOTIFICATION))
    assert (ticket.customer_messages, ticket.agent_messages, ticket.acknowledged) == (1, 0, True)
    assert ticket.last_customer_id == "first@globex.example"
    assert ticket.references == ("first@globex.example", "a.1.1.mac@acme.example")

    answer = a_message(kind=MessageKind.AGENT, message_id="boris@laptop.acme.example", author=BORIS)
    decision = a_decision(answer, Post(a_letter(kind=LetterKind.ANSWER)), before=ticket, after=replace(ticket, status=Status.WAITING))
    answered = applied(store, decision).ticket
    assert answered is not None
    assert answered == stored_view(store, ticket.number)
    assert (answered.customer_messages, answered.agent_messages, answered.status) == (1, 1, Status.WAITING)
    assert answered.references[-1] == "c.1.3.mac@acme.example"
    assert "boris@laptop.acme.example" not in answered.references


def test_only_the_last_ten_ids_of_a_thread_are_kept(store: Store):
    ticket = opened(store, *(a_message(message_id=f"{number}@x") for number in range(15)))
    assert ticket.references == tuple(f"{number}@x" for number in range(5, 15))


def test_the_difference_between_before_and_after_is_written(store: Store):
    ticket = opened(store, after=a_ticket(tags=frozenset({"old", "kept"})))
    people = (Participant(BORIS, ParticipantRole.THIRD_PARTY),)
    later = replace(ticket, tags=frozenset({"kept", "new"}), owner="boris", participants=people, fields={"a": "b"})
    applied(store, a_decision(RecordEvent("changed", "boris", "…"), before=ticket, after=later))
    assert stored_view(store, ticket.number) == later


def test_messages_attachments_events_and_traces_read_back(store: Store):
    document = Attachment("a.pdf", "application/pdf", 12, "0" * 64, False, None, 2)
    files = (document, Attachment("b.png", "image/png", 3, "1" * 64, True, "cid", 3))
    mail = replace(a_message(text="Hello\n> quoted"), visible="Hello", html="<p>Hello</p>", attachments=files)
    note = a_message(kind=MessageKind.NOTE, text="internal", message_id=None, internal=True)
    decision = replace(a_decision(mail, note, RecordEvent("opened", "maild", "new")), trace=({"rule": "vip", "fired": False},))
    number = applied(store, decision).ticket_number
    assert number is not None
    with store.reading() as tx:
        first, second = tickets.list_messages(tx, number)
        assert [(row.at, row.kind) for row in tickets.list_events(tx, number)] == [(NOW, "opened")]
        assert [row.rules for row in tickets.list_traces(tx, number)] == [({"rule": "vip", "fired": False},)]
    assert (first.text, first.visible, first.html, first.attachments) == ("Hello\n> quoted", "Hello", "<p>Hello</p>", files)
    assert (second.kind, second.internal, second.message_id, second.attachments) == (MessageKind.NOTE, True, None, ())


def test_letters_become_one_outbox_row_per_recipient(store: Store):
    letter = a_letter(kind=LetterKind.ANSWER, template="answer", recipients=(ANN,), cc=(BORIS, Address("", "ANN@globex.example")))
    result = applied(store, a_decision(a_message(), Post(letter)))
    with store.reading() as tx:
        rows = outbox.list_outbox(tx, ticket=result.ticket_number)
        assert {row.recipient for row in rows} == {"ann@globex.example", "boris@acme.example"}
        assert {row.letter for row in rows} == set(result.letters)
        assert letters.raw(tx, rows[0].id).startswith(b"Message-ID: <c.1.1.mac@acme.example>")


def test_the_incoming_message_is_settled_in_the_same_transaction(store: Store):
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    decision = replace(a_decision(), author=ANN, subject="The printer", evidence=(Reason("tag", "subject tag"),))
    number = applied(store, decision, message).ticket_number
    with store.reading() as tx:
        row = received_mail.show(tx, message.id)
        (stored,) = tickets.list_messages(tx, number or 0)
    assert (row.state, row.ticket, row.author, row.subject, row.message_class) == (IncomingState.DONE, number, ANN, "The printer", "human")
    assert stored.incoming == message.id


def test_what_was_kept_as_a_note_is_found_by_the_letter_that_tells_of_it_and_walks_again_once(store: Store):
    """A6."""
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    kept = replace(NOTIFICATION, template=KEPT_AS_NOTE)
    written = applied(store, a_decision(a_message(kind=MessageKind.NOTE), Post(kept), Post(NOTIFICATION)), message)
    question = Question("x", letters=frozenset(written.letters))
    telling, other = (recalled(store, question).letters[number] for number in written.letters)
    assert (telling.kept, other.kept) == (KeptMail(message.id, was_sent=False), None)
    applied(store, Decision(IncomingState.DONE, Reason("agent-act", "send"), written.ticket, written.ticket, (SendKept(message.id),)))
    assert recalled(store, question).letters[written.letters[0]].kept == KeptMail(message.id, was_sent=True)
    with store.writing() as tx:
        assert [again.sent_after_all for again in incoming.claim(tx, 1, "host:1", 60, NOW)] == [True]


def test_what_came_back_is_found_by_the_letter_that_gave_it_back_and_walks_again_until_it_has_gone(store: Store):
    """A7."""
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    ticket = opened(store)
    failed = Decision(IncomingState.DONE, Reason(COMMAND_FAILED, "line 1"), ticket, ticket)
    gave_back = replace(NOTIFICATION, template=COMMAND_FAILED, offer="#close")
    written = applied(store, replace(failed, effects=(Post(gave_back), Post(NOTIFICATION))), message)
    later = applied(store, replace(failed, effects=(Post(replace(gave_back, about=message.id, offer=None)),)))

    def returned() -> list[ReturnedMail | None]:
        numbers = written.letters + later.letters
        found = recalled(store, Question("x", letters=frozenset(numbers))).letters
        return [found[number].returned for number in numbers]

    def states(*, was_mended: bool) -> list[ReturnedMail | None]:
        return [ReturnedMail(message.id, "#close", was_mended), None, ReturnedMail(message.id, None, was_mended)]

    assert returned() == states(was_mended=False)
    mending = Decision(IncomingState.DONE, Reason("agent-act", "yes"), ticket, ticket, (SendMended(message.id, "#close"),))
    for reason, was_mended in ((failed.reason, False), (Reason("agent-act", "done"), True)):
        applied(store, mending)
        assert returned() == states(was_mended=True)
        with store.writing() as tx:
            (again,) = incoming.claim(tx, 1, "host:1", 60, NOW)
        assert (again.corrected, again.walks_again) == ("#close", True)
        applied(store, replace(failed, reason=reason), again)
        assert returned() == states(was_mended=was_mended)


def test_a_message_is_ordered_by_its_arrival_and_shown_with_the_time_it_says(store: Store):
    """P15."""
    late = replace(a_message(text="late", message_id="late@x"), at=NOW + MINUTE, shown=NOW - timedelta(hours=30))
    ticket = opened(store, late, a_message(text="first", message_id="first@x"))
    with store.reading() as tx:
        stored = tickets.list_messages(tx, ticket.number)
    earlier = recalled(store, Question("x", tickets=frozenset({ticket.number}))).earlier[ticket.number]
    assert [(row.text, row.at) for row in stored] == [("first", NOW), ("late", NOW - timedelta(hours=30))]
    assert {past.words: past.at for past in earlier} == {row.text: row.at for row in stored}


def test_a_letter_tells_whose_mail_it_was_written_because_of(store: Store):
    """F8."""
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    by_mail = applied(store, replace(a_decision(a_message(), Post(NOTIFICATION)), author=ANN), message)
    by_hand = applied(store, a_decision(a_message(), Post(NOTIFICATION)))
    found = recalled(store, Question("x", letters=frozenset(by_mail.letters + by_hand.letters))).letters
    assert [found[number].writer for number in by_mail.letters + by_hand.letters] == [ANN, None]


def test_colleagues_notes_are_recalled_where_they_are_asked_for(store: Store):
    """A6: only they must not go out with an agent's words."""
    notes = [replace(a_message(kind=MessageKind.NOTE, text=text, internal=True), agent=text) for text in ("anna", "boris")]
    ticket = opened(store, a_message(), *notes, replace(a_message(text="a rule", internal=True), agent=None))
    question = Question("x", tickets=frozenset({ticket.number}))
    assert recalled(store, question).notes == ()
    assert recalled(store, replace(question, notes_beside="anna")).notes == ("a rule", "boris")
    assert recalled(store, replace(question, notes_beside="anna")).own_notes == ("anna",)


def test_what_third_parties_have_written_for_all_agents_to_see_is_recalled_apart_from_notes(store: Store):
    """F6: it goes out with an agent's words only where he who wrote it gets them, too."""
    theirs = [a_message(kind=MessageKind.THIRD_PARTY, text=text, internal=text == "inside", author=BORIS) for text in ("seen", "inside")]
    ticket = opened(store, a_message(), *theirs)
    known = recalled(store, Question("x", tickets=frozenset({ticket.number}), notes_beside="anna"))
    assert (known.notes, known.strangers) == (("inside",), ((BORIS.key, "seen"),))


def test_what_others_have_answered_publicly_is_recalled_with_when_it_was_recorded(store: Store):
    """A11: a mail is recorded when it has walked, whenever it came; A15: nobody knows who wrote what lay in a Sent folder."""
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    answer = replace(a_message(kind=MessageKind.AGENT, author=BORIS, text="On Monday.", message_id="b@x"), agent="boris")
    early = replace(answer, at=NOW - MINUTE, shown=NOW - 2 * MINUTE)
    anna, note = replace(answer, agent="anna"), replace(answer, kind=MessageKind.NOTE, internal=True)
    number = applied(store, a_decision(a_message(), early, anna, note), message).ticket_number
    assert number is not None
    with store.reading() as tx:
        ticket = ticket_views(tx, [number])[number]
    applied(store, a_decision(replace(answer, agent=None, visible="On Tuesday.", at=NOW + MINUTE, shown=None), before=ticket, after=ticket))
    question = Question("x", tickets=frozenset({number}), notes_beside="anna")
    assert recalled(store, question).answers == {
        number: (
            KnownAnswer(BORIS, None, NOW + MINUTE, NOW + MINUTE, "On Tuesday."),
            KnownAnswer(BORIS, "boris", NOW, NOW - 2 * MINUTE, "On Monday."),
        )
    }
    assert recalled(store, replace(question, notes_beside="")).answers == {}


def test_a_held_answer_is_found_by_the_letter_that_tells_of_it_and_walks_again_until_it_has_gone(store: Store):
    """A11."""
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    ticket = opened(store)
    telling, other = replace(NOTIFICATION, template=CROSSED, offer="#note"), replace(NOTIFICATION, as_of=NOW - MINUTE)
    held = Decision(IncomingState.DONE, Reason(CROSSED, "Boris"), ticket, ticket, (Post(telling), Post(other)))
    written = applied(store, held, message)

    def letters_known() -> list[tuple[ReturnedMail | None, datetime]]:
        found = recalled(store, Question("x", letters=frozenset(written.letters))).letters
        return [(found[number].crossed, found[number].knows_until) for number in written.letters]

    assert letters_known() == [(ReturnedMail(message.id, "#note", was_mended=False), NOW), (None, NOW - MINUTE)]
    applied(store, Decision(IncomingState.DONE, Reason("agent-act", "send"), ticket, ticket, (SendCrossed(message.id, NOW),)))
    assert letters_known()[0] == (ReturnedMail(message.id, "#note", was_mended=True), NOW)
    with store.writing() as tx:
        (again,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    assert (again.caught_up, again.walks_again) == (NOW, True)


def test_an_agents_last_three_mails_are_recalled_where_there_are_so_many(store: Store):
    """P9: his own, on whatever ticket, and neither the one in hand nor what he wrote at the command line."""
    question = Question("m5@x", answers_of="anna")
    mails = [replace(a_message(kind=MessageKind.AGENT, text=f"{number}"), agent="anna", message_id=f"m{number}@x") for number in range(6)]
    others = (replace(mails[0], agent="boris", message_id="b@x"), replace(mails[0], message_id=None), a_message(kind=MessageKind.CUSTOMER))
    opened(store, a_message(), *mails[:2], *others)
    assert recalled(store, question).own_answers == ()
    opened(store, a_message(), *mails[2:])
    assert [answer.text for answer in recalled(store, question).own_answers] == ["4", "3", "2"]
    assert recalled(store, Question("m5@x")).own_answers == ()


def test_a_decision_without_a_ticket_spends_no_number(store: Store):
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    event = RecordEvent("quarantined", "maild", "auto")
    nothing = Decision(IncomingState.QUARANTINED, Reason("auto", "an automatic reply"), effects=(event,))
    assert applied(store, nothing, message) == Applied(None, ())
    with store.reading() as tx:
        assert received_mail.show(tx, message.id).state is IncomingState.QUARANTINED
    assert opened(store).number == 1


def test_a_letter_may_concern_no_ticket_but_a_message_may_not(store: Store):
    def lonely(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
        assert ticket is None
        return composed(letter, a_ticket(), number)

    told = Decision(IncomingState.QUARANTINED, Reason("unverified", "unproven"), effects=(Post(NOTIFICATION),))
    with store.writing() as tx:
        numbers = apply(tx, told, now=NOW, compose=lonely, incoming=None, first_number=1).letters
        assert [(row.letter, row.ticket) for row in outbox.list_outbox(tx)] == [(numbers[0], None)]
    with pytest.raises(ValueError, match="no ticket"):
        applied(store, Decision(IncomingState.DONE, Reason("x", "x"), effects=(a_message(),)))


def test_a_letter_that_cannot_be_composed_undoes_its_ticket_only(store: Store):
    def broken(_: Letter, __: TicketView | None, ___: int) -> Composed:
        raise RuntimeError("no such template")

    with store.writing() as tx:
        with pytest.raises(RuntimeError), store.savepoint(tx):
            apply(tx, a_decision(), now=NOW, compose=broken, incoming=None, first_number=1)
        apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1)
    with store.reading() as tx:
        assert [row.number for row in tickets.list_tickets(tx)] == [1]
        assert {row.letter for row in outbox.list_outbox(tx)} == {1, 2}


def test_recall_knows_nothing_of_a_stranger(store: Store):
    opened(store)
    assert recalled(store, Question("unknown@x", ids=("also@unknown",), tickets=frozenset({99}), letters=frozenset({99}))) == Known()


def test_recall_finds_duplicates_by_the_messages_own_id(store: Store):
    identity = Identity("mail-a@x", "abc", NOW - MINUTE)
    with store.writing() as tx:
        first, second, third = incoming.store_arrivals(tx, [an_arrival(uid=uid) for uid in (1, 2, 3)], NOW)
        arrived = {message.id: message for message in incoming.claim(tx, 50, "host:1", 60, NOW)}
    ticket = applied(store, replace(a_decision(), identity=identity, author=ANN), arrived[first]).ticket
    assert ticket is not None
    # An agent's mail of commands only leaves no message on the ticket, a mail in quarantine has none.
    commands = a_decision(RecordEvent("closed", "anna", "closed"), before=ticket, after=ticket)
    applied(store, replace(commands, identity=replace(identity, fingerprint="def")), arrived[second])
    kept_out = Decision(
        IncomingState.QUARANTINED, Reason("spam", "spam"), identity=replace(identity, fingerprint="ghi"), auth=AuthResult.FAIL
    )
    applied(store, kept_out, arrived[third])
    copies = recalled(store, Question("mail-a@x", fingerprint="def")).same_id
    assert copies[0] == KnownCopy(second, "def", NOW - MINUTE, ticket.number, in_quarantine=False)
    assert copies[1] == KnownCopy(first, "abc", NOW - MINUTE, ticket.number, in_quarantine=False, author=ANN.key)
    assert copies[2] == KnownCopy(third, "ghi", NOW - MINUTE, None, in_quarantine=True, failed=True)


def test_recall_finds_foreign_ids_with_their_tickets_and_the_first_owner_of_each(store: Store):
    first = opened(store, a_message(message_id="shared@x"))
    opened(store, a_message(message_id="shared@x"))
    known = recalled(store, Question("new@x", ids=("unknown@x", "shared@x")))
    assert {identifier: message.ticket for identifier, message in known.by_id.items()} == {"shared@x": first.number}
    assert known.tickets[first.number] == stored_view(store, first.number)


def test_recall_tells_whose_own_mail_an_id_is(store: Store):
    opened(store, a_message(message_id="asked@x"), replace(a_message(message_id="17@laptop", kind=MessageKind.AGENT), agent="anna"))
    known = recalled(store, Question("new@x", ids=("asked@x", "17@laptop")))
    assert {identifier: message.agent for identifier, message in known.by_id.items()} == {"asked@x": None, "17@laptop": "anna"}


def test_recall_finds_our_letters_by_number_and_by_id(store: Store):
    ticket = opened(store)
    known = recalled(store, Question("a.1.1.mac@acme.example", letters=frozenset({2}), own_letter=1))
    assert known.own is not None
    assert (known.own.letter, known.own.kind, known.own.created) == (1, LetterKind.ACKNOWLEDGEMENT, NOW)
    assert known.own_recipients == (ANN.key,)
    assert (known.letters[2].kind, known.letters[2].agent, known.letters[2].ticket) == (LetterKind.NOTIFICATION, "boris", ticket.number)
    assert set(known.tickets) == {ticket.number}


def test_recall_knows_whom_a_letter_was_for_in_their_order(store: Store):
    opened(store, Post(ACKNOWLEDGEMENT), Post(a_letter(kind=LetterKind.ANSWER, cc=(BORIS, ANN))))
    assert recalled(store, Question("new@x", bounced=2)).bounced == BouncedLetter(2, (ANN.key, BORIS.key))
    assert recalled(store, Question("new@x")).bounced is None


def test_recall_finds_the_tickets_that_already_refer_to_an_orphan(store: Store):
    ticket = opened(store, a_message(references=("late@x", "other@x")))
    assert recalled(store, Question("late@x")).adopters == (ticket.number,)


def test_recall_follows_merges_and_survives_a_circle(store: Store):
    target = opened(store)
    first, second = opened(store), opened(store)
    for ticket, into in ((first, second.number), (second, target.number), (target, first.number)):
        merged = replace(ticket, status=Status.MERGED, merged_into=into)
        applied(store, a_decision(RecordEvent("merged", "anna", "…"), before=ticket, after=merged))
    known = recalled(store, Question("new@x", tickets=frozenset({first.number})))
    assert set(known.tickets) == {target.number, first.number, second.number}


def test_recall_counts_automatic_mail_in_each_window(store: Store):
    for _ in range(3):
        opened(store)
    windows = (("recipient", 3600), ("domain", 3600), ("queue", 3600), ("all", 60), ("storm sender", 600), ("storm domain", 600))
    question = Question("new@x", addressees=frozenset({"bob@globex.example"}), queues=("support", "sales"), windows=windows)
    about_bob = {
        ("recipient", "bob@globex.example", 3600): 0,
        ("domain", "globex.example", 3600): 3,
        ("queue", "support", 3600): 3,
        ("queue", "sales", 3600): 0,
        ("all", "", 60): 0,
        ("storm sender", "bob@globex.example", 600): 0,
        ("storm domain", "globex.example", 600): 3,
    }
    with store.reading() as tx:
        later = NOW + timedelta(minutes=5)
        assert recall(tx, question, later).sent.counts == about_bob
        about_ann_too = recall(tx, replace(question, tickets=frozenset({1})), NOW).sent
    assert about_ann_too.count("recipient", "ann@globex.example", 3600) == 3, "her ticket may be the one, and what is sent would go to her"
    assert about_ann_too.count("all", "", 60) == 3


def test_recall_tells_copies_that_lay_in_the_junk_folder(store: Store):
    with store.writing() as tx:
        ids = incoming.store_arrivals(tx, [an_arrival(uid=1), replace(an_arrival(uid=1), part=Part.JUNK)], NOW)
        for message in ids:
            identity = Identity("m@globex.example", "f", NOW)
            incoming.finish(tx, message, IncomingState.QUARANTINED, Reason("spam", ""), NOW, identity=identity)
    assert [(copy.in_quarantine, copy.in_junk) for copy in recalled(store, Question("m@globex.example")).same_id] == [
        (True, False),
        (True, True),
    ]


def test_recall_knows_who_has_written_before(store: Store):
    opened(store)
    opened(store, after=a_ticket(requester=BORIS, status=Status.SPAM))
    assert not recalled(store, Question("new@x", sender=BORIS.key)).history.has_written
    assert recalled(store, Question("new@x", sender="ann@globex.example")).history.has_written
    assert not recalled(store, Question("new@x", sender="eve@globex.example")).history.has_written


def test_recall_tells_what_was_said_before_and_which_of_it_is_a_note_or_a_third_partys(store: Store):
    ticket = opened(store)
    for kind, internal in (
        (MessageKind.AGENT, False),
        (MessageKind.NOTE, True),
        (MessageKind.THIRD_PARTY, False),
        (MessageKind.CUSTOMER, True),
    ):
        applied(store, a_decision(a_message(kind=kind, text=f"{kind.value} {'x' * 1000}", internal=internal), before=ticket, after=ticket))
    other, note, last, first = recalled(store, Question("new@x", tickets=frozenset({ticket.number}))).earlier[ticket.number]
    assert (other.words[:12], other.third_party, other.is_note) == ("third_party ", "ann@globex.example", False)
    assert (note.words[:5], note.is_note, last.is_note, first.is_note) == ("note ", True, False, False)
    assert {past.third_party for past in (note, last, first)} == {""}
    assert (last.words[:6], len(last.words)) == ("agent ", 400)
    assert (first.author, first.words[:10]) == ("Ann Smith", "Since this")


def test_recall_knows_whom_a_colleague_has_answered(store: Store):
    ticket = opened(store)
    assert not recalled(store, Question("new@x", sender="ann@globex.example")).history.was_answered
    applied(store, a_decision(a_message(kind=MessageKind.AGENT), before=ticket, after=ticket))
    assert recalled(store, Question("new@x", sender="ann@globex.example")).history.was_answered


def test_recall_remembers_how_a_sender_behaved_within_the_hour(store: Store):
    with store.writing() as tx:
        first, second = incoming.store_arrivals(tx, [an_arrival(uid=uid) for uid in (1, 2)], NOW)
        arrived = {message.id: message for message in incoming.claim(tx, 50, "host:1", 60, NOW)}
    guess = Decision(IncomingState.QUARANTINED, Reason("x", "x"), author=EVE, conduct=Conduct(3, True, "hash"))
    applied(store, guess, arrived[first])
    applied(store, replace(guess, author=BORIS, conduct=Conduct(0, False, "hash")), arrived[second])
    history = recalled(store, Question("new@x", sender=EVE.key)).history
    assert history.recent == (RecentMail(None, Conduct(3, True, "hash"), NOW),)
    assert history.domain_guesses == 3
    with store.reading() as tx:
        later = recall(tx, Question("new@x", sender=EVE.key), NOW + timedelta(hours=2)).history
    assert (later.recent, later.domain_guesses) == ((), 0)


def test_recall_knows_when_automatic_mail_last_went_to_the_sender(store: Store):
    opened(store)
    assert recalled(store, Question("new@x", sender=ANN.key)).history.last_automatic == NOW
    assert recalled(store, Question("new@x", sender=BORIS.key)).history.last_automatic is None, "notifications are no automatic mail"


def test_recall_knows_on_which_tickets_the_sender_was_named(store: Store):
    ticket = opened(store, replace(a_message(message_id="first@x"), named=(EVE.key,)))
    question = Question("new@x", ids=("first@x",), sender=EVE.key)
    assert recalled(store, question).history.named_on == {ticket.number}
    assert recalled(store, replace(question, sender=BORIS.key)).history.named_on == frozenset()
    assert recalled(store, replace(question, ids=())).history.named_on == frozenset()


def test_it_is_known_who_got_nothing_of_a_ticket_but_agents_notes(store: Store):
    """F11: neither a machine's mail nor a stranger's that stays inside is an agent's word, and whoever got anything else is not inside."""
    note = replace(a_message(kind=MessageKind.NOTE, internal=True), agent="anna", named=(EVE.key,))
    stray = replace(a_message(kind=MessageKind.AUTO, internal=True), named=(EVE.key,))
    answer = replace(a_message(kind=MessageKind.AGENT), agent="anna", named=(EVE.key,))
    inside = [opened(store, a_message(), *messages).number for messages in ((note,), (note, stray), (stray,), (note, answer), ())]
    question = Question("x", sender=EVE.key, tickets=frozenset(inside))
    assert recalled(store, question).history.named_inside == frozenset(inside[:2])
    assert recalled(store, replace(question, sender=BORIS.key)).history.named_inside == frozenset()


def test_whoever_is_muted_is_so_until_it_ends(store: Store):
    ticket = opened(store)
    key, pair = guess_key(EVE.key), pair_key(ticket.number, EVE.key)
    applied(store, a_decision(Mute(key, NOW + MINUTE, "guessed"), Mute(pair, NOW + 5 * MINUTE, "loop")))
    question = Question("new@x", sender=EVE.key, tickets=frozenset({ticket.number}))
    assert recalled(store, question).history.muted == {key: NOW + MINUTE, pair: NOW + 5 * MINUTE}
    with store.writing() as tx:
        assert recall(tx, question, NOW + 2 * MINUTE).history.muted.keys() == {pair}
        assert mutes.forget_ended(tx, NOW + 2 * MINUTE) == 1
    applied(store, a_decision(LiftMute(pair)))
    assert recalled(store, question).history.muted == {}


def test_a_tripped_breaker_stays_so_until_it_is_resumed(store: Store):
    question = Question("new@x", addressees=frozenset({ANN.key}), windows=(("all", 600),))
    assert recalled(store, question).sent.stopped == ""
    applied(store, a_decision(TripBreaker("600 mails in 10 minutes")))
    assert recalled(store, question).sent.stopped == "600 mails in 10 minutes"
    with store.writing() as tx:
        brakes.resume(tx)
    assert recalled(store, question).sent.stopped == ""


def test_recall_knows_whose_mail_was_authenticated_before(store: Store):
    for uid, author, auth in ((1, ANN, AuthResult.PASS), (2, Address("", "eve@globex.example"), AuthResult.FAIL)):
        with store.writing() as tx:
            (message,) = incoming.store_arrivals(tx, [an_arrival(uid=uid)], NOW)
            incoming.finish(tx, message, IncomingState.DONE, Reason("new", ""), NOW, author=author, auth=auth)
    assert recalled(store, Question("new@x", sender="ann@globex.example")).history.has_passed
    assert not recalled(store, Question("new@x", sender="eve@globex.example")).history.has_passed
    assert not recalled(store, Question("new@x")).history.has_passed


def test_recall_quotes_what_the_customer_said_last_and_nobody_else(store: Store):
    others = (a_message(kind=MessageKind.THIRD_PARTY, text="third"), a_message(text="internal", internal=True))
    ticket = opened(store, a_message(text="first"), a_message(text="last"), *others)
    known = recalled(store, Question("new@x", tickets=frozenset({ticket.number})))
    assert known.last_words == {ticket.number: LastWords("last", "Ann Smith", at=NOW)}


def test_recall_tells_which_words_are_tags(store: Store):
    opened(store, after=a_ticket(tags=frozenset({"vip"})))
    assert recalled(store, Question("new@x", tags=frozenset({"vip", "hello"}))).tag_names == {"vip"}


def test_hostile_text_is_stored_and_found_again(store: Store):
    hostile = "NUL \x00 and a lone \ud800 surrogate"
    long_id = "x" * 5000 + "@x"
    ticket = opened(store, replace(a_message(text=hostile, subject=hostile, message_id=hostile, references=(long_id,)), html=hostile))
    assert recalled(store, Question(hostile, ids=(hostile,))).tickets.keys() == {ticket.number}
    assert recalled(store, Question(long_id)).adopters == (ticket.number,)


def test_where_a_rule_that_rests_has_fired_last_is_recalled_where_that_is_asked_for(store: Store):
    ticket = opened(store)
    for at in (NOW, NOW + MINUTE):
        applied(store, a_decision(NoteFiring("vip", at), NoteFiring(f"at {at:%M}", at), before=ticket, after=ticket))
    asked = Question("x@globex.example", tickets=frozenset({ticket.number}), resting=True)
    last = {"vip": NOW + MINUTE, f"at {NOW:%M}": NOW, f"at {NOW + MINUTE:%M}": NOW + MINUTE}
    assert recalled(store, asked).fired == {ticket.number: last}
    assert recalled(store, replace(asked, resting=False)).fired == {}
