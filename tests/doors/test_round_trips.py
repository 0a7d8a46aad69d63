"""What is concluded from test mails that came in (MAIL.md O1a, O4, O5, L8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.config.settings import Settings, Trust
from maild.message import Address, HeaderField, InboundMessage
from maild.outbox.delivery import Deferred, Failed, Outcome
from maild.outbox.delivery import Sent as Taken
from maild.outbox.probe import Probe, write_control_probe, write_plus_probe
from maild.reports.lookout import Returned
from maild.reports.round_trips import Sent, Trial, find_round_trip
from maild.round_trip import RoundTrip
from tests.builders import NOW, a_message, some_settings, some_tokens

TOKENS = some_tokens()
SETTINGS = some_settings(trust=Trust(authserv_ids=("mx.acme.example",)))
SUPPORT = SETTINGS.queues["support"]
PASSED = ("Authentication-Results", "mx.acme.example; dmarc=pass header.from=acme.example")
FAILED = ("Authentication-Results", "mx.acme.example; dmarc=fail header.from=acme.example")
PLUS = write_plus_probe(SUPPORT, 1, TOKENS, NOW)
CONTROL = write_control_probe(SUPPORT, 2, TOKENS, NOW)
assert PLUS


def a_trial(plus: Outcome = Taken("250 ok"), control: Outcome = Taken("250 ok"), refused: str = "") -> Trial:
    assert PLUS
    return Trial(SUPPORT, Sent(PLUS, plus, refused), Sent(CONTROL, control, ""), NOW)


def came(probe: Probe, *headers: tuple[str, str], to: str = "", **changes: object) -> dict[int, Returned]:
    """A probe as the mailbox shows it."""
    fields = tuple(HeaderField(*field) for field in (*headers, ("Received", "from a by mx.acme.example"), ("To", to or probe.recipient)))
    common = {"headers": fields, "header_from": (Address("", SUPPORT.address),), "message_id": probe.message_id}
    message: InboundMessage = replace(a_message(), **common | {"return_path": probe.envelope_sender} | changes)
    return {probe.number: Returned(message, NOW, NOW + timedelta(seconds=1))}


def concluded(returned: dict[int, Returned], trial: Trial | None = None, settings: Settings = SETTINGS) -> RoundTrip | None:
    return find_round_trip(trial or a_trial(), returned, settings)


def check(expected: tuple[bool, bool, bool, bool], returned: dict[int, Returned], trial: Trial | None = None) -> None:
    trip = concluded(returned, trial)
    assert trip
    assert (trip.plus, trip.envelope, trip.null_sender, trip.keeps_ids) == expected


def test_what_comes_in_as_it_was_sent_shows_that_all_works():
    check((True, True, True, True), came(PLUS) | came(CONTROL))
    trip = concluded(came(PLUS, ("Delivered-To", PLUS.recipient)) | came(CONTROL))
    assert trip
    assert trip.seen_in == "Delivered-To"


def test_a_plus_address_that_is_taken_out_everywhere_is_of_no_use():
    check((False, True, True, True), came(PLUS, to=SUPPORT.address) | came(CONTROL))


def test_each_way_is_judged_by_itself():
    check((False, False, True, True), came(CONTROL))
    check((True, True, False, True), came(PLUS))
    check((True, False, True, True), came(PLUS, return_path="bounces@relay.example") | came(CONTROL))
    check((True, False, True, True), came(PLUS, return_path=None) | came(CONTROL))
    check((True, False, True, True), came(PLUS) | came(CONTROL), a_trial(refused="553 not yours"))
    check((True, True, False, True), came(PLUS) | came(CONTROL, return_path="desk@relay.example"))
    check((True, True, True, False), came(PLUS, message_id="other@relay.example") | came(CONTROL))


def test_the_null_path_is_not_used_where_it_costs_the_authentication():
    check((True, True, False, True), came(PLUS, PASSED) | came(CONTROL, FAILED))
    check((True, True, False, True), came(PLUS, PASSED) | came(CONTROL))
    check((True, True, True, True), came(PLUS, PASSED) | came(CONTROL, PASSED))
    check((True, True, True, True), came(PLUS) | came(CONTROL))


def test_a_report_about_a_test_mail_is_not_the_test_mail():
    daemon = {"header_from": (Address("", "MAILER-DAEMON@mx.example"),)}
    check((False, False, True, True), came(PLUS, **daemon) | came(CONTROL))
    assert concluded(came(PLUS, **daemon)) is None


@pytest.mark.parametrize("trial", [a_trial(plus=Deferred("451 later", NOW)), a_trial(Failed("550"), Failed("550"))])
def test_where_nothing_was_shown_nothing_is_concluded(trial: Trial):
    assert concluded({} if isinstance(trial.control.outcome, Failed) else came(CONTROL), trial) is None
