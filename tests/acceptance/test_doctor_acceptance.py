"""`maild doctor` on a real desk: what it looks at, and test mails through real servers (OPERATIONS C12; MAIL.md O1a, O4, O5, L8)."""

from collections.abc import Callable
from typing import Any

import pytest

from maild.config.key_ring import rotate
from maild.config.load import require_settings
from maild.round_trip import RoundTrip
from maild.store import round_trips
from maild.store.engine import open_store
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, eventually
from tests.rig.providers import at_provider, like_amazon, like_outlook, refusing_senders, without_plus

MakeDesk = Callable[..., RunningDesk]
QUEUES = {"support", "sales", "billing"}
NOT_THERE_YET = "sqlite:///maild.db"


@pytest.fixture
def still_desk(make_desk: MakeDesk, storage: str) -> RunningDesk:
    """A desk whose daemon has run once and does not run now."""
    desk = make_desk(storage=storage)
    open_store(storage, desk.directory, create=True).close()
    at_provider(desk)
    return desk


def doctor(desk: RunningDesk, *arguments: str) -> dict[str, list[dict[str, Any]]]:
    """The findings by level."""
    found: dict[str, list[dict[str, Any]]] = {"ok": [], "warn": [], "fail": []}
    for item in desk.ask("doctor", *arguments):
        assert set(item) == {"check", "level", "reason", "next"}
        found[item["level"]].append(item)
    return found


def sent_test(desk: RunningDesk, seconds: int = 20) -> dict[str, list[dict[str, Any]]]:
    return doctor(desk, "--send-test", "--wait", str(seconds))


def reasons(findings: list[dict[str, Any]], check: str = "") -> str:
    return "\n".join(item["reason"] for item in findings if item["check"].startswith(check))


def trips(desk: RunningDesk) -> dict[str, RoundTrip]:
    store = open_store(desk.storage, desk.directory, create=False)
    try:
        with store.reading() as tx:
            return round_trips.find_all(tx)
    finally:
        store.close()


def seen(trip: RoundTrip) -> tuple[bool, bool, bool, bool]:
    return trip.plus, trip.envelope, trip.null_sender, trip.keeps_ids


# Looking


def test_a_healthy_desk_has_a_line_for_everything_and_nothing_is_sent(still_desk: RunningDesk):
    found = doctor(still_desk)
    assert found["fail"] == []
    checks = {item["check"] for item in found["ok"]}
    smtp = f"smtp {still_desk.sink.host}:{still_desk.sink.port}"
    assert {"keys", "disk", "database", "mailbox support", "mailbox sales", smtp} <= checks
    assert {(item["check"], item["next"]) for item in found["warn"] if item["check"].startswith("queue")} == {
        (f"queue {queue}", "maild doctor --send-test") for queue in QUEUES
    }
    assert still_desk.sink.mails == []


def test_a_fault_is_one_line_with_what_to_do_and_exit_status_1(make_desk: MakeDesk):
    desk = make_desk(storage=NOT_THERE_YET)
    (desk.directory / "secret.key").chmod(0o644)
    text = desk.maild("doctor", status=0)
    assert "warn  keys: others may read" in text
    assert "does not exist yet" in text
    desk.sink.refuse(desk.at("sales"), "553 5.7.1 not you")
    assert f"fail  smtp {desk.sink.host}:{desk.sink.port}: it does not take mail from {desk.at('sales')}" in desk.maild("doctor", status=1)


def test_test_mails_need_a_database_to_keep_what_they_show(make_desk: MakeDesk):
    desk = make_desk(storage=NOT_THERE_YET)
    found = sent_test(desk)
    assert reasons(found["fail"]).startswith("no test mail was sent")
    assert desk.sink.mails == []


# Test mails, without a daemon


def test_each_department_sees_its_own_plus_address_work(still_desk: RunningDesk):
    found = sent_test(still_desk)
    assert found["fail"] == []
    for queue in QUEUES:
        told = reasons(found["ok"], f"queue {queue}")
        assert "its address stands in Delivered-To" in told
        assert "a bounce address went through" in told
        assert "the null path went through" in told
        assert "keeps our Message-IDs" in told
        assert "the clock agrees with the mail server's" in told
    assert {key: seen(trip) for key, trip in trips(still_desk).items()} == dict.fromkeys(QUEUES, (True, True, True, True))
    assert len(still_desk.sink.mails) == 2 * len(QUEUES)
    again = doctor(still_desk)
    assert [item for item in again["warn"] if item["check"].startswith("queue")] == []
    assert "seen to work" in reasons(again["ok"], "queue sales")


def test_a_server_that_says_nothing_of_its_own_users_is_told_before_their_answers_are_held(make_desk: MakeDesk):
    """S1, S1a: Postfix and Dovecot as they come."""
    desk = make_desk(extra="limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example]}")
    open_store(desk.storage, desk.directory, create=True).close()
    provider = at_provider(desk)
    (told,) = [item for item in sent_test(desk)["warn"] if item["check"] == "queue support" and "your own users" in item["reason"]]
    assert "without a verdict of mx.desk.example; answers of agents who do so will be held (agent_unverified)" in told["reason"]
    assert "smtpd_sasl_authenticated_header" in told["next"]
    provider.says = f"Received: from x (Authenticated sender: {desk.at('support')}) by mx.desk.example with ESMTPSA id 1"
    found = sent_test(desk)
    assert f"is authenticated: logged in as {desk.at('support')}" in reasons(found["ok"], "queue support")
    assert "your own users" in reasons(found["warn"], "queue sales"), "it is another's login"
    provider.says = "Authentication-Results: mx.desk.example; dmarc=fail"
    assert "comes back unproven: DMARC failed" in reasons(sent_test(desk)["warn"], "queue support")
    desk.extra = desk.extra.replace("[mx.desk.example]", "[mx.desk.example], agent_auth: token")
    desk.configure()
    assert "your own users" not in str(sent_test(desk))


def test_a_server_without_plus_addresses_is_told_from_one_without_mail(still_desk: RunningDesk):
    without_plus(still_desk.sink)
    found = sent_test(still_desk)
    assert "550 5.1.1 unknown user" in reasons(found["warn"], "queue support")
    assert {seen(trip)[0] for trip in trips(still_desk).values()} == {False}
    still_desk.sink.policy = None
    at_provider(still_desk, plus=False)
    assert "though one to the plain address did" in reasons(sent_test(still_desk, 2)["warn"], "queue support")
    still_desk.sink.deliver_to = None
    lost = sent_test(still_desk, 1)
    assert "no test mail to" in reasons(lost["fail"], "queue support")


def test_a_relay_that_takes_plain_senders_only_leaves_the_reply_addresses(still_desk: RunningDesk):
    refusing_senders(still_desk.sink)
    found = sent_test(still_desk)
    assert found["fail"] == []
    assert "no bounce addresses are used: " in reasons(found["ok"], "queue support")
    assert seen(trips(still_desk)["support"]) == (True, False, False, True)


def test_a_relay_that_replaces_ids_and_senders_is_seen_to_do_so(still_desk: RunningDesk):
    still_desk.sink.relay = like_amazon
    found = sent_test(still_desk)
    assert "the relay replaces our Message-IDs" in reasons(found["ok"], "queue support")
    assert seen(trips(still_desk)["support"]) == (True, False, False, False)


def test_a_slow_server_that_says_later_teaches_nothing(still_desk: RunningDesk):
    still_desk.sink.policy = lambda command, address: "451 4.7.1 greylisted" if command == "RCPT" else None
    assert "451 4.7.1 greylisted" in reasons(sent_test(still_desk, 1)["fail"], "queue support")
    assert trips(still_desk) == {}


# Test mails, beside a daemon that moves mail away


def test_a_daemon_that_is_faster_makes_no_ticket_of_a_test_mail(make_desk: MakeDesk, storage: str):
    desk = make_desk(storage=storage, mailbox=", after: delete")
    at_provider(desk)
    desk.start()
    eventually(lambda: desk.mailbox_states().get("support") == "watching")
    found = sent_test(desk)
    assert found["fail"] == []
    assert {key: trip.plus for key, trip in trips(desk).items()} == dict.fromkeys(QUEUES, True)
    eventually(lambda: len(desk.incoming()) == 2 * len(QUEUES))
    desk.settle()
    assert {(row["state"], row["class"], row["ticket"]) for row in desk.incoming()} == {("done", "own_loop", None)}
    assert desk.tickets() == []
    assert len(desk.sink.mails) == 2 * len(QUEUES)


def test_a_daemon_makes_no_ticket_of_a_test_mail_signed_with_a_key_that_is_newer_than_its_last_reload(make_desk: MakeDesk):
    desk = make_desk()
    at_provider(desk)
    desk.start()
    eventually(lambda: desk.mailbox_states().get("support") == "watching")
    rotate(require_settings(desk.directory))
    assert sent_test(desk)["fail"] == []
    eventually(lambda: len(desk.incoming()) == 2 * len(QUEUES))
    desk.settle()
    assert ({row["class"] for row in desk.incoming()}, desk.tickets()) == ({"own_loop"}, [])


def test_a_test_mail_stripped_of_all_but_its_address_is_still_known(make_desk: MakeDesk):
    desk = make_desk()
    at_provider(desk)
    desk.sink.relay = like_outlook
    open_store(desk.storage, desk.directory, create=True).close()
    sent_test(desk)
    desk.start()
    plus = next(mail for mail in desk.sink.mails if "+p" in mail.recipients[0])
    stripped = an_email(sender=f"Support <{desk.at('support')}>", to=plus.recipients[0], subject="maild test")
    bounce = an_email(sender="MAILER-DAEMON@mx.example", to=plus.recipients[0], subject="Undelivered Mail", headers={"Return-Path": "<>"})
    for raw in (stripped, bounce):
        row = desk.receive(raw, "support")
        assert (row["state"], row["class"], row["ticket"]) == ("done", "own_loop", None)


# Where ids are replaced, answers need another way


def test_check_insists_on_a_way_back_where_ids_are_replaced(make_desk: MakeDesk):
    desk = make_desk(desk=", plus: off")
    open_store(desk.storage, desk.directory, create=True).close()
    at_provider(desk)
    desk.sink.relay = like_outlook
    assert sent_test(desk)["fail"] == []
    desk.maild("check", status=0)
    desk.desk = ", plus: off, tag_position: off"
    desk.configure()
    text = desk.maild("check", status=2)
    assert "not valid" in text
    fault = next(fault for fault in desk.ask("check")["faults"] if fault["code"] == "E330")
    line = (desk.directory / "maild.yaml").read_text(encoding="utf-8").splitlines()[fault["line"] - 1]
    assert line[: fault["column"] - 1].endswith("tag_position: ")
    assert "replaces Message-IDs" in reasons(doctor(desk)["fail"], "queue support")
    desk.desk = ", tag_position: off"
    desk.configure()
    desk.maild("check", status=0)
    assert require_settings(desk.directory).desk.plus == "auto"
