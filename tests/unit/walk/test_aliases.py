"""Other ids of our letters, where a relay replaces them (MAIL.md O1a; acceptance 4)."""

from dataclasses import replace
from typing import Any

from maild.aliases import canonical, find_reported_id
from maild.config.settings import Trust
from maild.effects import Decision, NoteAlias
from maild.ingest.department import find_departments
from maild.ingest.sender import TokenPlace
from maild.known import Known
from maild.known_letter import KnownLetter
from maild.message import Address, BouncedRecipient, InboundMessage, MessageClass, Report, ReportKind
from maild.pipeline import Desk, read
from maild.reading import Circumstances, Reading
from maild.rules.ruleset import NO_RULES
from maild.tokens import LetterKind, LetterToken
from tests.builders import NOW, a_message, a_ticket, some_settings, some_tokens
from tests.rig.bounces import BOUNCE_ADDRESS, decided, sent_to

TOKENS = some_tokens()
SES = "0100018c2f5c6e5b-1c0a1b2c-3d4e-5f60-7182-93a4b5c6d7e8-000000"
REGIONAL = f"{SES}@eu-west-1.amazonses.com"
ANSWER = LetterToken(LetterKind.ANSWER, 1042, 77, None)
NOTICE = LetterToken(LetterKind.NOTIFICATION, 1042, 78, "anna")
ANNA = Address("Anna", "anna@acme.example")


def check_reply(reply: str, expected: str | None) -> None:
    assert find_reported_id(reply) == expected


def test_a_relays_reply_names_the_id_in_the_forms_we_know_and_in_no_other():
    exchange = "DB9PR08MB1234A1B2C3D4E5F6@DB9PR08MB1234.eurprd08.prod.outlook.com"
    check_reply(f"250 Ok {SES}", f"{SES}@amazonses.com")
    check_reply(f"250 2.0.0 Ok {SES.upper()}", f"{SES}@amazonses.com")
    check_reply(f"250 2.0.0 OK <{exchange}> [Hostname=DB9PR08MB1234.eurprd08.prod.outlook.com]", exchange)
    check_reply(f"250 2.6.0 <{exchange}> [InternalId=7, Hostname=ex01.corp.example] Queued mail for delivery", exchange)
    check_reply("250 2.0.0 Ok: queued as 4F9D195432C", None)
    check_reply("250 2.0.0 OK  1700000000 d9443c01a7336-1d0a1b2c3d4sm123 - gsmtp", None)
    check_reply("250 2.1.0 <anna@acme.example> accepted", None)
    check_reply("250 OK <anna@acme.example> [Hostname=x]", None)
    check_reply("250 OK", None)


def test_an_id_of_amazon_is_the_same_in_every_region():
    assert canonical(REGIONAL) == canonical(f"{SES.upper()}@email.amazonses.com") == f"{SES}@amazonses.com"
    assert canonical("Case@Elsewhere.example") == "Case@Elsewhere.example"


def test_tokens_that_know_an_alias_read_it_like_the_id_it_stands_for():
    knowing = TOKENS.knowing({f"{SES}@amazonses.com": ANSWER})
    assert knowing.read_message_id(REGIONAL) == ANSWER
    assert knowing.read_message_id(TOKENS.mint_message_id(LetterKind.STATUS, 7, 8)) == LetterToken(LetterKind.STATUS, 7, 8, None)
    assert TOKENS.read_message_id(REGIONAL) is None
    forged = f"c.1042.77.ab{'a' * 16}@acme.example"
    assert TOKENS.knowing({forged: ANSWER}).read_message_id(forged) is None


def read_with(token: LetterToken, message: InboundMessage, **settings: Any) -> Reading:
    letter = KnownLetter(token.letter, "own@acme.example", token.kind, token.ticket, token.agent, False, NOW)
    known = Known(tickets={1042: a_ticket()}, letters={token.letter: letter}, aliases={f"{SES}@amazonses.com": token})
    desk = Desk(some_settings(**settings), NO_RULES, TOKENS)

    def ask(question: Any) -> Known:
        assert f"{SES}@amazonses.com" in question.aliases
        return known

    (departments,) = find_departments(message, "support", desk.settings)
    return read(message, Circumstances("support"), departments, ask, desk, NOW)


def test_an_answer_to_an_alias_is_an_answer_to_the_letter():
    reading = read_with(ANSWER, a_message(in_reply_to=(REGIONAL,)))
    assert reading.thread.chosen
    assert (reading.thread.chosen.grade, reading.thread.chosen.ticket) == ("b", 1042)


def test_an_agents_answer_to_an_alias_has_the_token_and_needs_what_else_he_needs():
    message = a_message(header_from=(ANNA,), in_reply_to=(REGIONAL,))
    sender = read_with(NOTICE, message).sender
    assert sender.token
    assert (sender.token.place, sender.proven) == (TokenPlace.IN_REPLY_TO, True)
    strict = Trust(authserv_ids=("mx.acme.example",), agent_auth="token+dmarc")
    assert not read_with(NOTICE, message, trust=strict).sender.proven
    boris = read_with(NOTICE, replace(message, header_from=(Address("", "boris@acme.example"),))).sender
    assert (boris.proven, boris.strange_token) == (False, True)


def test_an_out_of_office_that_answers_an_alias_is_seen_for_what_it_is():
    ack = LetterToken(LetterKind.ACKNOWLEDGEMENT, 1042, 77, None)
    away = a_message(in_reply_to=(REGIONAL,), subject="Out of office: Printer")
    assert read_with(ack, away).nature.message_class is MessageClass.AUTO_REPLY


def test_a_report_that_returns_an_alias_is_about_the_letter():
    report = Report(ReportKind.BOUNCE, (BouncedRecipient("ann@globex.example", None, True, "5.1.1", ""),), (REGIONAL,), "a sign")
    reading = read_with(ANSWER, a_message(report=report))
    assert reading.bounced
    assert reading.bounced.letter == 77


REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; ann@globex.example
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

Message-ID: <{returned}>
Subject: returned

hello
--b--
"""


def aliases(decision: Decision) -> list[NoteAlias]:
    return [effect for effect in decision.effects if isinstance(effect, NoteAlias)]


def test_a_report_to_a_letters_own_envelope_tells_its_other_id():
    raw = REPORT.format(returned=REGIONAL).encode()
    assert aliases(decided(sent_to(raw))) == [NoteAlias(77, REGIONAL)]
    ours = TOKENS.mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 77)
    assert aliases(decided(sent_to(REPORT.format(returned=ours).encode()))) == []


def test_no_other_mail_makes_an_alias():
    raw = REPORT.format(returned=REGIONAL).encode()
    assert aliases(decided(raw)) == []
    assert aliases(decided(sent_to(raw, BOUNCE_ADDRESS.replace("77.1", "78.1")))) == []
    assert aliases(decided(f"From: ann@globex.example\nTo: {BOUNCE_ADDRESS}\nIn-Reply-To: <{REGIONAL}>\n\nhello\n".encode())) == []
