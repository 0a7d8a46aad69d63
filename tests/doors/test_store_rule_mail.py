"""What rules have sent is counted in the window of their limit, and a pause stands until it is lifted (RULES.md 5.5)."""

from dataclasses import replace
from datetime import datetime, timedelta

from maild.background import Limit, Pause, RuleMail
from maild.effects import Effect, Letter, PauseRule, Post
from maild.store import rule_mail
from maild.store.apply import apply
from maild.store.engine import Store
from tests.rig.desk import ACKNOWLEDGEMENT, MINUTE, NOTIFICATION, NOW, a_decision, a_message, composed

HOUR = timedelta(hours=1)


def happened(store: Store, at: datetime, *effects: Effect) -> int:
    with store.writing() as tx:
        decision = a_decision(a_message(), *effects)
        return apply(tx, decision, now=at, compose=composed, incoming=None, first_number=1).ticket_number or 0


def sent(store: Store, rule: str, at: datetime, letter: Letter = ACKNOWLEDGEMENT) -> int:
    """On which ticket."""
    return happened(store, at, Post(replace(letter, rule=rule)))


def found(store: Store, at: datetime, *limits: Limit) -> dict[str, RuleMail]:
    with store.reading() as tx:
        return dict(rule_mail.find(tx, limits, at))


def counted(store: Store, at: datetime, rule: str = "faq", window: timedelta = HOUR) -> int:
    return found(store, at, Limit(rule, 50, window))[rule].count


def test_a_rules_letters_are_counted_in_the_window_of_its_limit(store: Store):
    for minutes in (0, 10, 50):
        sent(store, "faq", NOW + minutes * MINUTE)
    sent(store, "vip", NOW + 50 * MINUTE)
    sent(store, "", NOW + 50 * MINUTE)
    assert [counted(store, NOW + minutes * MINUTE) for minutes in (50, 60, 69, 70, 109, 110)] == [3, 2, 2, 1, 1, 0]
    limits = (Limit("faq", 50, HOUR), Limit("vip", 5, HOUR), Limit("faq-later", 50, HOUR), Limit("daily", 50, 24 * HOUR))
    assert {rule: mail.count for rule, mail in found(store, NOW + HOUR, *limits).items()} == {
        "faq": 2,
        "vip": 1,
        "faq-later": 0,
        "daily": 0,
    }


def test_letters_to_agents_count_and_acknowledgements_do_not(store: Store):
    sent(store, "faq", NOW, NOTIFICATION)
    sent(store, "faq", NOW, replace(ACKNOWLEDGEMENT, limited=False))
    assert counted(store, NOW) == 1


def test_what_was_sent_in_hours_to_come_is_not_counted(store: Store):
    """The clock was set back since (OPERATIONS I23)."""
    sent(store, "faq", NOW)
    assert [counted(store, NOW - MINUTE / 2), counted(store, NOW - 5 * HOUR)] == [1, 0]


def test_where_the_limit_is_reached_the_last_tickets_are_named(store: Store):
    numbers = [sent(store, "faq", NOW + minutes * MINUTE) for minutes in range(7)]
    at = NOW + 7 * MINUTE
    assert found(store, at, Limit("faq", 8, HOUR))["faq"].tickets == ()
    assert found(store, at, Limit("faq", 7, HOUR))["faq"].tickets == tuple(numbers[:1:-1])


def test_a_pause_stands_until_it_is_lifted_and_keeps_its_first_time(store: Store):
    limit, later = Limit("faq", 1, HOUR), NOW + MINUTE
    sent(store, "faq", NOW)
    happened(store, NOW, PauseRule("faq", "more than 1 mail in 1h"))
    happened(store, later, PauseRule("faq", "more than 1 mail in 1h"))
    pause = Pause("faq", NOW, "more than 1 mail in 1h")
    assert found(store, later, limit)["faq"].pause == pause
    assert found(store, later, Limit("other", 1, HOUR))["other"].pause is None
    with store.writing() as tx:
        assert rule_mail.list_pauses(tx) == (pause,)
        assert [rule_mail.lift(tx, rule) for rule in ("faq", "faq", "other")] == [True, False, False]
        assert rule_mail.list_pauses(tx) == ()
    assert found(store, later, limit)["faq"] == RuleMail()


def test_after_a_pause_the_rule_counts_anew_and_can_be_paused_again(store: Store):
    """What paused it must not pause it again with the next mail."""
    for again in range(2):
        sent(store, "faq", NOW)
        happened(store, NOW + again * MINUTE, PauseRule("faq", f"pause {again}"))
        with store.writing() as tx:
            assert rule_mail.list_pauses(tx) == (Pause("faq", NOW + again * MINUTE, f"pause {again}"),)
            rule_mail.lift(tx, "faq")
        assert counted(store, NOW + MINUTE) == 0
    sent(store, "faq", NOW)
    assert counted(store, NOW + MINUTE) == 1
