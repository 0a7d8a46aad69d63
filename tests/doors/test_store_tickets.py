"""Tickets found: filters, search, counts."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from maild.config.settings import Sort, SortKey
from maild.desk.ordering import sort_by
from maild.desk.query import Field, Filter
from maild.effects import RecordEvent
from maild.errors import NotFoundError
from maild.message import Address
from maild.outbox.delivery import DeliveryState
from maild.store import tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.store.search import find_phrases
from maild.store.status import count_elsewhere, find_depths, find_queue_depths
from maild.ticket import Priority, Status, TicketView
from tests.rig.desk import NOW, a_decision, a_message, a_ticket, composed


def opened(store: Store, after: TicketView | None = None, text: str = "Hello", subject: str = "Help") -> int:
    with store.writing() as tx:
        decision = a_decision(a_message(text=text, subject=subject), RecordEvent("opened", "maild", "…"), after=after)
        return apply(tx, decision, now=NOW, compose=composed, incoming=None, first_number=1).ticket_number or 0


def found(store: Store, *filters: Filter, limit: int | None = None) -> list[int]:
    with store.reading() as tx:
        listed = [row.number for row in tickets.list_tickets(tx, filters, limit=limit)]
        assert limit or tickets.count_tickets(tx, filters) == len(listed)
        return listed


def words(text: str, *, negated: bool = False) -> Filter:
    return Filter(Field.WORDS, text, negated)


def test_tickets_are_listed_newest_first_without_spam_and_merged_ones(store: Store):
    for status in (Status.NEW, Status.SPAM, Status.CLOSED, Status.MERGED, Status.OPEN):
        opened(store, a_ticket(status=status))
    assert found(store) == [5, 3, 1]
    assert found(store, limit=2) == [5, 3]
    assert found(store, Filter(Field.STATUS, "spam")) == [2]
    assert found(store, Filter(Field.STATUS, "closed", negated=True)) == [5, 4, 2, 1]


def test_the_order_of_a_view_is_the_same_in_the_database(store: Store):
    """`next` sorts what it has at hand, `list` has the database sort."""
    statuses, priorities = (Status.CLOSED, Status.NEW, Status.OPEN, Status.WAITING), tuple(Priority)
    for number in range(12):
        moments = {"created": NOW - timedelta(hours=number % 5), "updated": NOW - timedelta(hours=number % 7)}
        opened(store, replace(a_ticket(status=statuses[number % 4]), priority=priorities[number % 3], **moments))
    steps = [Sort(key, backwards) for key in SortKey for backwards in (False, True)]
    with store.reading() as tx:
        for sort in product(steps, steps):
            listed = tickets.list_tickets(tx, sort=sort)
            assert list(listed) == sort_by(listed, sort)
            assert tickets.list_tickets(tx, sort=sort, limit=5) == listed[:5]
        assert [row.number for row in tickets.list_tickets(tx, sort=(Sort(SortKey.PRIORITY),))] == [3, 6, 9, 12, 2, 5, 8, 11, 1, 4, 7, 10]


def test_filters_narrow_and_their_negations_hold_for_empty_fields(store: Store):
    opened(store, a_ticket(queue="sales", owner="boris", tags=frozenset({"vip"})))
    opened(store, a_ticket(requester=Address("Zoë", "zoe@Initech.example")))
    assert found(store, Filter(Field.QUEUE, "sales")) == [1]
    assert found(store, Filter(Field.OWNER, "boris")) == [1]
    assert found(store, Filter(Field.OWNER, "boris", negated=True)) == [2]
    assert found(store, Filter(Field.OWNER, None)) == [2]
    assert found(store, Filter(Field.TAG, "vip")) == [1]
    assert found(store, Filter(Field.TAG, "vip", negated=True)) == [2]
    assert found(store, Filter(Field.REQUESTER, "ZOE@initech.example")) == [2]
    assert found(store, Filter(Field.REQUESTER, "@initech.example")) == [2]
    assert found(store, Filter(Field.PRIORITY, "urgent")) == []
    assert found(store, Filter(Field.QUEUE, "sales"), Filter(Field.OWNER, "anna")) == []


def test_times_narrow_too(store: Store):
    opened(store, a_ticket(created=NOW - timedelta(days=9)))
    opened(store)
    week = NOW - timedelta(days=7)
    assert found(store, Filter(Field.CREATED_SINCE, week)) == [2]
    assert found(store, Filter(Field.CREATED_BEFORE, week)) == [1]
    assert found(store, Filter(Field.UPDATED_SINCE, NOW)) == [2, 1]
    assert found(store, Filter(Field.UPDATED_BEFORE, NOW)) == []


def test_words_are_found_in_every_message_in_any_language(store: Store):
    opened(store, text="Моля, върнете парите за поръчка 77.", subject="Възстановяване")
    opened(store, text="Der Drucker in Größe XL brennt", subject="Hilfe")
    assert found(store, words("ПАРИТЕ")) == [1]
    assert found(store, words("възстановяване 77")) == [1]
    assert found(store, words("größe")) == found(store, words("GROßE")) == [2]
    assert found(store, words('"drucker in größe"')) == [2]
    assert found(store, words('"größe drucker"')) == []
    assert found(store, words("drucker", negated=True)) == [1]
    assert found(store, words("ann@globex.example")) == [2, 1]


def test_the_words_of_one_search_may_stand_in_different_messages(store: Store):
    number = opened(store, text="printer")
    with store.writing() as tx:
        ticket = tickets.view(tx, number)
        decision = a_decision(a_message(text="refund"), before=ticket, after=ticket)
        apply(tx, decision, now=NOW, compose=composed, incoming=None, first_number=1)
    assert found(store, words("printer refund")) == [number]


def test_every_word_of_a_search_counts(store: Store):
    opened(store, text="The printer is on fire")
    opened(store, text="The printer hums")
    assert found(store, words("fire printer")) == found(store, words("printer fire")) == [1]
    assert found(store, words("printer"), words("fire")) == [1]
    assert found(store, words("fire"), words("printer")) == [1]
    assert found(store, words("printer"), words("fire", negated=True)) == [2]
    assert found(store, words('"is on" printer')) == [1]


def test_a_message_that_is_not_to_be_indexed_is_not_found(store: Store):
    with store.writing() as tx:
        secret = replace(a_message(text="hidden words"), indexed=False)
        apply(tx, a_decision(secret), now=NOW, compose=composed, incoming=None, first_number=1)
    assert found(store, words("hidden")) == []


def test_a_text_of_nothing_but_marks_is_stored_at_once_and_what_stands_beside_is_found(store: Store):
    """PostgreSQL sorts a run of combining marks in the square of its length, and who else wants to write waits for it."""
    endless = "a" + "\u0301\u0316" * 50_000
    with store.writing() as tx:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SET LOCAL statement_timeout = '20s'")
        apply(tx, a_decision(a_message(text=f"before {endless} héllo")), now=NOW, compose=composed, incoming=None, first_number=1)
    assert found(store, words("before")) == [1]
    assert found(store, words(f"hello{endless}")) == []


@pytest.mark.parametrize(
    "hostile", ['"', '""', "a OR b", "NEAR(a b)", "text:hello", "hel*", "a' OR 1=1 --", "-", "{x}", "%", "_", "\x00", "\ud800", "!&|"]
)
def test_no_search_syntax_gets_through(store: Store, hostile: str):
    opened(store, text="hello")
    assert found(store, words(hostile)) == []
    for field in (Field.QUEUE, Field.OWNER, Field.TAG, Field.REQUESTER):
        assert found(store, Filter(field, hostile)) == []


def test_phrases_are_read_from_quotes():
    assert find_phrases('refund "order 77" x') == ("refund", "order 77", "x")
    assert find_phrases('"unpaired quote') == ("unpaired", "quote")
    assert find_phrases(' ""  - ') == ()


def test_rows_carry_their_tags_and_the_number_of_messages(store: Store):
    opened(store, a_ticket(tags=frozenset({"b", "a"})))
    with store.reading() as tx:
        (row,) = tickets.list_tickets(tx)
    assert (row.tags, row.messages, row.subject) == (("a", "b"), 1, "The printer is on fire")


def test_long_lists_carry_their_tags_too(store: Store):
    with store.writing() as tx:
        for _ in range(1100):
            decision = a_decision(RecordEvent("opened", "maild", "…"), after=a_ticket(tags=frozenset({"bulk"})))
            apply(tx, decision, now=NOW, compose=composed, incoming=None, first_number=1)
    with store.reading() as tx:
        rows = tickets.list_tickets(tx)
    assert len(rows) == 1100
    assert {row.tags for row in rows} == {("bulk",)}


def test_a_missing_ticket_is_said_to_be_missing(store: Store):
    with pytest.raises(NotFoundError, match="there is no ticket 7"), store.reading() as tx:
        tickets.view(tx, 7)


def test_depths_are_counted_per_department_and_owner(store: Store):
    opened(store, a_ticket(owner="boris", status=Status.OPEN))
    opened(store, a_ticket(created=NOW - timedelta(days=1)))
    opened(store, a_ticket(queue="sales"))
    opened(store, a_ticket(status=Status.CLOSED))
    with store.reading() as tx:
        sales, support = find_queue_depths(tx)
    assert (sales.depth, support.depth) == (1, 2)
    assert (support.by_status, support.load) == ({Status.OPEN: 1, Status.NEW: 1}, {"boris": 1, None: 1})
    assert support.oldest == NOW - timedelta(days=1)


def test_what_is_snoozed_is_in_no_depth_and_found_by_a_word(store: Store):
    """PRODUCT 18."""
    opened(store, a_ticket(owner="boris", created=NOW - timedelta(days=1), snoozed_until=NOW))
    opened(store, a_ticket(owner="boris"))
    opened(store, a_ticket(queue="sales", snoozed_until=NOW))
    with store.reading() as tx:
        sales, support = find_queue_depths(tx)
    assert (support.depth, support.load, support.oldest, support.snoozed) == (1, {"boris": 1}, NOW, 1)
    assert (sales.depth, sales.load, sales.oldest, sales.snoozed) == (0, {}, None, 1)
    assert found(store) == [3, 2, 1]
    assert found(store, Filter(Field.SNOOZED, None)) == [3, 1]
    assert found(store, Filter(Field.SNOOZED, None, negated=True)) == [2]


def test_a_snooze_is_kept_to_the_moment_and_found_once_it_is_over_the_first_due_first(store: Store):
    for minutes in (2, 1, 3):
        opened(store, a_ticket(snoozed_until=NOW + timedelta(minutes=minutes)))
    opened(store)
    with store.reading() as tx:
        assert tickets.find_snoozed_until(tx, NOW) == ()
        assert tickets.find_snoozed_until(tx, NOW + timedelta(minutes=2)) == (2, 1)
        assert [tickets.view(tx, 3).snoozed_until, tickets.row(tx, 3).snoozed_until] == [NOW + timedelta(minutes=3)] * 2
        assert tickets.view(tx, 4).snoozed_until is None


def test_unfinished_tickets_are_counted_in_every_queue_that_is_none_of_ours(store: Store):
    for queue in ("sales", "billing", "Zürich", "support", "billing"):
        opened(store, a_ticket(queue=queue))
    opened(store, a_ticket(queue="archive", status=Status.CLOSED))
    with store.reading() as tx:
        assert count_elsewhere(tx, ["sales", "support"]) == {"billing": 2, "Zürich": 1}
        assert count_elsewhere(tx, ["Zürich", "archive", "billing", "sales", "support"]) == {}


def test_what_waits_is_counted_by_state(store: Store):
    with store.writing() as tx:
        apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1)
    with store.reading() as tx:
        depths = find_depths(tx)
    assert (depths.incoming, depths.outbox, depths.oldest_queued) == ({}, {DeliveryState.QUEUED: 2}, NOW)
