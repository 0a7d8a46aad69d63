"""A ticket that comes back by itself (PRODUCT 18): who is told, and what."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from builders import AGENTS, NOW, a_queue, a_ticket, some_settings

from maild.config.settings import Notify, Settings
from maild.desk.answered import NOTHING_ANSWERED, Answered
from maild.desk.snooze import find_snooze_ended, tell_return
from maild.effects import Effect, Letter, Post, RecordEvent
from maild.known import Earlier, Suppression
from maild.ticket import TicketView

WORDS = Answered("m0@globex.example", (), "Where is it?", "Ann Smith")
NOTE = Earlier(NOW - timedelta(hours=2), "Anna Ivanova", "Ask the supplier.", is_note=True)
EARLIER = (NOTE, Earlier(NOW - timedelta(hours=3), "Ann Smith", "Where is it?", is_note=False))
SNOOZED = a_ticket(snoozed_until=NOW)
SUPPORT = a_queue("support", agents=("anna", "boris"))


def returned(ticket: TicketView = SNOOZED, settings: Settings | None = None, **more: Any) -> tuple[Effect, ...]:
    suppressed = more.pop("suppressed", {})
    desk = settings or some_settings(queues={"support": replace(SUPPORT, **more)})
    return tuple(tell_return(ticket, WORDS, EARLIER, desk, suppressed=suppressed, away={}))


def letters(effects: tuple[Effect, ...]) -> list[Letter]:
    return [effect.letter for effect in effects if isinstance(effect, Post)]


def readers(effects: tuple[Effect, ...]) -> list[str]:
    return [letter.recipients[0].address for letter in letters(effects)]


def test_the_owner_is_told_else_the_department():
    assert readers(returned(replace(SNOOZED, owner="boris"))) == ["boris@acme.example"]
    assert readers(returned()) == ["anna@acme.example", "boris@acme.example"]
    assert readers(returned(notify=Notify(new="none", reply="none"))) == ["anna@acme.example", "boris@acme.example"], (
        "somebody relies on it"
    )
    assert readers(returned(agents=(), lead=None)) == ["ops@acme.example"]


def test_an_owner_whose_mailbox_bounces_is_stood_in_for():
    """B6."""
    gone = {"boris@acme.example": Suppression("mail bounced")}
    assert readers(returned(replace(SNOOZED, owner="boris"), suppressed=gone)) == ["anna@acme.example"]


def test_he_is_shown_what_the_customer_wrote_last_and_can_answer_it():
    (letter,) = letters(returned(replace(SNOOZED, owner="anna")))
    assert (letter.template, letter.body, letter.quoted_from, letter.internal) == ("notification", "Where is it?", "Ann Smith", False)
    assert letter.values["snoozed"] == "2026-03-02 10:00"
    assert [line.partition(" #note ")[2] for line in letter.values["history"]] == ["Anna Ivanova: Ask the supplier."]


def test_times_are_those_of_the_owners_clock():
    agents = {**AGENTS, "boris": replace(AGENTS["boris"], timezone=ZoneInfo("Asia/Tokyo"))}
    effects = returned(replace(SNOOZED, owner="boris"), some_settings(agents=agents))
    assert RecordEvent("woke", "maild", "the time is over; it was snoozed until Mon 2 Mar 2026 19:00 (Asia/Tokyo)") in effects
    assert letters(effects)[0].values["snoozed"] == "2026-03-02 19:00"


def test_admins_read_in_words_why_they_are_told():
    (letter,) = letters(returned(agents=(), lead=None))
    assert "It was snoozed until Mon 2 Mar 2026 10:00 (UTC)." in letter.values["warnings"]


def test_a_ticket_of_a_queue_that_is_gone_comes_back_all_the_same():
    effects = returned(replace(SNOOZED, queue="helpdesk"))
    assert [effect.kind for effect in effects if isinstance(effect, RecordEvent)] == ["woke"]
    assert letters(effects) == []


def test_a_customer_who_has_not_written_yet_can_be_written_to():
    """A ticket opened after a telephone call."""
    (letter,) = letters(tuple(tell_return(replace(SNOOZED, owner="anna"), NOTHING_ANSWERED, (), some_settings(), suppressed={}, away={})))
    assert (letter.body, letter.quoted_from, letter.internal) == ("", "Ann Smith", False)


def test_a_snooze_ends_only_where_there_was_one():
    def check(before: datetime | None, after: datetime | None, expected: datetime | None) -> None:
        assert find_snooze_ended(replace(SNOOZED, snoozed_until=before), replace(SNOOZED, snoozed_until=after)) == expected

    later = NOW + timedelta(days=1)
    check(NOW, None, NOW)
    check(NOW, later, None)
    check(None, None, None)
    check(None, NOW, None)
    assert find_snooze_ended(None, SNOOZED) is None
