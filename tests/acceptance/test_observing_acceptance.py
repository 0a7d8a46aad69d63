"""A week beside the team in their shared mailbox: nothing sent, nothing touched, and then the report (PRODUCT 34a; MAIL.md A15)."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.rig.dovecot import Stored
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk

RULES = """
version: 1
rules:
  - {id: flagged, when: mail.received, if: {header.X-Flag: "YES"}, do: [{quarantine: flagged as spam}], stop: true}
  - {id: payment, when: ticket.created, if: {text: {word: invoice}}, do: [{tag: [payment]}, {set: {priority: high}}, {assign: anna}]}
  - {id: never, when: ticket.created, if: {text: {word: xyzzy}}, do: [{tag: [magic]}]}
"""
DONE = ("assigned to anna", "priority set to high", "tagged payment")
AUTOMATIC = {"Auto-Submitted": "auto-replied"}


@pytest.fixture
def desk(make_desk: Callable[..., RunningDesk]) -> RunningDesk:
    """Support observes a mailbox with two requests, an out-of-office, and a mail that a rule keeps out."""
    desk = make_desk(support="agents: [anna], mode: observe", rules=RULES)
    support = desk.at("support")
    desk.dovecot.create(support, "Sent")
    desk.put(an_email(sender="ann@globex.example", to=support, subject="Printer", message_id="asked@globex.example"))
    desk.put(an_email(sender="Bob <bob@globex.example>", to=support, subject="Money", body="Where is the invoice?\n"))
    desk.put(an_email(sender="carl@globex.example", to=support, subject="I am away", headers=AUTOMATIC))
    desk.put(an_email(sender="eve@spam.example", to=support, subject="Win", headers={"X-Flag": "YES"}))
    assert desk.run_once()
    return desk


def the_team_writes(desk: RunningDesk) -> None:
    """Somebody answers the first request with a mail program, and sends a price list."""
    support = desk.at("support")
    answer = {"In-Reply-To": "<asked@globex.example>", "References": "<asked@globex.example>"}
    desk.dovecot.append(support, an_email(sender=support, to="ann@globex.example", subject="Re: Printer", headers=answer), folder="Sent")
    desk.dovecot.append(support, an_email(sender=support, to="new@customer.example", subject="Our price list"), folder="Sent")


def on_the_server(desk: RunningDesk) -> list[list[Stored]]:
    """Every mail with its flags, folder by folder."""
    support = desk.at("support")
    return [desk.dovecot.messages(support, folder) for folder in desk.dovecot.folders(support)]


def test_a_desk_that_observes_sends_and_touches_nothing_and_reports_all(desk: RunningDesk):
    the_team_writes(desk)
    before = on_the_server(desk)
    assert desk.run_once()
    assert desk.sink.mails == []
    assert on_the_server(desk) == before
    assert sorted(map(len, before)) == [2, 4]
    assert {flag for folder in before for mail in folder for flag in mail.flags} <= {"\\Recent"}
    (support,) = desk.ask("report", "--queue", "support")["queues"]
    (waiting,) = support.pop("oldest_unanswered")
    assert (waiting["number"], waiting["requester"]["address"], waiting["subject"]) == (2, "bob@globex.example", "Money")
    assert 0 <= waiting["hours"] < 1
    times = support.pop("first_answer")
    assert 0 <= times["median_hours"] == times["p90_hours"] < 1
    assert support == {
        "queue": "support",
        "mode": "observe",
        "requests": 2,
        "customers_mails": 2,
        "answered": 1,
        "answered_elsewhere": 1,
        "never_answered": 1,
        "perhaps_answered": 0,
        "closed": 0,
        "sent_about_nothing": 1,
        "automatic": [{"class": "auto_reply", "mails": 1, "kept_out": 1}],
        "not_sent": [
            {"kind": "ack", "template": "received", "letters": 2},
            {"kind": "notification", "template": "notification", "letters": 2},
        ],
        "rules": [
            {
                "rule": "flagged",
                "fired": 1,
                "would_have_fired": 0,
                "broke": 0,
                "actions": [{"action": "quarantined: flagged as spam", "times": 1}],
            },
            {
                "rule": "payment",
                "fired": 1,
                "would_have_fired": 0,
                "broke": 0,
                "actions": [{"action": words, "times": 1} for words in DONE],
            },
        ],
        "doubts": [
            {"state": "quarantined", "reason": "auto", "mails": 1},
            {"state": "quarantined", "reason": "flagged as spam", "mails": 1},
        ],
    }


def test_the_status_names_the_command_and_its_table_and_csv_say_the_same(desk: RunningDesk):
    the_team_writes(desk)
    assert desk.run_once()
    (observing,) = desk.ask("status")["observing"]
    assert observing["queue"] == "support"
    assert datetime.fromisoformat(observing["since"]) <= datetime.now(UTC)
    assert "`maild report --queue support --since 1d`" in desk.maild("status", status=None)
    lines = desk.maild("report").splitlines()
    assert "support\tobserve\t2\t2\t1\t1\t1\t0\t0.0 h\t0.0 h" in lines
    assert "support\tack\treceived\t2" in lines
    assert "support,rule_fired,payment,1" in desk.maild("report", "--csv").splitlines()


def test_what_cannot_be_reported_is_one_sentence(desk: RunningDesk):
    assert desk.maild("report", "--queue", "suport", status=1) == ""
    assert desk.maild("report", "--since", "soon", status=2) == ""
    assert desk.maild("report", "--since", "1d", "--until", "2d", status=2) == ""
    assert desk.maild("report", "--json", "--csv", status=2) == ""
