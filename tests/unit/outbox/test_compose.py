"""Letters as they go out, read back by the standard library."""

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from html import unescape
from itertools import takewhile
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.config.settings import Mode, Settings
from maild.customer import Customer, CustomersTicket
from maild.desk.calendar import Calendar, Hours
from maild.effects import Letter
from maild.errors import LeakError, TemplateError
from maild.ingest.html_text import html_to_text
from maild.known import StoredFile
from maild.message import Address
from maild.outbox.compose import Composer
from maild.outbox.delivery import Composed
from maild.templates.render import Templates
from maild.ticket import Participant, ParticipantRole, Status, TicketView, Tier
from maild.tokens import LetterKind
from tests.rig.letters import ANNA, NOW, TOKENS, a_desk, a_letter, a_round_trip, a_ticket, an_attachment, composed, read_back, text_of

ACK, STATUS, ANSWER, NOTIFICATION = LetterKind.ACKNOWLEDGEMENT, LetterKind.STATUS, LetterKind.ANSWER, LetterKind.NOTIFICATION
TAG = TOKENS.mint_tag(1042)
AUTOMATIC = ("Auto-Submitted", "X-Auto-Response-Suppress", "X-Maild-Loop", "Precedence")


def check_wire(letter: Composed) -> None:
    """ASCII, CRLF only, no line over 998, no NUL (MAIL.md O8)."""
    assert letter.raw.isascii()
    assert letter.raw.count(b"\n") == letter.raw.count(b"\r\n") == letter.raw.count(b"\r")
    assert b"\0" not in letter.raw
    assert max(map(len, letter.raw.split(b"\r\n"))) <= 998


def check_face(letter: Letter, sender: str) -> None:
    assert str(read_back(composed(letter))["From"]) == sender


def test_every_kind_is_written_for_the_wire():
    for kind in LetterKind:
        check_wire(composed(a_letter(kind)))


def test_an_acknowledgement_has_the_number_and_none_of_the_customers_text():
    message = read_back(composed(a_letter(ACK)))
    assert str(message["Subject"]) == f"Re: {TAG} Where is my order?"
    assert "1042" in text_of(message)
    assert "Support" in text_of(message)
    assert "where is it" not in text_of(message)
    assert "1042" in text_of(message, "html")
    assert str(message["Date"]) == "Fri, 20 Nov 2026 10:02:11 +0000"
    assert str(message["MIME-Version"]) == "1.0"


OPENS = {
    "en": "on Monday, 23 November, at 08:30 (",
    "de": "am Montag, dem 23. November, um 08:30 Uhr (",
    "fr": "lundi 23 novembre à 8\xa0h\xa030 (",
    "es": "el lunes 23 de noviembre a las 08:30 (",
    "bg": "в понеделник, 23 ноември, в 08:30\xa0ч. (",
    "el": "τη Δευτέρα 23 Νοεμβρίου στις 08:30 (",
    "ru": "в понедельник, 23 ноября, в 08:30 (",
    "fa": "دوشنبه 2 آذر، ساعت 08:30 (",
}
"""As people write dates there; Persians by a calendar of their own."""


@pytest.mark.parametrize("language", OPENS)
def test_an_acknowledgement_says_when_the_department_opens_again_while_it_is_closed(language: str):
    """PRODUCT 4; it is Friday, two minutes past noon in Sofia."""

    def shown(*friday: Hours) -> str:
        office = Calendar(ZoneInfo("Europe/Sofia"), ((Hours(510, 1080),), *((),) * 3, friday, (), ()))
        desk = a_desk()
        queues = {**desk.queues, "support": replace(desk.queues["support"], calendar="office")}
        letter = composed(a_letter(ACK, languages=(language,)), desk=replace(desk, queues=queues, calendars={"office": office}))
        return text_of(read_back(letter))

    usual = text_of(read_back(composed(a_letter(ACK, languages=(language,)))))
    assert shown(Hours(12 * 60, 18 * 60)) == usual
    closed = re.sub("[\u2068\u2069]", "", shown(Hours(540, 720)))
    said = [line for line in closed.splitlines() if f"{OPENS[language]}Europe/Sofia)" in line]
    assert len(said) == 1
    assert said[0].endswith(usual.split("\n\n")[2])


def test_the_card_says_until_when_a_ticket_is_snoozed_by_the_readers_clock():
    """PRODUCT 18."""
    told = a_letter(NOTIFICATION, agent="anna")
    snoozed = text_of(read_back(composed(told, a_ticket(snoozed_until=NOW + timedelta(days=3)))))
    assert "Snoozed until: 2026-11-23 10:02\n" in snoozed
    assert "Snoozed" not in text_of(read_back(composed(told, a_ticket())))


def test_the_card_says_that_a_ticket_is_the_second_tiers():
    """PRODUCT 14."""
    told = a_letter(NOTIFICATION, agent="anna")
    for tier, is_shown in ((Tier.L1, False), (Tier.L2, True)):
        mail = read_back(composed(told, a_ticket(tier=tier)))
        for text in (text_of(mail), html_to_text(text_of(mail, "html"))):
            assert (re.search(r"^Tier:\W{1,3}L2$", text, re.MULTILINE) is not None) is is_shown


def test_a_note_among_what_was_said_before_keeps_its_lines():
    """O7."""
    history = ("2026-11-19 10:02 #note Boris Petrov: She rang.\nCall her back,\nafter nine.", "2026-11-19 10:00 Ann Smith: Where is it?")
    mail = read_back(composed(a_letter(NOTIFICATION, agent="anna", values={"history": history})))
    assert "\n".join(("Earlier:", *history)) in text_of(mail)
    shown = html_to_text(text_of(mail, "html"))
    assert [line in shown.split("\n") for text in history for line in text.split("\n")] == [True] * 4


def test_what_acknowledges_no_mail_is_no_reply():
    """`#from` with `#ack`: she has not written. A mail without an id is one all the same."""
    ack = a_letter(ACK, in_reply_to=None, references=())
    for last, subject in ((None, f"{TAG} Where is my order?"), ("gen-1@acme.example", f"Re: {TAG} Where is my order?")):
        assert str(read_back(composed(ack, a_ticket(last_customer_id=last)))["Subject"]) == subject


@pytest.mark.parametrize("kind", [ACK, STATUS])
def test_automatic_mail_without_a_subject_repeats_no_word_of_the_sender(kind: LetterKind):
    stranger = Address("BUY GOLD NOW", "victim@globex.example")
    ticket = a_ticket(requester=stranger, subject="BUY GOLD NOW")
    topic = (("Thread-Topic", "BUY GOLD NOW"),)
    letter = composed(a_letter(kind, subject="", recipients=(stranger,), thread_headers=topic), ticket)
    message = read_back(letter)
    assert str(message["To"]) == "victim@globex.example"
    assert str(message["Subject"]).startswith(f"{TAG} ")
    assert "GOLD" not in letter.raw.decode() + text_of(message) + text_of(message, "html")


def test_faces():
    check_face(a_letter(ANSWER), '"Anna Ivanova (Acme Support)" <support@acme.example>')
    check_face(a_letter(ACK), '"Support (Acme Support)" <support@acme.example>')
    check_face(a_letter(NOTIFICATION), "Ann Smith via Support <support@acme.example>")
    check_face(a_letter(ANSWER, queue="sales"), '"Anna Ivanova (Acme Support)" <sales@acme.example>')


def test_a_desk_says_how_much_of_an_agents_name_customers_see():
    """O4."""

    def check(answers_from: str, sender: str, signature: str) -> None:
        message = read_back(composed(a_letter(ANSWER), desk=a_desk(answers_from=answers_from)))
        assert str(message["From"]) == f'"{sender}" <support@acme.example>'
        assert text_of(message).endswith(signature)
        assert ("Ivanova" in message.as_string()) is (answers_from == "agent")

    check("agent", "Anna Ivanova (Acme Support)", "\nAnna Ivanova\nSupport\nAcme Support\n")
    check("first_name", "Anna (Acme Support)", "\nAnna\nSupport\nAcme Support\n")
    check("department", "Support (Acme Support)", "\n\nSupport\nAcme Support\n")


def test_automatic_letters_say_so_and_answers_do_not():
    marks = {kind: [str(read_back(composed(a_letter(kind)))[name]) for name in AUTOMATIC] for kind in LetterKind}
    loop = TOKENS.mint_loop_header()
    assert marks[ACK] == ["auto-replied", "All", loop, "None"]
    assert marks[STATUS] == ["auto-generated", "All", loop, "None"]
    assert marks[NOTIFICATION] == ["auto-generated", "All", loop, "None"]
    assert marks[ANSWER] == ["None"] * 4


def test_precedence_is_written_where_the_desk_wants_it():
    assert read_back(composed(a_letter(ACK), desk=a_desk(precedence="bulk")))["Precedence"] == "bulk"


def test_only_notifications_carry_what_filters_need():
    message = read_back(composed(a_letter(NOTIFICATION)))
    assert [message[name] for name in ("List-Id", "X-Maild-Queue", "X-Maild-Priority")] == [
        "Support <support.acme.example>",
        "support",
        "high",
    ]
    assert read_back(composed(a_letter(ACK)))["List-Id"] is None


def test_ids_are_tokens_of_the_right_kind():
    for kind in LetterKind:
        token = TOKENS.read_message_id(composed(a_letter(kind)).message_id)
        assert token is not None
        assert (token.kind, token.ticket, token.letter) == (kind, 1042, 77)
    token = TOKENS.read_message_id(composed(a_letter(NOTIFICATION)).message_id)
    assert token is not None
    assert token.agent == "anna"


def test_references_start_with_the_anchor_and_end_with_the_parent():
    ids = tuple(f"mail{number}.{'x' * 60}@globex.example" for number in range(30))
    parent = "p" * 238 + "@globex.example"
    raw = composed(a_letter(ANSWER, in_reply_to=parent), a_ticket(references=ids)).raw.decode()
    assert f"In-Reply-To: <{parent}>\r\n" in raw
    block = re.search(r"References: ((?:<[^>]*>\r\n ?)+)", raw)
    assert block is not None
    written = re.findall(r"<([^>]*)>", block[1])
    assert written[0] == TOKENS.mint_anchor(1042)
    assert written[-1] == parent
    assert written[-2] == ids[-1]
    assert len(written) <= 10
    assert len(block[0]) <= 900
    assert len(read_back(composed(a_letter(ANSWER), a_ticket(references=tuple("abcdefghijklmnop"))))["References"].split()) == 10


def test_a_customer_never_gets_the_id_of_a_notification():
    secret = TOKENS.mint_message_id(NOTIFICATION, 1042, 5, "anna")
    raw = composed(a_letter(ANSWER), a_ticket(references=(secret, "first@globex.example", "17.anna@acme.example"))).raw.decode()
    assert secret not in raw
    assert "anna@acme" not in raw


def test_a_notification_starts_with_where_a_reply_goes_then_the_new_text_and_ends_with_the_token():
    lines = text_of(read_back(composed(a_letter(NOTIFICATION)))).rstrip().split("\n")
    assert lines[0] == "Reply = to Ann Smith"
    assert next(line for line in lines[1:] if line) == "Hello,"
    assert lines[-1] == TOKENS.mint_reference_line(1042, 77, "anna")
    assert "Priority: high" in lines
    assert text_of(read_back(composed(a_letter(NOTIFICATION, internal=True)))).startswith("Reply = internal note\n")


def test_an_agent_sees_who_else_gets_his_answer_and_that_another_has_written():
    """O7, A9: neither a colleague nor the desk itself gets a copy."""
    persons = (Address("Bob Brown", "bob@globex.example"), ANNA, Address("", "sales@acme.example"))
    ticket = a_ticket(participants=tuple(Participant(person, ParticipantRole.CC) for person in persons))
    for language in ("en", "de", "fr", "es", "bg", "el", "ru", "fa"):
        mail = read_back(
            composed(a_letter(NOTIFICATION, languages=(language,), values={"writer": "Bob Brown <bob@globex.example>"}), ticket)
        )
        for text in (text_of(mail), html_to_text(text_of(mail, "html"))):
            plain = text.translate(dict.fromkeys((0x2068, 0x2069)))
            assert "Ann Smith + 1" in plain.splitlines()[0], language
            named = [line for line in plain.splitlines() if "Bob Brown <bob@globex.example>" in line]
            assert [line.startswith("! ") for line in named] == [True, False], language
            assert "sales@" not in plain
    long = replace(ticket, requester=Address("W" * 80, "ann@globex.example"))
    first = text_of(read_back(composed(a_letter(NOTIFICATION), long))).splitlines()[0]
    assert (first[-5:], len(first) <= 60) == ("… + 1", True)
    alone = read_back(composed(a_letter(NOTIFICATION)))
    assert "In copy" not in text_of(alone)
    assert "Written by" not in text_of(alone)


def other(number: int, **fields: Any) -> CustomersTicket:
    return replace(CustomersTicket(number, f"Matter {number}", "support", Status.OPEN, None), **fields)


def customer_rows(customer: Customer | None, language: str = "en") -> list[str]:
    """What stands between the requester and the files."""
    mail = read_back(composed(a_letter(NOTIFICATION, languages=(language,)), customer=customer))
    forms = text_of(mail), html_to_text(text_of(mail, "html"))
    plain, html = (form.translate({0x2068: None, 0x2069: None, 0xA0: " "}).splitlines() for form in forms)
    begin = next(index for index, line in enumerate(plain) if "<ann@globex.example>" in line and not line.startswith("! "))
    rows = list(takewhile(bool, plain[begin + 1 :]))
    assert [row for row in rows if row.partition(":")[2].strip() not in "\n".join(html)] == []
    return rows


def test_a_notification_says_who_the_customer_is_to_the_desk():
    """PRODUCT 24. The ticket it tells of is none of the others; what is not done with comes first."""
    tickets = (
        other(1050, status=Status.CLOSED, owner="boris"),
        other(1042),
        other(1030, status=Status.WAITING, queue="sales", owner="gone"),
        other(1020, subject="My chair, " * 20),
        other(1010),
    )
    assert customer_rows(Customer(NOW - timedelta(days=90), tickets)) == [
        "Customer: since 2026-08-22, tickets: 5, last with Boris Petrov",
        "Other ticket: #1030 Matter 1030 (waiting, Sales)",
        "Other ticket: #1020 My chair, My chair, My chair, My chair,… (open, Support)",
        "Other ticket: #1010 Matter 1010 (open, Support)",
    ]
    assert customer_rows(Customer(NOW, (other(1042), other(7, queue="closed-down")), has_more=True)) == [
        "Customer: since 2026-11-20, tickets: 2+",
        "Other ticket: #7 Matter 7 (open, closed-down)",
    ]


def test_a_notification_of_a_customers_first_ticket_says_so():
    assert customer_rows(Customer()) == customer_rows(Customer(NOW, (other(1042),))) == ["Customer: first ticket"]
    assert customer_rows(None) == []


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "bg", "el", "ru", "fa"])
def test_the_customers_card_speaks_the_agents_language(language: str):
    first, (known, named) = (
        customer_rows(Customer(), language),
        customer_rows(Customer(NOW, (other(1042), other(7, owner="anna"))), language),
    )
    assert all(word in known for word in ("2026-11-20", "2", "Anna Ivanova"))
    assert "#7 Matter 7" in named
    assert first[0].partition(":")[0] == known.partition(":")[0]


def test_a_notification_says_whose_team_the_ticket_is_and_how_it_is_tagged():
    ticket = a_ticket(team="payments", tags=frozenset({"vip", "<b>refund"}))
    letter = read_back(composed(a_letter(NOTIFICATION), ticket))
    assert "\nOwner: nobody\nTeam: payments\nTags: <b>refund, vip\nFrom: " in text_of(letter)
    html = text_of(letter, "html")
    assert "<td><bdi>payments</bdi></td>" in html
    assert "<td><bdi>&lt;b&gt;refund</bdi>, <bdi>vip</bdi></td>" in html
    assert not re.search("Team|Tags", text_of(read_back(composed(a_letter(NOTIFICATION)))))


def test_each_action_writes_a_mail_with_its_command_first_and_the_token_last():
    for internal, first in ((False, []), (True, ["#show 1042"])):
        html = text_of(read_back(composed(a_letter(NOTIFICATION, internal=internal))), "html")
        links = re.findall(r'<a href="mailto:support@acme\.example\?([^"]*)">', html)
        bodies = [parse_qs(unescape(link))["body"][0].split("\r\n") for link in links]
        assert [body[0] for body in bodies] == [*first, "#close", "#take", "#wait", "#snooze 3d", "#note"]
        assert {body[-1] for body in bodies} == {TOKENS.mint_reference_line(1042, 77, "anna")}


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "bg", "el", "ru", "fa"])
def test_a_letter_that_is_answered_by_a_note_says_how_the_customer_is_answered(language: str):
    """A6, O7: below all else but the token. Not where nothing goes to customers anyway."""
    desk = a_desk()
    agents = replace(desk, queues={**desk.queues, "support": replace(desk.queues["support"], mode=Mode.AGENTS)})
    letter = a_letter(NOTIFICATION, languages=(language,), internal=True)

    def hints(letter: Letter, desk: Settings, ticket: TicketView | None = None) -> tuple[int, int, int]:
        mail = read_back(composed(letter, ticket, desk=desk))
        html = text_of(mail, "html")
        return text_of(mail).count("#show 1042"), html_to_text(html).count("#show 1042"), html.count("%23show%201042")

    assert hints(letter, desk) == (1, 1, 1)
    assert text_of(read_back(composed(letter, desk=desk))).splitlines()[-3].count("#show 1042") == 1
    nothing = (0, 0, 0)
    assert hints(replace(letter, internal=False), desk) == nothing
    assert hints(letter, agents) == nothing
    assert hints(letter, a_desk(default_visibility="internal")) == nothing
    assert hints(letter, desk, a_ticket(status=Status.SPAM)) == nothing


def test_the_first_line_of_a_notification_is_short_in_every_language():
    ticket = a_ticket(requester=Address("Wilhelmina Alexandra von und zu Hohenstein-Oberhausen", "w@globex.example"))
    for language in ("en", "de", "fr", "es", "bg", "el", "ru", "fa"):
        for internal in (True, False):
            first = text_of(read_back(composed(a_letter(NOTIFICATION, languages=(language,), internal=internal), ticket))).split("\n")[0]
            assert len(first) <= 60


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "bg", "el", "ru", "fa"])
def test_a_notification_says_at_once_that_its_department_sends_no_answers(language: str):
    """PRODUCT 34a: whoever answers it has his text back."""
    desk = a_desk()
    agents = replace(desk, queues={**desk.queues, "support": replace(desk.queues["support"], mode=Mode.AGENTS)})
    letter = a_letter(NOTIFICATION, languages=(language,))

    def second(letter: Letter, desk: Settings, subtype: str) -> str:
        text = text_of(read_back(composed(letter, desk=desk)), subtype)
        return (html_to_text(text) if subtype == "html" else text).splitlines()[1]

    for subtype in ("plain", "html"):
        assert "agents" in second(letter, agents, subtype)
        assert second(letter, desk, subtype) == ""
        assert second(replace(letter, internal=True), agents, subtype) == "", "a note is kept"


def test_warnings_stand_between_the_text_and_the_card():
    text = text_of(read_back(composed(a_letter(NOTIFICATION, values={"warnings": ("This is not the requester.",)}))))
    assert text.index("where is it?") < text.index("! This is not the requester.") < text.index("Ticket: 1042")


def test_what_a_customer_writes_is_never_html():
    html = text_of(read_back(composed(a_letter(NOTIFICATION, body="<script>alert(1)</script> {{ 7*7 }}"))), "html")
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "{{ 7*7 }}" in html


def test_an_answer_has_the_text_the_signature_and_at_most_the_last_message_quoted():
    letter = a_letter(ANSWER, queue="sales", quoted="Where is it?\n\nAnn", quoted_from="Ann Smith <ann@globex.example>")
    assert text_of(read_back(composed(letter))) == (
        "Hello,\n\nit is on its way.\n\nYour sales team\n+1 555 0100\n\nAnn Smith <ann@globex.example> wrote:\n> Where is it?\n>\n> Ann\n"
    )


def test_an_answer_goes_to_requester_and_cc():
    message = read_back(composed(a_letter(ANSWER, cc=(Address("Bob, Jr.", "bob@globex.example"),))))
    assert str(message["To"]) == "Ann Smith <ann@globex.example>"
    assert str(message["Cc"]) == '"Bob, Jr." <bob@globex.example>'


def check_leak(**fields: object) -> None:
    with pytest.raises(LeakError) as caught:
        composed(a_letter(ANSWER, **fields))
    assert caught.value.permanent


def test_an_answer_that_shows_the_agents_address_or_token_is_refused():
    reference = TOKENS.mint_reference_line(1042, 5, "anna")
    check_leak(body="Write to anna@acme.example")
    check_leak(body="Write to ANNA@acme.example")
    check_leak(body="Write to anna\u200b@acme.example")
    check_leak(body="Write to anna.private@home.example")
    check_leak(body=f"> {reference}")
    check_leak(body=reference.removeprefix("maild-ref: "))
    check_leak(body=reference.upper())
    check_leak(attachments=(an_attachment("anna@acme.example.pdf"),))


def test_an_agent_may_be_the_customer():
    composed(a_letter(ANSWER, recipients=(ANNA,), body="Hello anna@acme.example"), a_ticket(requester=ANNA))


def test_a_quotation_that_names_the_agent_is_left_out_rather_than_the_answer():
    text = text_of(read_back(composed(a_letter(ANSWER, quoted="I wrote to anna@acme.example before.", quoted_from="Ann"))))
    assert "it is on its way." in text
    assert "before" not in text


def test_a_subject_that_names_the_agent_gives_way_to_our_own():
    composed_letter = composed(a_letter(ANSWER, subject="A question for anna@acme.example"))
    assert "anna@" not in composed_letter.subject
    assert "1042" in composed_letter.subject


@pytest.mark.parametrize("kind", [ACK, STATUS, ANSWER])
def test_what_a_customer_gave_himself_stops_no_letter_to_him(kind: LetterKind):
    """A8. His Message-ID, his name, his topic may look like what only agents may see; those are left out."""
    token = TOKENS.mint_message_id(NOTIFICATION, 1042, 5, "boris").replace("acme", "globex")
    customer = Address(f"maild-ref {token}", "ann@globex.example")
    ids = (token, "first@globex.example")
    headers = (("Thread-Topic", token), ("Thread-Index", "Ac=="))
    letter = a_letter(kind, in_reply_to=token, references=ids, recipients=(customer,), cc=(customer,), thread_headers=headers)
    written = composed(letter, a_ticket(requester=customer, references=ids, subject=token))
    message = read_back(written)
    assert token not in written.raw.decode() + text_of(message) + text_of(message, "html")
    assert (str(message["To"]), message["In-Reply-To"], message["Thread-Index"]) == ("ann@globex.example", None, "Ac==")
    assert message["References"].split() == [f"<{TOKENS.mint_anchor(1042)}>", "<first@globex.example>"]


def test_a_colleague_whose_address_ends_like_the_agents_gets_his_answer():
    joanna = Address("Joanna", "joanna@acme.example")
    written = composed(a_letter(ANSWER, recipients=(joanna,), cc=(Address("", "mary.anna@acme.example"),)), a_ticket(requester=joanna))
    assert [envelope.recipient.address for envelope in written.envelopes] == ["joanna@acme.example", "mary.anna@acme.example"]


def test_an_agent_is_shown_what_the_customer_wrote_whatever_it_looks_like():
    token = TOKENS.mint_message_id(NOTIFICATION, 1042, 5, "boris")
    assert token in composed(a_letter(NOTIFICATION, subject=token)).subject


def test_attachments_go_along_up_to_the_limit_and_the_rest_is_named():
    files = {1: b"%PDF", 2: b"x" * 2000, 3: b"BEGIN:VCALENDAR"}
    attachments = (
        an_attachment("Größe.pdf", 1),
        an_attachment("big.bin", 2),
        an_attachment("i.ics", 3, "text/calendar"),
        an_attachment("gone", 9),
    )
    message = read_back(composed(a_letter(ANSWER, attachments=attachments), desk=a_desk(attach_max=1000), files=files))
    written = [(part.get_filename(), part.get_content_type(), part.get_content()) for part in message.iter_attachments()]
    assert written == [("Größe.pdf", "application/pdf", b"%PDF"), ("i.ics", "application/octet-stream", b"BEGIN:VCALENDAR")]
    assert "big.bin, gone" in text_of(message)


PICTURE = replace(an_attachment("shot.png", 3, "image/png"), inline=True, content_id="image001.png@01DC7F3A")
SCREEN = '<p>Look: <img src="cid:image001.png@01DC7F3A" alt="shot"></p><p>There.</p>'


def structure(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


@pytest.mark.parametrize("kind", [ANSWER, NOTIFICATION])
def test_a_picture_stands_in_its_place_under_an_id_of_its_own(kind: LetterKind):
    """O8, A8, P11."""
    files = {3: b"\x89PNG", 4: b"%PDF"}
    letter = composed(a_letter(kind, body_html=SCREEN, attachments=(PICTURE, an_attachment("plan.pdf", 4))), files=files)
    check_wire(letter)
    message = read_back(letter)
    assert structure(message)[1:] == [
        *("multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "application/pdf"),
    ]
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content() == b"\x89PNG"
    assert picture.get_content_disposition() == "inline"
    html = text_of(message, "html")
    assert f'<p>Look: <img src="cid:{picture["Content-ID"].strip("<>")}" alt="shot"></p><p>There.</p>' in html
    assert "01DC7F3A" not in letter.raw.decode()


def test_a_picture_too_large_to_go_along_is_named_and_leaves_no_frame():
    letter = a_letter(ANSWER, body_html=SCREEN, attachments=(PICTURE,))
    message = read_back(composed(letter, desk=a_desk(attach_max=3), files={3: b"\x89PNG"}))
    assert structure(message) == ["multipart/alternative", "text/plain", "text/html"]
    assert "<img" not in text_of(message, "html")
    assert "Too large to attach: shot.png" in text_of(message)


def test_an_agent_is_told_how_to_get_what_is_too_large_for_his_notification():
    """O7."""
    film = replace(PICTURE, name="film.mp4", content_type="video/mp4", size=6 << 20)
    letter = a_letter(LetterKind.NOTIFICATION, attachments=(film,))
    message = read_back(composed(letter, files={3: b"x" * (6 << 20)}))
    assert "Too large to attach: film.mp4 (6 MiB): #files film.mp4\n" in text_of(message)
    assert not list(message.iter_attachments())


def test_files_that_an_agent_asks_for_go_up_to_what_any_mail_may_hold():
    film = replace(PICTURE, name="film.mp4", content_type="video/mp4", size=6 << 20)
    stored = StoredFile(7, 70, film)
    letter = a_letter(
        LetterKind.NOTIFICATION, attachments=(film,), enclosed=(stored,), left_out=("b.zip (1 GiB): maild ticket raw 1042 7",)
    )
    message = read_back(composed(letter, files={3: b"x" * (6 << 20)}))
    assert [part.get_filename() for part in message.iter_attachments()] == ["film.mp4"]
    assert "Too large to attach: b.zip (1 GiB): maild ticket raw 1042 7\n" in text_of(message)


def test_a_picture_that_no_html_shows_is_a_file():
    """Where the HTML does not say what the text says there is none; and no file of another type is a picture."""
    message = read_back(composed(a_letter(ANSWER, attachments=(PICTURE,)), files={3: b"\x89PNG"}))
    assert [part.get_filename() for part in message.iter_attachments()] == ["shot.png"]
    program = replace(PICTURE, content_type="text/html")
    message = read_back(composed(a_letter(ANSWER, body_html=SCREEN, attachments=(program,)), files={3: b"<script>"}))
    assert [part.get_content_disposition() for part in message.iter_attachments()] == ["attachment"]
    assert "<img" not in text_of(message, "html")


def test_html_is_scanned_for_leaks_to_its_last_attribute():
    check_leak(body_html='<a href="mailto:anna&#64;acme.example">me</a>')
    check_leak(body_html=f"<p hidden>{TOKENS.mint_reference_line(1042, 5, 'anna')}</p>")


def test_conversation_headers_of_outlook_stand_before_the_subject():
    raw = composed(a_letter(ANSWER, thread_headers=(("Thread-Topic", "Order"), ("Thread-Index", "Ac=="), ("Bcc", "evil@x")))).raw
    assert raw.index(b"Thread-Topic: Order\r\n") < raw.index(b"Thread-Index: Ac==\r\n") < raw.index(b"Subject:")
    assert b"evil@x" not in raw


def test_a_letter_about_no_ticket_has_neither_tag_nor_anchor():
    desk = a_desk()
    letter = Letter(NOTIFICATION, "attention", "", (Address("", "ops@acme.example"),), values={"warnings": ("1 incoming held",)})
    message = read_back(Composer(desk, TOKENS, Templates(desk)).compose(letter, None, 5, NOW, {}))
    assert str(message["Subject"]) == "This desk needs a person"
    assert message["References"] is None
    assert "1 incoming held" in text_of(message)


def test_a_template_that_does_not_exist_is_an_error():
    with pytest.raises(TemplateError, match="nonesuch"):
        composed(a_letter(ACK, template="nonesuch"))


def test_the_same_letter_gives_the_same_bytes():
    assert composed(a_letter(ANSWER)).raw == composed(a_letter(ANSWER)).raw


WILD = st.text(st.one_of(st.characters(), st.sampled_from('\r\n\0\u2028\u202e\ud800<>,;"\\=?@')), max_size=80)


@settings(max_examples=60, deadline=None)
@given(subject=WILD, name=WILD, body=WILD, mid=WILD, file=WILD, kind=st.sampled_from(LetterKind))
def test_nothing_wild_reaches_the_header(subject: str, name: str, body: str, mid: str, file: str, kind: LetterKind):
    person = Address(name, "ann@globex.example")
    letter = a_letter(
        kind, subject=subject, body=body, in_reply_to=mid, recipients=(person,), attachments=(an_attachment(file),), cc=(person,)
    )
    ticket: TicketView = replace(a_ticket(), requester=person, subject=subject, references=(mid, name))
    written = composed(letter, ticket, files={1: b"x"}, desk=DESK, round_trip=a_round_trip())
    check_wire(written)
    allowed = {name.lower() for name in EVERY_HEADER}
    assert {name.lower() for name in read_back(written)} <= allowed


DESK = a_desk()
EVERY_HEADER = (
    *("From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type"),
    *("Content-Language", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Maild-Loop", "X-MS-Reactions"),
    *("List-Id", "X-Maild-Queue", "X-Maild-Priority"),
)


def test_of_a_text_of_megabytes_letters_show_the_beginning_and_an_answer_is_never_cut():
    for text in ("x" * 5_000_000, "a line\n" * 500_000, "&<>\n" * 900_000):
        for letter in (a_letter(NOTIFICATION, body=text), a_letter(ANSWER, quoted=text, quoted_from="Ann")):
            written = text_of(read_back(composed(letter)))
            assert "[…]" in written
            assert len(written) < 200_000
    long = "A sentence of an agent's.\n" * 5_000
    assert text_of(read_back(composed(a_letter(ANSWER, body=long)))).count("A sentence of an agent's.") == 5_000
