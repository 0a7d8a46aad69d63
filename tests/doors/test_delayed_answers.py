"""Answers that wait in the outbox and are taken back, on each engine: what is sent when, and to whom (`send_after`; MAIL.md A7, O6)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from maild.desk.acts import Act
from maild.desk.command import Command
from maild.errors import WrongStateError
from maild.front_desk import FrontDesk
from maild.housekeeping import housekeep
from maild.outbox.delivery import Deferred, DeliveryState, Sent, Unknown
from maild.store import delayed_answers, deliveries, letters, outbox, tickets
from maild.store.engine import Store, open_store
from maild.store.retention import forget_tickets
from maild.store.tables.mail_out import letters as letter_rows
from maild.store.tables.mail_out import sent_copies
from maild.ticket import MessageKind, Status, Tier
from tests.rig.desk import MINUTE, NOW
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to, text_of
from tests.rig.replay import Replay
from tests.rig.small_office import DESK, an_office

HOLDING = DESK.replace("mode: live", "mode: live, send_after: 60s, lead: boris") + "limits: {automatic: off, storm: off}\n"
ANN, BOB = "ann@globex.example", "bob@globex.example"
SECOND = timedelta(seconds=1)
CANCELLED, QUEUED, SENT = DeliveryState.CANCELLED, DeliveryState.QUEUED, DeliveryState.SENT


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Replay:
    return Replay(an_office(tmp_path, HOLDING), store)


def asked(desk: Replay, cc: str = "") -> int:
    """Ann's new ticket."""
    number = desk.receive(an_email(sender=f"Ann <{ANN}>", headers={"Cc": cc}), NOW)
    assert number is not None
    return number


def notice(desk: Replay, agent: str, ticket: int) -> EmailMessage:
    """The agent's last letter about a ticket."""
    return parsed(desk.letters_about(f"{agent}@acme.example", ticket)[-1].raw)


def answer(desk: Replay, ticket: int, body: str, at: datetime = NOW, agent: str = "anna") -> None:
    """An agent answers his last letter about a ticket."""
    desk.receive(an_answer_to(notice(desk, agent, ticket), f"{agent}@acme.example", f"{body}\n"), at)


def waits(desk: Replay, ticket: int) -> list[tuple[str, DeliveryState]]:
    """The recipients of the answers on a ticket, and how far these have come."""
    with desk.store.reading() as tx:
        rows = outbox.list_outbox(tx, ticket=ticket)
    return [(row.recipient, row.state) for row in reversed(rows) if row.template == "answer"]


def sent_at(desk: Replay, at: datetime) -> list[str]:
    """The kinds of letters that are sent once all that is due then has gone."""
    kinds: list[str] = []
    with desk.store.writing() as tx:
        while delivery := deliveries.claim(tx, at, "me", 60):
            deliveries.record(tx, delivery.id, Sent("250 OK"), at)
            kinds.append(delivery.kind)
    return kinds


def kinds(desk: Replay, ticket: int) -> list[MessageKind]:
    with desk.store.reading() as tx:
        return [message.kind for message in tickets.list_messages(tx, ticket)]


def events(desk: Replay, ticket: int) -> list[str]:
    with desk.store.reading() as tx:
        return [event.kind for event in tickets.list_events(tx, ticket)]


def test_an_answer_waits_and_nothing_else_does(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "It is on its way.")
    assert sent_at(desk, NOW) == ["notification", "notification", "acknowledgement"]
    assert desk.ticket(ticket).status is Status.WAITING
    with desk.store.reading() as tx:
        (row,) = outbox.list_outbox(tx, state=QUEUED)
        assert (row.next_attempt, row.attempts) == (NOW + MINUTE, 0)
        assert list(delayed_answers.find_waiting(tx, ticket).values()) == [NOW + MINUTE]
    assert sent_at(desk, NOW + MINUTE - SECOND) == []
    assert sent_at(desk, NOW + MINUTE) == ["answer"]
    with desk.store.reading() as tx:
        assert delayed_answers.find_waiting(tx, ticket) == {}


def test_a_restart_neither_forgets_an_answer_nor_sends_it_early(desk: Replay, store_url: str, tmp_path: Path):
    answer(desk, asked(desk), "It is on its way.")
    sent_at(desk, NOW)
    desk.store.close()
    desk.store = open_store(store_url, tmp_path, create=False)
    housekeep(desk.store, desk.office.desk.settings, NOW + SECOND)
    assert sent_at(desk, NOW + MINUTE - SECOND) == []
    assert sent_at(desk, NOW + MINUTE) == ["answer"]
    desk.store.close()


def test_a_ticket_that_was_handed_up_with_an_answer_comes_back_with_it(store: Store, tmp_path: Path):
    """PRODUCT 14: the customer has not been told, since the answer said so."""
    desk = Replay(an_office(tmp_path, HOLDING.replace("email: boris@acme.example", "email: boris@acme.example, tier: 2")), store)
    number = asked(desk)
    answer(desk, number, "#l2\nBoris will look at it.")
    handed = desk.ticket(number)
    assert (handed.tier, handed.owner, handed.follower) == (Tier.L2, "boris", "anna")
    answer(desk, number, "#undo", NOW + SECOND)
    back = desk.ticket(number)
    assert (back.tier, back.owner, back.follower, back.status) == (Tier.L1, None, None, Status.NEW)
    answer(desk, number, "#l2\nBoris will look at it.", NOW + 2 * SECOND)
    answer(desk, number, "#set tier=L1", NOW + 3 * SECOND, agent="boris")
    answer(desk, number, "#undo", NOW + 4 * SECOND)
    assert desk.ticket(number).tier is Tier.L1


@pytest.mark.parametrize("undone", [False, True])
def test_a_notice_waits_behind_the_answer_that_was_given_before_it(desk: Replay, undone: bool):
    """A14: whoever reads that his ticket is closed has read the answer."""
    number = asked(desk)
    answer(desk, number, "It is on its way.")
    answer(desk, number, "#close", NOW + 10 * SECOND)
    if undone:
        answer(desk, number, "#undo", NOW + 20 * SECOND)
    assert "status" not in sent_at(desk, NOW + 59 * SECOND)
    assert sent_at(desk, NOW + MINUTE) == (["status"] if undone else ["answer", "status"])
    answer(desk, number, "#open\n#note\nOnce more.", NOW + 2 * MINUTE)
    answer(desk, number, "#close", NOW + 2 * MINUTE)
    assert "status" in sent_at(desk, NOW + 2 * MINUTE)


def test_an_answer_that_is_taken_back_goes_to_nobody_and_comes_back_to_its_author(desk: Replay):
    ticket = asked(desk, cc=BOB)
    before = desk.ticket(ticket)
    answer(desk, ticket, "#close\n#tag vip\nIt is on its way.")
    assert waits(desk, ticket) == [(ANN, QUEUED), (BOB, QUEUED)]
    assert (desk.ticket(ticket).status, desk.ticket(ticket).owner) == (Status.CLOSED, "anna")
    answer(desk, ticket, "#undo", NOW + 30 * SECOND)
    assert waits(desk, ticket) == [(ANN, CANCELLED), (BOB, CANCELLED)]
    after = desk.ticket(ticket)
    assert after == replace(before, tags=frozenset({"vip"}), decided=frozenset({"status"}), updated=after.updated)
    assert kinds(desk, ticket) == [MessageKind.CUSTOMER, MessageKind.NOTE]
    assert events(desk, ticket)[-3:] == ["received", "recalled", "changed"]
    assert "It is on its way." in text_of(notice(desk, "anna", ticket))
    assert "answer" not in sent_at(desk, NOW + 60 * MINUTE)


def test_a_corrected_answer_to_the_letter_that_brought_it_back_waits_anew(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "It is on its wya.")
    answer(desk, ticket, "#undo", NOW + 30 * SECOND)
    answer(desk, ticket, "It is on its way.", NOW + 40 * SECOND)
    assert waits(desk, ticket) == [(ANN, CANCELLED), (ANN, QUEUED)]
    sent_at(desk, NOW + MINUTE)
    assert waits(desk, ticket)[-1] == (ANN, QUEUED)
    assert sent_at(desk, NOW + MINUTE + 40 * SECOND) == ["answer"]
    assert kinds(desk, ticket) == [MessageKind.CUSTOMER, MessageKind.NOTE, MessageKind.AGENT]


def test_of_the_letter_that_brought_an_answer_back_nothing_reaches_the_customer(desk: Replay):
    """MAIL.md A8: quoted below the new answer it is cut off; with words between its lines the answer comes back."""
    ticket = asked(desk)
    answer(desk, ticket, "It is on its wya.")
    answer(desk, ticket, "#undo", NOW + SECOND)
    back = notice(desk, "anna", ticket)
    lines = [f"> {line}".rstrip() for line in text_of(back).splitlines()]
    quoted = "\n".join((f"On Fri, 20 Nov 2026 at 10:02, {back['From']} wrote:", *lines, ""))
    desk.receive(an_answer_to(back, "anna@acme.example", f"It is on its way.\n\n{quoted}"), NOW + 2 * SECOND)
    written = text_of(parsed(desk.letters_about(ANN, ticket)[-1].raw))
    assert ("on its way." in written, "taken back" in written, "wya" in written) == (True, False, False)
    between = quoted.replace("> It is on its wya.", "> It is on its wya.\n\non its way, I mean\n")
    desk.receive(an_answer_to(back, "anna@acme.example", between), NOW + 3 * SECOND)
    assert "between your words" in text_of(notice(desk, "anna", ticket))
    assert len(waits(desk, ticket)) == 2


def test_answers_are_taken_back_one_after_the_other(desk: Replay):
    ticket = asked(desk)
    before = desk.ticket(ticket)
    answer(desk, ticket, "It is on its way.")
    answer(desk, ticket, "And it is blue.", NOW + SECOND)
    answer(desk, ticket, "#undo", NOW + 2 * SECOND)
    assert (desk.ticket(ticket).status, kinds(desk, ticket)[1:]) == (Status.WAITING, [MessageKind.AGENT, MessageKind.NOTE])
    answer(desk, ticket, "#undo", NOW + 3 * SECOND)
    assert (desk.ticket(ticket).status, kinds(desk, ticket)[1:]) == (before.status, [MessageKind.NOTE, MessageKind.NOTE])
    answer(desk, ticket, "#undo", NOW + 4 * SECOND)
    assert "nothing was merged, linked or split" in text_of(notice(desk, "anna", ticket))


def test_what_somebody_has_when_it_is_taken_back_stays_an_answer(desk: Replay):
    ticket = asked(desk, cc=BOB)
    answer(desk, ticket, "It is on its way.")
    sent_at(desk, NOW)
    with desk.store.writing() as tx:
        delivery = deliveries.claim(tx, NOW + MINUTE, "me", 60)
    assert delivery is not None
    answer(desk, ticket, "#undo", NOW + MINUTE)
    assert waits(desk, ticket) == [(ANN, DeliveryState.SENDING), (BOB, CANCELLED)]
    assert (kinds(desk, ticket)[-1], desk.ticket(ticket).status) == (MessageKind.AGENT, Status.WAITING)
    back = notice(desk, "anna", ticket)
    assert f"{ANN} had it already" in text_of(back)
    with desk.store.writing() as tx:
        deliveries.record(tx, delivery.id, Sent("250 OK"), NOW + MINUTE)
    answer(desk, ticket, "send", NOW + 2 * MINUTE)
    assert "here is nothing to send" in text_of(notice(desk, "anna", ticket))
    desk.receive(an_answer_to(back, "anna@acme.example", "#undo\n"), NOW + 2 * MINUTE)
    assert f"your answer was sent at 10:03:11 to {ANN}, does not go to {BOB}" in text_of(notice(desk, "anna", ticket))


def test_what_the_relay_would_not_take_yet_is_taken_back(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "It is on its way.")
    sent_at(desk, NOW)
    with desk.store.writing() as tx:
        delivery = deliveries.claim(tx, NOW + MINUTE, "me", 60)
        assert delivery is not None
        deliveries.record(tx, delivery.id, Deferred("451 try later", NOW + 6 * MINUTE), NOW + MINUTE)
    answer(desk, ticket, "#undo", NOW + 2 * MINUTE)
    assert (waits(desk, ticket), kinds(desk, ticket)[-1]) == ([(ANN, CANCELLED)], MessageKind.NOTE)


def test_what_may_have_arrived_once_is_not_taken_back(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "It is on its way.")
    sent_at(desk, NOW)
    for outcome in (Unknown("cut off", NOW + 2 * MINUTE), Deferred("451 try later", NOW + 9 * MINUTE)):
        with desk.store.writing() as tx:
            delivery = deliveries.claim(tx, NOW + 2 * MINUTE, "me", 60)
            assert delivery is not None
            deliveries.record(tx, delivery.id, outcome, NOW + 2 * MINUTE)
    answer(desk, ticket, "#undo", NOW + 3 * MINUTE)
    assert (waits(desk, ticket), kinds(desk, ticket)[-1]) == ([(ANN, DeliveryState.DEFERRED)], MessageKind.AGENT)
    assert f"your answer may have been sent to {ANN}" in text_of(notice(desk, "anna", ticket))


def test_what_has_gone_out_is_not_taken_back_and_nothing_else_is_by_mistake(desk: Replay):
    other, ticket = asked(desk), asked(desk)
    told = notice(desk, "anna", ticket)
    answer(desk, ticket, f"#link {other}")
    answer(desk, ticket, "It is on its way.", NOW + SECOND)
    sent_at(desk, NOW + 2 * MINUTE)
    answer(desk, ticket, "#undo", NOW + 3 * MINUTE)
    words = " ".join(text_of(notice(desk, "anna", ticket)).split())
    assert f"your answer was sent at 10:04:11 to {ANN}, and cannot be taken back" in words
    assert f"what can be undone is the link with #{other}: write #undo link" in words
    assert "undone" not in events(desk, ticket)
    desk.receive(an_answer_to(told, "anna@acme.example", "#undo link\n"), NOW + 4 * MINUTE)
    assert "undone" in events(desk, ticket)


def test_a_merge_since_is_undone_first_and_then_the_answer(desk: Replay):
    first, ticket = asked(desk), asked(desk)
    answer(desk, ticket, "It is on its way.")
    answer(desk, ticket, f"#merge {first} anyway", NOW + SECOND)
    assert kinds(desk, first)[-1] is MessageKind.AGENT
    answer(desk, ticket, "#undo", NOW + 2 * SECOND)
    assert kinds(desk, ticket) == [MessageKind.CUSTOMER, MessageKind.AGENT]
    answer(desk, ticket, "#undo", NOW + 3 * SECOND)
    assert (kinds(desk, ticket), waits(desk, ticket)) == ([MessageKind.CUSTOMER, MessageKind.NOTE], [(ANN, CANCELLED)])


def test_only_its_author_and_who_leads_the_department_take_an_answer_back(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "It is red.", agent="boris")
    answer(desk, ticket, "#undo", NOW + SECOND)
    assert "Boris's answer waits until 10:03:11, and only its author or a lead can take it back" in text_of(notice(desk, "anna", ticket))
    answer(desk, ticket, "#undo", NOW + 2 * SECOND, agent="boris")
    answer(desk, ticket, "It is blue.", NOW + 3 * SECOND)
    answer(desk, ticket, "#undo", NOW + 4 * SECOND, agent="boris")
    assert waits(desk, ticket) == [(ANN, CANCELLED), (ANN, CANCELLED)]
    assert "Your answer was taken back by Boris before it went out." in text_of(notice(desk, "anna", ticket))


def test_a_customer_who_writes_meanwhile_gets_the_answer_and_keeps_the_ticket_open(desk: Replay):
    ticket = asked(desk)
    ack = parsed(desk.letters_about(ANN, ticket)[0].raw)
    answer(desk, ticket, "It is on its way.")
    desk.receive(an_answer_to(ack, f"Ann <{ANN}>", "Is it on its way?\n"), NOW + 30 * SECOND)
    assert (desk.ticket(ticket).status, waits(desk, ticket)) == (Status.OPEN, [(ANN, QUEUED)])
    assert "! Anna's answer waits until 10:03:11. #undo takes it back before it goes out." in text_of(notice(desk, "anna", ticket))
    answer(desk, ticket, "#undo", NOW + 40 * SECOND)
    assert (desk.ticket(ticket).status, waits(desk, ticket)) == (Status.OPEN, [(ANN, CANCELLED)])
    desk.receive(an_answer_to(ack, f"Ann <{ANN}>", "And when does it come?\n"), NOW + 50 * SECOND)
    assert "waits until" not in text_of(notice(desk, "anna", ticket))


def test_an_answer_that_waits_is_a_colleagues_answer_until_it_is_taken_back(desk: Replay):
    """MAIL.md A11."""
    ticket = asked(desk)
    for_boris = notice(desk, "boris", ticket)
    answer(desk, ticket, "It is on its way.", NOW + SECOND)
    desk.receive(an_answer_to(for_boris, "boris@acme.example", "It is lost.\n"), NOW + SECOND)
    assert "A colleague has answered since" in " ".join(text_of(notice(desk, "boris", ticket)).split())
    answer(desk, ticket, "#undo", NOW + 2 * SECOND)
    desk.receive(an_answer_to(for_boris, "boris@acme.example", "It is lost, I fear.\n"), NOW + 3 * SECOND)
    assert waits(desk, ticket) == [(ANN, CANCELLED), (ANN, QUEUED)]


def test_the_owner_who_was_told_of_a_colleagues_answer_hears_that_it_was_taken_back(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "#take", agent="boris")
    answer(desk, ticket, "It is on its way.", NOW + SECOND)
    answer(desk, ticket, "#undo", NOW + 2 * SECOND)
    told = text_of(notice(desk, "boris", ticket))
    assert "! Anna took this answer back before it went out. The customer did not get it." in told
    assert told.startswith("Reply = internal note")


def test_at_the_command_line_an_answer_goes_at_once_and_those_that_wait_are_taken_back(desk: Replay):
    ticket = asked(desk)
    sent_at(desk, NOW)
    boris = desk.office.desk.settings.agents["boris"]
    front = FrontDesk(desk.store, desk.office, boris)
    front.act(ticket, Act(boris, "boris", NOW, body="It is red."))
    with desk.store.reading() as tx:
        (row,) = outbox.list_outbox(tx, state=QUEUED)
    assert row.next_attempt == row.created
    answer(desk, ticket, "It is blue.", NOW + SECOND)
    front.act(ticket, Act(boris, "boris", NOW + 2 * SECOND, (Command("undo", ""),)))
    assert waits(desk, ticket) == [(ANN, QUEUED), (ANN, CANCELLED)]


def test_the_outbox_is_told_what_to_do_with_an_answer_that_waits(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "It is on its way.")
    answer(desk, ticket, "And blue.", NOW + SECOND)
    with desk.store.writing() as tx:
        first, second = (row.id for row in reversed(outbox.list_outbox(tx)) if row.template == "answer")
        outbox.cancel(tx, second, NOW + SECOND)
        outbox.retry(tx, first, NOW + SECOND)
    assert sent_at(desk, NOW + SECOND).count("answer") == 1, "sent at once, since somebody says so"
    answer(desk, ticket, "#undo", NOW + 2 * SECOND)
    assert kinds(desk, ticket)[-1] is MessageKind.NOTE, "what was cancelled has reached nobody"
    with desk.store.writing() as tx, pytest.raises(WrongStateError, match="taken back"):
        outbox.retry(tx, second, NOW + 3 * SECOND)


@pytest.mark.parametrize("wait", [MINUTE, timedelta(days=1)])
def test_an_answer_is_not_hurried_unless_the_clock_was_set_back(desk: Replay, wait: timedelta):
    """Nor is the notice behind it."""
    with_wait(desk, wait)
    number = asked(desk)
    answer(desk, number, "It is on its way.")
    answer(desk, number, "#close")
    sent_at(desk, NOW)
    housekeep(desk.store, desk.office.desk.settings, NOW + SECOND)
    assert sent_at(desk, NOW + SECOND) == []
    housekeep(desk.store, desk.office.desk.settings, NOW - 300 * MINUTE)
    assert sent_at(desk, NOW - 300 * MINUTE) == ["answer", "status"]


def with_wait(desk: Replay, wait: timedelta) -> None:
    """The files are read anew, with another wait."""
    settings = desk.office.desk.settings
    queues = {"support": replace(settings.queues["support"], send_after=wait)}
    desk.office = replace(desk.office, desk=replace(desk.office.desk, settings=replace(settings, queues=queues)))


def test_another_wait_is_for_new_answers_only(desk: Replay):
    first, second = asked(desk), asked(desk)
    answer(desk, first, "It is on its way.")
    with_wait(desk, timedelta())
    answer(desk, second, "So is this.", NOW + SECOND)
    assert sent_at(desk, NOW + SECOND).count("answer") == 1
    assert waits(desk, first) == [(ANN, QUEUED)]
    answer(desk, first, "#undo", NOW + 2 * SECOND)
    assert waits(desk, first) == [(ANN, CANCELLED)]


def test_no_copy_of_what_was_taken_back_is_waited_for(store: Store, tmp_path: Path):
    """MAIL.md O10."""
    desk = Replay(an_office(tmp_path, HOLDING.replace("send_after", "copy_to_sent: true, send_after")), store)
    ticket = asked(desk)
    sent_at(desk, NOW)
    answer(desk, ticket, "It is on its way.")
    answer(desk, ticket, "#undo", NOW + SECOND)
    with store.reading() as tx:
        (copy,) = tx.execute(select(letter_rows.c.template).join(sent_copies, sent_copies.c.letter == letter_rows.c.number)).scalars()
    assert copy == "received"


def test_what_is_kept_of_an_answer_goes_with_its_ticket(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "#close\nIt is on its way.")
    with desk.store.writing() as tx:
        assert forget_tickets(tx, Status.CLOSED, NOW + MINUTE, 100) == 1
        assert delayed_answers.find_posted(tx, ticket) == ()


def test_an_undo_and_the_relay_never_both_have_an_answer(desk: Replay):
    """Two postmen send what is due while the author takes it back: each answer is sent and stays one, or is a note that nobody got."""
    numbers = [asked(desk) for _ in range(20)]
    sent_at(desk, NOW)
    for number in numbers:
        answer(desk, number, "It is on its way.")

    def undo(_: int) -> None:
        for number in numbers:
            answer(desk, number, "#undo", NOW + MINUTE)

    def send(me: int) -> None:
        for _ in range(5):
            with desk.store.writing() as tx:
                delivery = deliveries.claim(tx, NOW + MINUTE, f"postman{me}", 600)
            if delivery is None:
                return
            with desk.store.writing() as tx:
                deliveries.record(tx, delivery.id, Sent("250 OK"), NOW + MINUTE)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(undo, 0), pool.submit(send, 1), pool.submit(send, 2)]:
            done.result(timeout=60)
    outcomes = {(kinds(desk, number)[-1], *(state for _, state in waits(desk, number))) for number in numbers}
    assert outcomes == {(MessageKind.AGENT, SENT), (MessageKind.NOTE, CANCELLED)}


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_where_two_write_at_once_whoever_has_an_answer_in_hand_keeps_it(desk: Replay):
    """SQLite lets nobody write beside another."""
    ticket = asked(desk)
    answer(desk, ticket, "It is on its way.")
    sent_at(desk, NOW)
    with desk.store.writing() as taking_back:
        (posted,) = delayed_answers.find_posted(taking_back, ticket)
        assert posted.can_be_taken_back
        with desk.store.writing() as sending:
            assert deliveries.claim(sending, NOW + MINUTE, "postman", 60) is None
    with desk.store.writing() as sending:
        assert deliveries.claim(sending, NOW + MINUTE, "postman", 60) is not None
        with desk.store.writing() as taking_back:
            (posted,) = delayed_answers.find_posted(taking_back, ticket)
            assert (posted.reached, posted.can_be_taken_back) == ((ANN,), False)


def test_no_answer_waits_on_a_ticket_that_is_marked_as_spam_whosever_it_is(desk: Replay):
    """A7: `#spam` sends nothing, now or later. Whoever wrote it may know better."""
    ticket = asked(desk)
    answer(desk, ticket, "#close\nIt is on its way.")
    answer(desk, ticket, "And it is blue.", NOW + SECOND, agent="boris")
    answer(desk, ticket, "#spam", NOW + 2 * SECOND, agent="boris")
    spam = desk.ticket(ticket)
    assert (spam.status, spam.agent_messages) == (Status.SPAM, 0)
    assert (kinds(desk, ticket)[1:], waits(desk, ticket)) == ([MessageKind.NOTE] * 2, [(ANN, CANCELLED), (ANN, CANCELLED)])
    assert events(desk, ticket)[-3:] == ["spam", "recalled", "recalled"]
    back = notice(desk, "anna", ticket)
    words = " ".join(text_of(back).split())
    assert "Your answer was taken back by Boris before it went out." in words
    assert "The ticket was marked as spam." in words
    assert "It is on its way." in words
    own = " ".join(text_of(notice(desk, "boris", ticket)).split())
    assert "Your answer was taken back before it went out." in own
    assert "And it is blue." in own
    assert {"answer", "status"}.isdisjoint(sent_at(desk, NOW + 2 * MINUTE))
    desk.receive(an_answer_to(back, "anna@acme.example", "It is none, and on its way.\n"), NOW + 3 * MINUTE)
    assert (desk.ticket(ticket).status, waits(desk, ticket)[2:]) == (Status.WAITING, [(ANN, QUEUED)])


def test_a_notice_that_waits_behind_an_answer_is_withheld_with_it(desk: Replay):
    ticket = asked(desk)
    answer(desk, ticket, "It is on its way.")
    answer(desk, ticket, "#close", NOW + SECOND)
    answer(desk, ticket, "#spam", NOW + 2 * SECOND)
    assert {"answer", "status"}.isdisjoint(sent_at(desk, NOW + 2 * MINUTE))
    assert events(desk, ticket)[-3:] == ["spam", "recalled", "notice_withheld"]


def test_what_has_gone_out_and_what_waits_on_other_tickets_has_nothing_to_do_with_spam(desk: Replay):
    other, ticket = asked(desk), asked(desk, cc=BOB)
    answer(desk, other, "It is red.")
    answer(desk, ticket, "It is on its way.")
    sent_at(desk, NOW)
    with desk.store.writing() as tx:
        delivery = deliveries.claim(tx, NOW + MINUTE, "me", 60)
        assert delivery is not None
        assert delivery.ticket == other
        deliveries.record(tx, delivery.id, Sent("250 OK"), NOW + MINUTE)
        assert deliveries.claim(tx, NOW + MINUTE, "me", 60) is not None
    answer(desk, ticket, "#spam", NOW + MINUTE)
    assert waits(desk, ticket) == [(ANN, DeliveryState.SENDING), (BOB, CANCELLED)]
    assert (kinds(desk, ticket)[-1], desk.ticket(ticket).agent_messages) == (MessageKind.AGENT, 1)
    assert f"but {ANN} had it already, so it stays an answer" in text_of(notice(desk, "anna", ticket))
    answer(desk, other, "#spam", NOW + 2 * MINUTE)
    assert (waits(desk, other), events(desk, other)[-1]) == ([(ANN, SENT)], "spam")


def test_a_rule_or_the_command_line_that_marks_spam_lets_no_answer_out_either(store: Store, tmp_path: Path):
    (tmp_path / "rules").mkdir()
    junk = "rules: [{id: junk, when: message.note, do: [{set: {status: spam}}]}]"
    (tmp_path / "rules" / "10-junk.yaml").write_text(junk, encoding="utf-8")
    desk = Replay(an_office(tmp_path, HOLDING), store)
    for_rule, by_hand = asked(desk), asked(desk)
    for ticket in (for_rule, by_hand):
        answer(desk, ticket, "It is on its way.")
    answer(desk, for_rule, "#note\nThis is a casino.", NOW + SECOND)
    boris = desk.office.desk.settings.agents["boris"]
    FrontDesk(desk.store, desk.office, boris).act(by_hand, Act(boris, "boris", NOW, (Command("set", "status=spam"),)))
    for ticket, whose in ((for_rule, ""), (by_hand, " by Boris")):
        assert (desk.ticket(ticket).status, waits(desk, ticket)) == (Status.SPAM, [(ANN, CANCELLED)])
        with desk.store.reading() as tx:
            (back,) = (row.id for row in outbox.list_outbox(tx, ticket=ticket) if row.template == "taken-back")
            assert f"Your answer was taken back{whose} before it went out." in text_of(parsed(letters.raw(tx, back)))


def test_an_answer_goes_where_it_was_to_go_also_from_a_ticket_that_goes_into_another(desk: Replay):
    """PRODUCT 21: it was written to that customer, who waits for it. As spam the ticket takes it along."""
    first, ticket = asked(desk), asked(desk)
    answer(desk, ticket, "It is on its way.")
    answer(desk, ticket, f"#merge {first} anyway", NOW + SECOND)
    assert sent_at(desk, NOW + MINUTE).count("answer") == 1
    first, ticket = asked(desk), asked(desk)
    answer(desk, ticket, "It is on its way.", NOW + 2 * MINUTE)
    answer(desk, ticket, f"#merge {first} anyway", NOW + 2 * MINUTE)
    answer(desk, first, "#spam", NOW + 2 * MINUTE)
    assert (kinds(desk, first)[-1], waits(desk, ticket)) == (MessageKind.NOTE, [(ANN, CANCELLED)])
    assert (desk.ticket(first).owner, desk.ticket(first).agent_messages) == ("anna", 0)


def test_an_answer_goes_to_whom_it_was_written_though_the_ticket_is_anothers_meanwhile(desk: Replay):
    """MAIL.md F8: what was said before somebody was the requester is not shown to him."""
    ticket = asked(desk)
    answer(desk, ticket, "It is on its way.")
    answer(desk, ticket, "#requester dora@globex.example\nI have passed this on to you.", NOW + SECOND)
    (old, *new) = waits(desk, ticket)
    assert (old, sorted(recipient for recipient, _ in new)) == ((ANN, QUEUED), [ANN, "dora@globex.example"])
    answer(desk, ticket, "#undo answer", NOW + 2 * SECOND)
    answer(desk, ticket, "#undo answer", NOW + 3 * SECOND)
    assert {state for _, state in waits(desk, ticket)} == {CANCELLED}
    assert desk.ticket(ticket).requester.address == "dora@globex.example"
