"""A line of a ticket's log: what happened, and by whom where that is not said anyway."""

from maild.reports.log import describe_event


def check(by: str, text: str, expected: str) -> None:
    assert describe_event(by, text) == expected


def test_what_maild_did_needs_no_name():
    check("maild", "new: no token, no known reference, no tag", "new: no token, no known reference, no tag")
    check("", "closed", "closed")


def test_who_acted_is_named_once():
    check("anna", "to boris", "anna: to boris")
    check("anna", "to anna", "anna: to anna")
    check("ann@globex.example", "from ann@globex.example in support's mailbox", "from ann@globex.example in support's mailbox")


def test_a_rule_goes_by_its_name():
    check("rule payment", 'text has the word "invoice" → tagged payment', 'payment: text has the word "invoice" → tagged payment')


def test_an_event_is_one_line():
    check("maild", "smtp said\n550 no\tsuch user", "smtp said 550 no such user")
