"""Merged and linked tickets in the store, on both engines: what is read of either afterwards, and once it is undone (PRODUCT 21, F9)."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from maild.desk.acts import Act, Done, do
from maild.desk.answered import NOTHING_ANSWERED
from maild.desk.command import Command
from maild.desk.query import parse_query
from maild.desk.regroup import Reach, named_tickets
from maild.effects import Decision, Identity, IncomingState, Link
from maild.message import Address, Attachment
from maild.question import Question
from maild.reason import Reason
from maild.store import incoming, outbox, received_mail, regroupings, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.store.recall import recall
from maild.store.retention import forget_tickets
from maild.store.views import ticket_views
from maild.ticket import Status
from tests.builders import AGENTS, some_settings
from tests.rig.desk import ANN, NOW, a_decision, a_message, a_ticket, an_arrival, composed

LATER = NOW + timedelta(hours=1)


def received(store: Store, text: str, number: int = 0, **ticket: object) -> int:
    """A mail with a file, on this ticket or a new one: the ticket's number."""
    with store.writing() as tx:
        (identifier,) = incoming.store_arrivals(tx, [an_arrival(uid=None)], NOW)
        (claimed,) = incoming.claim(tx, 1, "me", 60, NOW)
        file = Attachment("a.pdf", "application/pdf", 3, "0" * 64, inline=False, content_id=None, part=1)
        message = replace(a_message(text=text, message_id=f"{identifier}@globex.example"), attachments=(file,))
        before = ticket_views(tx, [number]).get(number)
        decision = a_decision(message, before=before, after=before or a_ticket(**ticket))  # type: ignore[arg-type]
        decision = replace(decision, identity=Identity(f"{identifier}@globex.example", "f", NOW))
        opened = apply(tx, decision, now=NOW, compose=composed, incoming=claimed, first_number=1).ticket
    assert opened is not None
    return opened.number


def acted(store: Store, number: int, *commands: str, body: str = "", said: tuple[str, ...] = (), at: datetime = LATER) -> Done:
    """What an agent does at the command line."""
    words = tuple(Command(*command.partition(" ")[::2]) for command in commands)
    with store.writing() as tx:
        ticket = tickets.lead(tx, number)
        reach = Reach(ticket_views(tx, named_tickets(words)), is_sure=True, last=regroupings.find_last(tx, number), said=said)
        act = Act(AGENTS["anna"], "anna", at, words, body, reach=reach)
        done = do(ticket, act, NOTHING_ANSWERED, some_settings())
        assert done.faults == ()
        decision = Decision(IncomingState.DONE, Reason("command-line", "anna"), done.into or ticket, done.after, done.effects)
        apply(tx, decision, now=at, compose=composed, incoming=None, first_number=1)
    return done


def texts(store: Store, number: int) -> list[str]:
    with store.reading() as tx:
        return [message.text for message in tickets.list_messages(tx, number)]


def test_a_ticket_shows_all_that_went_into_it_in_the_order_in_which_it_came(store: Store):
    first = received(store, "one")
    second = received(store, "two")
    received(store, "three", first)
    acted(store, second, f"merge {first}", body="Both are done.")
    assert (texts(store, first), texts(store, second)) == (["one", "two", "three", "Both are done."], [])
    with store.reading() as tx:
        stays, gone = tickets.row(tx, first), tickets.row(tx, second)
        assert (stays.messages, stays.status, gone.messages, gone.status) == (4, Status.WAITING, 0, Status.MERGED)
        view = tickets.view(tx, first)
        assert (view.customer_messages, view.agent_messages) == (3, 1)
        assert (view, view.number) == (tickets.lead(tx, second), first)
        assert [row.number for row in tickets.list_tickets(tx)] == [first]
        assert [row.number for row in tickets.list_tickets(tx, parse_query("two", None, NOW))] == [first]
        assert [row.number for row in tickets.list_tickets(tx, parse_query("status:merged", None, NOW))] == [second]
        events = {number: [event.text for event in tickets.list_events(tx, number) if event.kind == "merged"] for number in (first, second)}
    assert events == {
        first: [f"#{second} went into this ticket, with its messages"],
        second: [f"went into #{first}: there its messages are, and what comes"],
    }


def test_what_answers_either_of_them_finds_the_one_that_stays_and_the_last_words_there(store: Store):
    first, second = received(store, "one"), received(store, "two")
    acted(store, second, f"merge {first}")
    with store.reading() as tx:
        ids = [message.message_id or "" for message in tickets.list_messages(tx, first)]
        known = recall(tx, Question("new@x", ids=tuple(ids), tickets=frozenset({second})), NOW)
    assert {known.by_id[identifier].ticket for identifier in ids} == {first}
    assert known.last_words[first].text == "two"
    assert set(known.tickets) == {first, second}


def test_chains_of_merges_lead_to_their_end(store: Store):
    numbers = [received(store, text) for text in ("one", "two", "three")]
    acted(store, numbers[2], f"merge {numbers[1]}")
    acted(store, numbers[2], f"merge {numbers[0]}")
    assert texts(store, numbers[0]) == ["one", "two", "three"]
    with store.reading() as tx:
        assert {tickets.lead(tx, number).number for number in numbers} == {numbers[0]}


def test_the_mail_that_messages_came_in_is_listed_with_their_ticket(store: Store):
    first, second = received(store, "one"), received(store, "two")
    acted(store, second, f"merge {first}")
    with store.reading() as tx:
        assert {row.ticket for row in received_mail.list_incoming(tx)} == {first}


def test_what_went_into_a_ticket_is_forgotten_with_it(store: Store):
    first, second, kept = received(store, "one"), received(store, "two"), received(store, "three")
    acted(store, second, f"merge {first}", "close")
    with store.writing() as tx:
        assert forget_tickets(tx, Status.CLOSED, LATER + timedelta(days=1), 100) == 1
    with store.reading() as tx:
        assert set(ticket_views(tx, [first, second, kept])) == {kept}
        assert sorted(received_mail.raw(tx, row.id) != b"" for row in received_mail.list_incoming(tx)) == [False, False, True]
    assert texts(store, first) == []


def documents(store: Store) -> dict[int, object]:
    """All that is shown of each ticket, but when it was touched last and its log, which tell that something was done and undone."""
    with store.reading() as tx:
        views = ticket_views(tx, range(1, 100))
        mail = {row.id: row.ticket for row in received_mail.list_incoming(tx)}
        rows = {number: replace(tickets.row(tx, number), updated=NOW) for number in views}
        shown = {number: tickets.list_messages(tx, number) for number in views}
    held = {number: [identifier for identifier, ticket in mail.items() if ticket == number] for number in views}
    return {number: (replace(view, updated=NOW), rows[number], shown[number], held[number]) for number, view in views.items()}


def a_random_ticket(store: Store, choice: random.Random) -> int:
    statuses = (Status.NEW, Status.OPEN, Status.WAITING, Status.CLOSED)
    tags = frozenset(choice.sample(["a", "b", "c"], choice.randrange(3)))
    requester, owner = choice.choice([ANN, Address("Bob", "bob@globex.example")]), choice.choice([None, "anna", "boris"])
    status = choice.choice(statuses)
    until = choice.choice([None, NOW + timedelta(days=3)]) if status is not Status.CLOSED else None
    number = received(store, "first", status=status, tags=tags, requester=requester, owner=owner, snoozed_until=until)
    for text in range(choice.randrange(12)):
        received(store, str(text), number)
    if choice.random() < 0.5:
        acted(store, number, choice.choice(["close", "wait", "cc eve@else.example"]))
    return number


@pytest.mark.parametrize("seed", range(8))
def test_a_merge_that_is_undone_leaves_everything_as_it_was(store: Store, seed: int):
    choice = random.Random(seed)
    first, second = (a_random_ticket(store, choice) for _ in range(2))
    before = documents(store)
    acted(store, second, f"merge {first} anyway")
    assert documents(store) != before
    acted(store, choice.choice([first, second]), "undo")
    assert documents(store) == before


def test_a_snoozed_ticket_that_went_into_another_comes_back_only_once_that_is_undone(store: Store):
    """PRODUCT 18: it is in nobody's queue, so nobody is told that it is back."""
    until = NOW + timedelta(days=3)
    first, second = received(store, "one"), received(store, "two", snoozed_until=until)
    acted(store, second, f"merge {first}")
    with store.reading() as tx:
        assert tickets.find_snoozed_until(tx, until) == ()
    acted(store, first, "undo")
    with store.reading() as tx:
        assert tickets.find_snoozed_until(tx, until) == (second,)


def test_merges_are_undone_one_after_the_other(store: Store):
    numbers = [received(store, text) for text in ("one", "two", "three")]
    stages = [documents(store)]
    acted(store, numbers[2], f"merge {numbers[1]}")
    stages.append(documents(store))
    acted(store, numbers[1], f"merge {numbers[0]}")
    with store.reading() as tx:
        first = regroupings.find_last(tx, numbers[2])
    assert first is not None
    assert first.newer_on == numbers[0]
    for stage in reversed(stages):
        acted(store, numbers[0] if stage is stages[1] else numbers[1], "undo")
        assert documents(store) == stage
    with store.reading() as tx:
        assert [regroupings.find_last(tx, number) for number in numbers] == [None] * 3


def test_messages_that_came_after_a_merge_stay_where_they_came(store: Store):
    first, second = received(store, "one"), received(store, "two")
    acted(store, second, f"merge {first}", body="Both are done.")
    received(store, "three", first)
    acted(store, first, "undo", body="They were two things after all.")
    assert (texts(store, first), texts(store, second)) == (["one", "three", "Both are done.", "They were two things after all."], ["two"])
    with store.reading() as tx:
        view, alone = tickets.view(tx, first), tickets.view(tx, second)
    assert (view.customer_messages, view.agent_messages, alone.customer_messages) == (2, 1, 1)
    assert (alone.status, alone.merged_into) == (Status.NEW, None)
    assert [row.internal for row in messages_of(store, first)] == [False, False, False, True]


def messages_of(store: Store, number: int) -> tuple[tickets.MessageRow, ...]:
    with store.reading() as tx:
        return tickets.list_messages(tx, number)


def test_linked_tickets_are_shown_with_each_other_until_that_is_undone(store: Store):
    first, second = received(store, "one"), received(store, "two")
    acted(store, second, f"link {first}")
    acted(store, second, f"link {first}")
    with store.reading() as tx:
        assert (regroupings.find_links(tx, first), regroupings.find_links(tx, second)) == ((second,), (first,))
        assert tickets.list_events(tx, first)[-1].text == f"with #{second}"
    for number in (first, second):
        acted(store, number, "undo")
    with store.reading() as tx:
        assert (regroupings.find_links(tx, first), regroupings.find_last(tx, first)) == ((), None)


def test_what_the_desk_has_linked_by_itself_is_shown_and_not_undone(store: Store):
    first = received(store, "one")
    with store.writing() as tx:
        apply(tx, a_decision(a_message(), Link(first)), now=NOW, compose=composed, incoming=None, first_number=1)
    with store.reading() as tx:
        assert (regroupings.find_links(tx, first), regroupings.find_last(tx, first)) == ((first + 1,), None)


def test_what_was_done_last_is_recalled_where_a_mail_undoes(store: Store):
    first, second = received(store, "one"), received(store, "two")
    acted(store, second, f"merge {first}")
    with store.reading() as tx:
        known = recall(tx, Question("new@x", tickets=frozenset({second}), undoes=True), NOW)
        assert {number: last.other.number for number, last in known.regroupings.items()} == {first: second, second: second}
        assert recall(tx, Question("new@x", tickets=frozenset({second})), NOW).regroupings == {}


def test_a_note_beside_what_was_split_off_is_no_message_of_the_customers_when_that_is_undone(store: Store):
    number = received(store, "A lamp and a key.")
    acted(store, number, "split", body="--- Key\nA key!\nShe has lost three of them.", said=("A lamp and a key.",))
    assert texts(store, number + 1) == ["A key!", "She has lost three of them."]
    received(store, "And the receipt?", number + 1)
    acted(store, number, "undo")
    assert texts(store, number) == ["A lamp and a key.", "And the receipt?"]
    with store.reading() as tx:
        assert tickets.view(tx, number).customer_messages == 2


def test_all_that_one_mail_has_split_off_comes_back_at_once(store: Store):
    number = received(store, "A lamp, a refund and a key.")
    before = documents(store)[number]
    acted(store, number, "split", body="--- Refund\nMoney back.\n--- Key\nA key.", said=("Money back. A key.",))
    between = documents(store)[number]
    acted(store, number, "split", body="--- Lamp\nA lamp.", said=("A lamp.",), at=LATER + timedelta(hours=1))
    acted(store, number, "undo", at=LATER + timedelta(hours=2))
    assert documents(store)[number] == between
    acted(store, number, "undo", at=LATER + timedelta(hours=3))
    assert documents(store)[number] == before
    with store.reading() as tx:
        assert [tickets.lead(tx, number + each).number for each in (1, 2, 3)] == [number] * 3
        undone = [event.text for event in tickets.list_events(tx, number) if event.kind == "undone"]
    assert undone == [f"the split with #{number + each}" for each in (3, 2, 1)]


def test_what_is_split_off_stands_on_a_ticket_of_its_own_and_comes_back_when_that_is_undone(store: Store):
    number = received(store, "A lamp, a refund and a key.")
    acted(store, number, "split", body="--- Refund\nMoney back.\n--- Key\nA key.", said=("Money back. A key.",))
    refund, key = number + 1, number + 2
    assert [texts(store, each) for each in (number, refund, key)] == [["A lamp, a refund and a key."], ["Money back."], ["A key."]]
    with store.reading() as tx:
        assert [(row.subject, row.messages) for row in tickets.list_tickets(tx)] == [
            ("Key", 1),
            ("Refund", 1),
            ("The printer is on fire", 1),
        ]
        assert regroupings.find_links(tx, number) == (refund, key)
        assert [event.text for event in tickets.list_events(tx, number) if event.kind == "split"] == [
            f"#{refund} was split off: Refund",
            f"#{key} was split off: Key",
        ]
        assert len(outbox.list_outbox(tx, ticket=refund)) == 2
    received(store, "And the receipt?", refund)
    acted(store, number, "undo")
    assert (texts(store, number), texts(store, refund)) == (["A lamp, a refund and a key.", "And the receipt?"], ["Money back."])
    with store.reading() as tx:
        assert (tickets.lead(tx, refund).number, tickets.view(tx, number).customer_messages) == (number, 2)
        assert regroupings.find_links(tx, number) == ()
