"""Bounces and the addresses they speak of (MAIL.md B4-B6)."""

from datetime import timedelta

from builders import NOW

from maild.desk.undeliverable import effects_of, effects_of_refusal
from maild.effects import MarkBounced, NoteBounce, Suppress
from maild.known_letter import BouncedLetter
from maild.message import BouncedRecipient, BounceKind, ReportKind

ANN, BOB = "ann@globex.example", "bob@globex.example"
LETTER = BouncedLetter(77, (ANN, BOB))
HARD, SOFT = BounceKind.HARD, BounceKind.SOFT


def check(
    address: str, status: str, kind: BounceKind | None, effects: list[type], *, letter: BouncedLetter = LETTER, final: bool = True
) -> list[object]:
    failed = BouncedRecipient(address, kind, final, status, "550 no")
    found = list(effects_of(ReportKind.BOUNCE, (failed,), letter, NOW))
    assert [type(effect) for effect in found] == effects, status
    return list(found)


def test_no_such_mailbox_suppresses_at_once_and_for_sixty_days():
    for status in ("5.1.1", "5.1.10", "5.2.1"):
        *_, suppress = check(ANN.upper(), status, HARD, [MarkBounced, NoteBounce, Suppress])
        assert suppress == Suppress(ANN, "mail bounced: 550 no", NOW + timedelta(days=60))


def test_any_other_hard_failure_suppresses_the_second_time_within_a_week():
    check(ANN, "5.7.1", HARD, [MarkBounced, NoteBounce])
    check(ANN, "5.7.1", HARD, [MarkBounced, NoteBounce, Suppress], letter=BouncedLetter(77, (ANN, BOB), {ANN: 1}))
    check(ANN, "5.7.1", HARD, [MarkBounced, NoteBounce], letter=BouncedLetter(77, (ANN, BOB), {BOB: 9}))


def test_a_soft_failure_and_a_delay_suppress_nobody():
    check(ANN, "4.2.2", SOFT, [MarkBounced])
    check(ANN, "", None, [MarkBounced])
    check(ANN, "4.4.1", SOFT, [], final=False)


def test_a_report_says_nothing_of_an_address_the_letter_never_went_to():
    check("victim@elsewhere.example", "5.1.1", HARD, [])
    one = BouncedLetter(77, (ANN,))
    found = check("ann@forwarded.example", "5.1.1", HARD, [MarkBounced, NoteBounce, Suppress], letter=one)
    assert {getattr(effect, "address", ANN) for effect in found} == {ANN}, "a forwarded mail bounces under another address"


def test_a_complaint_holds_until_an_admin_lifts_it():
    assert list(effects_of(ReportKind.ARF, (), BouncedLetter(77, (ANN,)), NOW)) == [Suppress(ANN, "complained of it as spam", None)]


def test_a_complaint_is_of_whom_it_names_and_of_nobody_if_it_may_be_one_of_several():
    """B2, B5: an answer went to the requester and to a person in Cc."""

    def check(named: tuple[str, ...], expected: list[str], letter: BouncedLetter = LETTER) -> None:
        complainants = [BouncedRecipient(address, None, False, "", "complaint") for address in named]
        found = list(effects_of(ReportKind.ARF, complainants, letter, NOW))
        assert found == [Suppress(address, "complained of it as spam", None) for address in expected], named

    check((BOB,), [BOB])
    check((ANN.upper(),), [ANN])
    check((), [])
    check(("redacted@globex.example",), [])
    check(("redacted@globex.example", BOB), [BOB])
    check((ANN, BOB), [])
    check(("ann@forwarded.example",), [ANN], BouncedLetter(77, (ANN,)))


def test_a_receipt_changes_nothing():
    read = BouncedRecipient(ANN, None, False, "", "displayed")
    assert list(effects_of(ReportKind.MDN, (read,), LETTER, NOW)) == []


def test_a_relays_refusal_of_mail_to_an_agent_counts_where_it_is_about_his_mailbox():
    """B6: he gets nothing. Where the relay takes nothing of ours the agents are well."""
    at_rcpt = "relay.example:25 says to RCPT: "
    for error, suppressed in (
        (f"{at_rcpt}550 5.1.1 no such user", True),
        (f"{at_rcpt}552 5.2.2 over quota", True),
        (f"{at_rcpt}452 4.2.2 over quota; given up after 48 hours", True),
        (f"{at_rcpt}550 no such user here", True),
        (f"{at_rcpt}553 sorry, nobody of that name", True),
        (f"{at_rcpt}550 5.7.1 relaying denied", False),
        (f"{at_rcpt}550 relay not permitted", False),
        (f"{at_rcpt}554 Sender address rejected", False),
        (f"{at_rcpt}550 5.1.8 sender address rejected", False),
        (f"{at_rcpt}451 greylisted; given up after 48 hours", False),
        ("relay.example:25 says to MAIL: 550 no", False),
        ("relay.example:25 says to the final dot: 554 5.2.2 full", False),
        ("relay.example:25 says to the final dot: 554 5.6.0 unreadable", False),
        ("no mail can be sent from a to b: not an address", False),
    ):
        found = list(effects_of_refusal(ANN, error, 0, NOW, to_agent=True))
        assert [effect.address for effect in found if isinstance(effect, Suppress)] == ([ANN] if suppressed else []), error
    assert list(effects_of_refusal(ANN, f"{at_rcpt}550 no such user here", 0, NOW)) == [], "a customer keeps his own measure"


def test_a_relays_refusal_counts_where_it_is_about_the_address():
    """B5: a relay refuses for many reasons that are ours."""
    for error, suppressed in (
        ("550 5.1.1 no such user", True),
        ("550 5.2.1 mailbox disabled", True),
        ("550 5.7.1 relaying denied", False),
        ("550 5.1.8 sender address rejected", False),
        ("550 no", False),
        ("451 4.2.2 mailbox full", False),
    ):
        found = list(effects_of_refusal(ANN, error, 0, NOW))
        assert [type(effect) for effect in found] == ([NoteBounce, Suppress] if suppressed else []), error
