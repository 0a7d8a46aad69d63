"""Probes: the test mails of `maild doctor`, and how the daemon knows them (MAIL.md O1a, O4)."""

from dataclasses import replace

from maild.config.settings import Queue
from maild.ingest.automated import PROBE, classify
from maild.ingest.parse import parse_message
from maild.message import InboundMessage, MessageClass
from maild.outbox.probe import Probe, write_control_probe, write_plus_probe
from tests.builders import NOW, some_settings, some_tokens

TOKENS, SETTINGS = some_tokens(), some_settings()
SUPPORT = SETTINGS.queues["support"]
ADDRESS = f"support+{TOKENS.mint_probe(4711)}@acme.example"


def plus_probe() -> Probe:
    probe = write_plus_probe(SUPPORT, 4711, TOKENS, NOW)
    assert probe
    return probe


def check_own(message: InboundMessage) -> None:
    nature = classify(message, TOKENS, SETTINGS)
    assert nature.message_class is MessageClass.OWN_LOOP, nature.reasons
    assert nature.silence


def test_a_probe_goes_to_a_plus_address_and_from_one_and_a_control_does_not():
    probe = plus_probe()
    assert (probe.recipient, probe.envelope_sender) == (ADDRESS, ADDRESS)
    control = write_control_probe(SUPPORT, 4712, TOKENS, NOW)
    assert (control.recipient, control.envelope_sender) == ("support@acme.example", "")
    for written in (probe, control):
        message = parse_message(written.raw)
        assert (message.message_id, message.header_from[0].address) == (written.message_id, "support@acme.example")
        assert TOKENS.find_probe(written.raw.decode("ascii")) == written.number


def test_a_department_whose_name_leaves_no_room_has_no_plus_probe():
    assert write_plus_probe(Queue("x", "X", f"{'x' * 50}@acme.example", "x"), 4711, TOKENS, NOW) is None


def test_a_probe_is_known_by_each_of_its_marks_alone():
    message = parse_message(plus_probe().raw)
    bare = replace(message, headers=(), loop_marks=(), message_id="replaced@relay.example")
    check_own(message)
    check_own(bare)
    check_own(replace(bare, to=(), recipients=(ADDRESS.upper(),)))
    check_own(replace(message, headers=(), loop_marks=(), to=()))
    check_own(replace(message, message_id="replaced@relay.example", to=()))
    assert PROBE in classify(message, TOKENS, SETTINGS).reasons
    assert PROBE in classify(bare, TOKENS, SETTINGS).reasons


def test_a_forged_probe_is_a_mail_like_any_other():
    forged = replace(
        parse_message(plus_probe().raw), headers=(), loop_marks=(), message_id="x@y.example", to=(), subject="maild test p4711.ab"
    )
    assert classify(forged, TOKENS, SETTINGS).message_class is MessageClass.HUMAN
    assert TOKENS.find_probe("maild test p4711.ab" + "a" * 16) is None
