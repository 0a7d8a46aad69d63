"""Reports of many servers about a letter of ours: they find it, and open no ticket and answer nobody (MAIL.md B1-B4; acceptance 6, 7)."""

import re
from pathlib import Path

import pytest

from maild.effects import AddMessage, IncomingState, NoteAlias, RecordEvent
from maild.ticket import MessageKind
from maild.tokens import LetterKind, Tokens
from tests.builders import some_tokens
from tests.rig.bounces import BOUNCE_ADDRESS, LETTER, RECIPIENT, changes_something, decided, is_about_our_letter, sent_to, with_our_id

CORPUS = Path(__file__).parents[2] / "corpus"
REPORTS = sorted(path.stem for path in CORPUS.glob("*.eml") if path.stem.startswith(("bounce", "delay", "complaint")))
FOREIGN = Tokens([b"x" * 64], "acme.example", ["Acme"])
WITHOUT_A_WORD = b"Return-Path: <list@globex.example>\nFrom: list@globex.example\nSubject: Loop alert\n\nWe did not take your mail.\n"


def mail(case: str) -> bytes:
    return (CORPUS / f"{case}.eml").read_bytes()


RETURNING = [case for case in REPORTS if with_our_id(mail(case)) != mail(case)]


def test_there_are_reports_to_try():
    assert (len(REPORTS), len(RETURNING)) >= (5, 4)


@pytest.mark.parametrize("case", RETURNING)
def test_a_report_that_returns_our_id_is_about_that_letter(case: str):
    """Acceptance row 6."""
    decision = decided(with_our_id(mail(case)))
    assert is_about_our_letter(decision), decision.reason
    assert not changes_something(decision)


@pytest.mark.parametrize("case", REPORTS)
def test_a_report_to_a_bounce_address_is_about_its_letter_whatever_it_returns(case: str):
    """Acceptance row 6."""
    for raw in (mail(case), with_our_id(mail(case), FOREIGN.mint_message_id(LetterKind.ANSWER, 7, 7))):
        decision = decided(sent_to(raw))
        assert is_about_our_letter(decision), decision.reason
        assert not changes_something(decision)


@pytest.mark.parametrize("case", REPORTS)
def test_a_forged_report_changes_nothing(case: str):
    """Acceptance row 7."""
    forged_address = f"support+{FOREIGN.mint_bounce(77, 1)}@acme.example"
    for raw in (mail(case), with_our_id(mail(case), FOREIGN.mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 77))):
        decision = decided(sent_to(raw, forged_address))
        assert decision.state is IncomingState.QUARANTINED
        assert not changes_something(decision)


def test_the_bounce_address_names_the_recipient_where_the_report_does_not():
    decision = decided(sent_to(WITHOUT_A_WORD))
    assert decision.message_class == "bounce"
    assert [effect.kind for effect in decision.effects if isinstance(effect, AddMessage)] == [MessageKind.AUTO]
    (event,) = (effect for effect in decision.effects if isinstance(effect, RecordEvent))
    assert (event.kind, event.text.startswith(f"{RECIPIENT}: ")) == ("bounced", True)
    assert decided(WITHOUT_A_WORD).message_class == "human"


def test_the_envelope_id_of_a_report_names_letter_and_recipient():
    bounce = some_tokens().mint_bounce(77, 1)
    postfix = mail("bounce-postfix")
    assert b"\nReporting-MTA:" in postfix.replace(b"\r\n", b"\n")
    named = postfix.replace(b"Reporting-MTA:", b"Original-Envelope-Id: " + bounce.encode() + b"\nReporting-MTA:", 1)
    (event,) = (effect for effect in decided(named).effects if isinstance(effect, RecordEvent))
    assert event.text.startswith(f"{RECIPIENT}: ")


def test_a_receipt_is_a_line_in_the_log_and_nothing_else():
    """B7."""
    receipt = with_our_id(mail("read-receipt-outlook")).replace(b"dept.answer.1042@acme.example", LETTER.message_id.encode())
    nameless = receipt.replace(b"Final-Recipient:", b"X-Nobody:")

    def check(raw: bytes, words: str) -> None:
        decision = decided(raw)
        assert (decision.message_class, decision.after) == ("mdn", decision.before)
        (event,) = decision.effects
        assert isinstance(event, RecordEvent)
        assert (event.kind, event.text) == ("mdn", words)

    check(receipt, "displayed by Ann.Smith@globex.example")
    check(receipt.replace(b"; displayed", b"; Deleted/error"), "deleted by Ann.Smith@globex.example, as it seems without being read")
    check(receipt.replace(b"; displayed", b"; dispatched"), "passed on by the mail system of Ann.Smith@globex.example")
    check(receipt.replace(b"; displayed", b"; failed"), "receipt of Ann.Smith@globex.example")
    check(nameless, "receipt of Ann.Smith@globex.example")


def test_a_report_of_success_is_a_line_in_the_log_and_no_bounce():
    """B3."""
    report = re.sub(rb"Action: \w+", b"Action: relayed", re.sub(rb"Status: [45]", b"Status: 2", mail("bounce-postfix")))
    for raw in (with_our_id(report), sent_to(report)):
        decision = decided(raw)
        assert (decision.message_class, decision.after) == ("mdn", decision.before)
        (event,) = (effect for effect in decision.effects if not isinstance(effect, NoteAlias))
        assert isinstance(event, RecordEvent)
        assert event.kind == "delivered"
        assert event.text.startswith("delivered or passed on to ")


def test_a_person_who_writes_to_the_bounce_address_is_heard():
    reply = f"From: ann@globex.example\nTo: {BOUNCE_ADDRESS}\nIn-Reply-To: <{FOREIGN.mint_anchor(1)}>\nSubject: Re: x\n\nStill burning.\n"
    decision = decided(reply.encode())
    assert (decision.message_class, is_about_our_letter(decision)) == ("human", True)
    assert [effect.kind for effect in decision.effects if isinstance(effect, AddMessage)] == [MessageKind.CUSTOMER]
