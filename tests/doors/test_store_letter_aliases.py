"""Other ids of our letters: said by the relay or by a report, and by whom they are found again (MAIL.md O1a). Both engines."""

import pytest

from maild.effects import NoteAlias, Post, RecordEvent
from maild.known import Known, KnownMessage
from maild.outbox.delivery import Sent
from maild.question import Question
from maild.store import deliveries, letter_aliases
from maild.store.apply import apply
from maild.store.engine import Store
from maild.store.letter_aliases import Alias
from maild.store.recall import recall
from maild.tokens import LetterKind, LetterToken
from tests.rig.desk import ACKNOWLEDGEMENT, NOTIFICATION, NOW, a_decision, a_message, composed

SES = "0100018c2f5c6e5b-1c0a1b2c-3d4e-5f60-7182-93a4b5c6d7e8-000000"
CANONICAL, REGIONAL = f"{SES}@amazonses.com", f"{SES}@eu-west-1.amazonses.com"
BY_REPORT = "report@relay.example"


@pytest.fixture
def desk(store: Store) -> Store:
    """A ticket with an acknowledgement (letter 1) and a notification to Boris (letter 2), both on their way."""
    with store.writing() as tx:
        apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1042)
    return store


def send(store: Store, reply: str) -> int:
    """Hand over the next letter; its number."""
    with store.writing() as tx:
        delivery = deliveries.claim(tx, NOW, "host:1:1", 60)
        assert delivery
        deliveries.record(tx, delivery.id, Sent(reply), NOW)
        return delivery.letter


def known(store: Store, *ids: str, message_id: str = "new@globex.example") -> Known:
    with store.reading() as tx:
        return recall(tx, Question(message_id, ids=ids, aliases=(*ids, message_id)), NOW)


def aliases(store: Store) -> tuple[Alias, ...]:
    with store.reading() as tx:
        return letter_aliases.find(tx, (CANONICAL, BY_REPORT, "a.1042.1.mac@acme.example"))


def test_the_id_a_relay_reports_is_as_good_as_our_own(desk: Store):
    assert send(desk, f"250 Ok {SES}") == 2
    found = known(desk, CANONICAL)
    assert found.aliases == {CANONICAL: LetterToken(LetterKind.NOTIFICATION, 1042, 2, "boris")}
    assert (set(found.letters), set(found.tickets)) == ({2}, {1042})


def test_a_mail_that_has_the_reported_id_itself_is_our_letter_coming_back(desk: Store):
    send(desk, f"250 Ok {SES}")
    own = known(desk, message_id=CANONICAL).own
    assert own
    assert own.letter == 2


def test_replies_that_name_our_own_id_or_none_make_no_alias(desk: Store):
    send(desk, "250 2.0.0 OK <n.1042.2.mac@acme.example> [Hostname=x]")
    send(desk, "250 2.0.0 Ok: queued as 4F9D195432C")
    with desk.reading() as tx:
        assert letter_aliases.find(tx, ("n.1042.2.mac@acme.example", "4F9D195432C")) == ()


def test_an_alias_stays_with_the_letter_it_was_first_said_of(desk: Store):
    first = send(desk, f"250 Ok {SES}")
    assert send(desk, f"250 Ok {SES}") != first
    assert aliases(desk) == (Alias(CANONICAL, first, True),)


def returned(store: Store, letter: int, message_id: str) -> None:
    """A report comes back with a letter under another id."""
    with store.writing() as tx:
        ticket = recall(tx, Question("x@x", tickets=frozenset({1042})), NOW).tickets[1042]
        decision = a_decision(RecordEvent("bounced", "maild", "…"), NoteAlias(letter, message_id), before=ticket, after=ticket)
        apply(tx, decision, now=NOW, compose=composed, incoming=None, first_number=1)


def test_what_a_report_returned_counts_like_an_id_of_stored_mail(desk: Store):
    returned(desk, 1, REGIONAL)
    found = known(desk, CANONICAL)
    assert (found.aliases, found.by_id) == ({}, {CANONICAL: KnownMessage(CANONICAL, 1042, False)})
    with desk.reading() as tx:
        by_region = recall(tx, Question("new@globex.example", ids=(REGIONAL,), aliases=(CANONICAL,)), NOW)
    assert by_region.by_id == {REGIONAL: KnownMessage(REGIONAL, 1042, False)}
    assert set(by_region.tickets) == {1042}


def test_the_id_of_somebodys_mail_is_never_ours(desk: Store):
    with desk.writing() as tx:
        theirs = a_decision(a_message(message_id=BY_REPORT), Post(ACKNOWLEDGEMENT), Post(NOTIFICATION))
        number = apply(tx, theirs, now=NOW, compose=composed, incoming=None, first_number=1).ticket_number
    returned(desk, 1, BY_REPORT)
    assert [message.ticket for message in known(desk, BY_REPORT).by_id.values()] == [number]
