"""May automatic mail go out: addresses (L3), caps (L4), storms (L6), modes."""

from datetime import timedelta

from builders import ANN, a_queue, some_settings

from maild.config.settings import AutomaticLimits, Limits, Mode, Rate, StormLimits
from maild.effects import Letter, Post, RecordEvent
from maild.known import Sent
from maild.message import Address, AuthResult
from maild.outbox.guard import (
    KeptBack,
    address_refusal,
    breaker_fault,
    cap_refusal,
    is_exempt_domain,
    post,
    read_kept_back,
    read_speaker,
    storm_refusal,
    windows,
)
from maild.tokens import LetterKind

HOUR, DAY, TEN_MINUTES = 3600, 86_400, 600
ADDRESS, DOMAIN = ANN.key, ANN.domain
EVENT = RecordEvent("acknowledged", "maild", "received")


def check_address(address: str, code: str | None) -> None:
    refusal = address_refusal(Address("", address), some_settings())
    assert (refusal.code if refusal else None) == code, address


def test_some_addresses_never_get_automatic_mail():
    check_address("ann@globex.example", None)
    check_address("ann.noreply.smith@globex.example", None)
    check_address("NoReply@globex.example", "no-reply")
    check_address("do-not-reply@globex.example", "no-reply")
    check_address("MAILER-DAEMON@globex.example", "no-reply")
    check_address("owner-talk@globex.example", "no-reply")
    check_address("talk-request@globex.example", "no-reply")
    check_address("talk-bounces@globex.example", "no-reply")
    check_address("Sales@Acme.Example", "own-address")
    check_address("ann", "invalid-recipient")
    check_address("", "invalid-recipient")


def check_cap(
    counts: dict[tuple[str, str, int], int], code: str | None, *, address: Address = ANN, auth: AuthResult = AuthResult.UNKNOWN
) -> None:
    refusal = cap_refusal(address, "support", auth, Sent(counts), some_settings())
    assert (refusal.code if refusal else None) == code, counts


def test_a_cap_is_reached_when_as_many_mails_went_out_as_it_allows():
    check_cap({}, None)
    check_cap({("recipient", ADDRESS, HOUR): 2}, None)
    check_cap({("recipient", ADDRESS, HOUR): 3}, "cap-recipient")
    check_cap({("recipient", ADDRESS, DAY): 10}, "cap-recipient")
    check_cap({("domain", DOMAIN, HOUR): 60}, "cap-domain")
    check_cap({("queue", "support", HOUR): 300}, "cap-queue")
    check_cap({("all", "", TEN_MINUTES): 600}, "cap-all")


def test_what_went_to_others_does_not_count():
    check_cap({("recipient", "bob@globex.example", HOUR): 99, ("domain", "acme.example", HOUR): 99, ("queue", "sales", HOUR): 999}, None)


def test_a_domain_that_says_nothing_about_its_people_has_no_cap():
    many = {("domain", domain, HOUR): 1000 for domain in (DOMAIN, "gmail.com", "acme.example")}
    check_cap(many, None, address=Address("", "ann@gmail.com"))
    check_cap(many, None, address=Address("", "anna@acme.example"))
    check_cap(many, None, auth=AuthResult.PASS)
    check_cap(many, "cap-domain", auth=AuthResult.FAIL)
    assert not is_exempt_domain(ANN, AuthResult.NONE, some_settings())


def test_the_breaker_trips_at_its_rate_and_then_stops_everything():
    full = Sent({("all", "", TEN_MINUTES): 600})
    fault = breaker_fault(full, some_settings())
    assert fault is not None
    assert fault.text == "600 automatic mails went to customers within 0:10:00"
    assert breaker_fault(Sent({("all", "", TEN_MINUTES): 599}), some_settings()) is None
    assert breaker_fault(Sent(full.counts, stopped=fault.text), some_settings()) is None, "once is enough"
    stopped = cap_refusal(ANN, "support", AuthResult.UNKNOWN, Sent(stopped=fault.text), some_settings())
    assert stopped is not None
    assert "maild outbox resume" in stopped.text
    assert cap_refusal(ANN, "support", AuthResult.UNKNOWN, Sent(stopped=fault.text), some_settings(limits=Limits(None, None))) is None


def test_a_storm_is_more_new_tickets_than_allowed():
    settings = some_settings()
    for counts, code in (
        ({}, None),
        ({("storm sender", ADDRESS, TEN_MINUTES): 4}, None),
        ({("storm sender", ADDRESS, TEN_MINUTES): 5}, "storm"),
        ({("storm domain", DOMAIN, TEN_MINUTES): 50}, "storm"),
    ):
        refusal = storm_refusal(ANN, AuthResult.UNKNOWN, Sent(counts), settings)
        assert (refusal.code if refusal else None) == code, counts
    assert storm_refusal(ANN, AuthResult.PASS, Sent({("storm domain", DOMAIN, TEN_MINUTES): 50}), settings) is None


def test_limits_that_are_off_ask_nothing_and_refuse_nothing():
    off = some_settings(limits=Limits(None, None))
    assert windows(off.limits) == ()
    assert cap_refusal(ANN, "support", AuthResult.UNKNOWN, Sent({("recipient", ADDRESS, HOUR): 999}), off) is None
    assert storm_refusal(ANN, AuthResult.UNKNOWN, Sent({("storm sender", ADDRESS, TEN_MINUTES): 999}), off) is None


def test_the_store_is_asked_for_every_window_once():
    rate = Rate(1, timedelta(minutes=1))
    limits = Limits(AutomaticLimits((rate, rate), rate, None, rate), StormLimits(rate, None))
    assert windows(limits) == (("recipient", 60), ("domain", 60), ("all", 60), ("agent", 60), ("storm sender", 60))


def check_mode(mode: Mode, kind: LetterKind, goes_out: bool) -> None:
    settings = some_settings(queues={"support": a_queue(mode=mode)})
    effects = post(Letter(kind, "received", "support", (ANN,)), settings, EVENT)
    assert any(isinstance(effect, Post) for effect in effects) is goes_out, (mode, kind)
    assert (EVENT in effects) is goes_out, "an event tells only of what goes out"


def test_the_mode_of_a_queue_decides_who_gets_mail():
    check_mode(Mode.LIVE, LetterKind.ACKNOWLEDGEMENT, True)
    check_mode(Mode.LIVE, LetterKind.NOTIFICATION, True)
    check_mode(Mode.AGENTS, LetterKind.NOTIFICATION, True)
    check_mode(Mode.AGENTS, LetterKind.ACKNOWLEDGEMENT, False)
    check_mode(Mode.AGENTS, LetterKind.ANSWER, False)
    check_mode(Mode.OBSERVE, LetterKind.NOTIFICATION, False)
    check_mode(Mode.OBSERVE, LetterKind.ANSWER, False)


def test_what_a_mode_keeps_back_is_read_again_from_the_words_of_the_log():
    settings = some_settings(queues={"support": a_queue(mode=Mode.OBSERVE)})
    for kind in LetterKind:
        (event,) = post(Letter(kind, "faq-password", "support", (ANN,)), settings, EVENT)
        assert isinstance(event, RecordEvent)
        assert (event.kind, read_kept_back(event.text)) == ("not_sent", KeptBack(kind, "faq-password"))
        assert read_speaker(event.text) == "support"
    assert read_speaker("received not sent") == ""
