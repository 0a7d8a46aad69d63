"""Bounces, delays, receipts and complaints as servers write them (MAIL.md B1-B3)."""

import time

from maild.ingest.mime import Part
from maild.ingest.reports import read_report
from maild.message import BouncedRecipient, BounceKind, HeaderField, Report, ReportKind
from maild.tokens import LetterKind
from tests.builders import some_tokens

HARD, SOFT = BounceKind.HARD, BounceKind.SOFT
BOUNCE, DELAY = ReportKind.BOUNCE, ReportKind.DELAY
OUR_ID = some_tokens().mint_message_id(LetterKind.ANSWER, 1042, 77)


def a_part(content_type: str, text: str = "", *children: Part, headers: str = "", **parameters: str) -> Part:
    fields = tuple(HeaderField(name, value.strip()) for name, _, value in (line.partition(":") for line in headers.splitlines()))
    pairs = tuple((name.replace("_", "-"), value) for name, value in parameters.items())
    return Part(0, content_type, pairs, fields, text.encode(), children)


def a_report(status: str, *, returned: str = "", notice: str = "Your message could not be delivered.") -> Part:
    """A multipart/report with a delivery-status part."""
    parts = [a_part("text/plain", notice), a_part("message/delivery-status", status)]
    if returned:
        parts.append(a_part("text/rfc822-headers", returned))
    return a_part("multipart/report", "", *parts, report_type="delivery-status")


def a_notice(text: str, *, headers: str = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: support@acme.example") -> Part:
    return a_part("text/plain", text, headers=headers)


def read(message: Part) -> Report:
    report = read_report(message)
    assert report is not None
    return report


def recipient(message: Part) -> BouncedRecipient:
    (found,) = read(message).recipients
    return found


# Delivery status (RFC 3464)


def status(fields: str, kind: BounceKind | None, final: bool, report_kind: ReportKind = BOUNCE) -> None:
    message = a_report(f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ann@globex.example\n{fields}")
    found = recipient(message)
    assert (found.address, found.kind, found.final) == ("ann@globex.example", kind, final), found
    assert read(message).kind is report_kind


def test_each_recipient_is_final_or_not_and_hard_or_soft() -> None:
    status("Action: failed\nStatus: 5.1.1", HARD, True)
    status("Action: failed\nStatus: 4.4.7", SOFT, True)
    status("Action: delayed\nStatus: 4.2.2", SOFT, False, DELAY)
    status("Action: expired\nStatus: 4.4.7", SOFT, True)
    for good in ("Action: delivered\nStatus: 2.1.5", "Action: relayed\nStatus: 2.0.0", "Action: expanded", "Status: 2.0.0 (ok)"):
        status(good, None, False, ReportKind.DELIVERED)
    status("Action: Failed (user unknown)\nStatus: 5.1.1 (bad address)", HARD, True)
    status("Status: 5.1.1", HARD, True)
    status("Action: failed\nDiagnostic-Code: smtp; 550 5.1.1 <ann@globex.example>... User unknown", HARD, True)
    status("Action: failed\nDiagnostic-Code: smtp; 452 too busy", SOFT, True)
    status("Action: failed\nDiagnostic-Code: X-Notes; User not listed in Domino Directory", HARD, True)
    status("Action: failure\nStatus: 553 Exceeded maximum size", HARD, True)
    status("Action: failed", None, True)


def test_several_recipients_are_judged_each_on_its_own() -> None:
    message = a_report(
        "Reporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822;ann@globex.example\nAction: failed\nStatus: 5.1.1\n\n"
        "Original-Recipient: rfc822;bob@globex.example\nAction: delayed\nStatus: 4.4.1\n"
    )
    assert [(found.address, found.kind, found.final) for found in read(message).recipients] == [
        ("ann@globex.example", HARD, True),
        ("bob@globex.example", SOFT, False),
    ]
    assert read(message).kind is BOUNCE


def test_a_report_is_of_success_where_nobody_is_left_out() -> None:
    delivered, failed, late = (
        f"Final-Recipient: rfc822; {words}\n\n"
        for words in ("a@x.example\nAction: relayed", "b@x.example\nAction: failed", "c@x.example\nAction: delayed")
    )
    assert read(a_report(delivered + failed)).kind is BOUNCE
    assert read(a_report(delivered + late)).kind is DELAY
    assert [found.delivered for found in read(a_report(delivered + failed)).recipients] == [True, False]


def test_recipients_without_a_blank_line_between_them_are_told_apart() -> None:
    message = a_report(
        "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; b@x.example\nStatus: 4.0.0\n"
    )
    assert [(found.address, found.kind) for found in read(message).recipients] == [("a@x.example", HARD), ("b@x.example", SOFT)]


def test_a_folded_diagnostic_is_one_line_and_bounded() -> None:
    message = a_report("Final-Recipient: rfc822; a@x.example\nDiagnostic-Code: smtp; 550 no\n    such user\n   " + "x" * 900)
    assert recipient(message).diagnostic.startswith("550 no such user xxx")
    assert len(recipient(message).diagnostic) == 500


def test_international_reports_are_read_too() -> None:
    part = a_part("message/global-delivery-status", "Final-Recipient: utf-8; дарья@пример.example\nAction: failed\nStatus: 5.1.1\n")
    assert recipient(a_part("multipart/mixed", "", part)).address == "дарья@пример.example"


def test_a_report_without_its_status_part_is_read_by_its_words() -> None:
    message = a_part("multipart/report", "", a_part("text/plain", "<ann@globex.example>: 550 5.1.1 gone"), report_type="delivery-status")
    assert recipient(message) == BouncedRecipient("ann@globex.example", HARD, True, "5.1.1", "550 5.1.1 gone")


def test_an_attached_report_of_another_mail_is_no_report() -> None:
    inner = a_report("Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1")
    forwarded = a_part("multipart/mixed", "", a_part("text/plain", "What is this?"), a_part("message/rfc822", "", inner))
    assert read_report(forwarded) is None


# Other reports


def test_receipts_and_complaints_have_kinds_of_their_own() -> None:
    receipt = a_part(
        "message/disposition-notification", "Final-Recipient: rfc822; ann@globex.example\nDisposition: manual-action; displayed"
    )
    complaint = a_part("message/feedback-report", "Feedback-Type: abuse\nOriginal-Rcpt-To: <ann@globex.example>")
    outlook = a_part("message/rfc822", "", a_part("text/plain", "Hi", headers="X-HmXmrOriginalRecipient: ann@globex.example"))
    for part, kind in ((receipt, ReportKind.MDN), (complaint, ReportKind.ARF), (outlook, ReportKind.ARF)):
        report = read(a_part("multipart/report", "", part))
        assert report.kind is kind
        assert [found.address for found in report.recipients] == ["ann@globex.example"]


# Notices in plain words


def notice(text: str, *expected: tuple[str, BounceKind | None], kind: ReportKind = BOUNCE) -> None:
    report = read(a_notice(text))
    assert [(found.address, found.kind) for found in report.recipients] == list(expected), report
    assert report.kind is kind


def test_notices_of_many_servers_name_whom_they_could_not_reach() -> None:
    ann = "ann@globex.example"
    notice(f"Hi. This is the qmail-send program.\n\n<{ann}>:\nSorry, no mailbox here by that name. (#5.1.1)", (ann, HARD))
    notice(f"A message sent by\n\n  <me@acme.example>\n\ncould not be delivered.\n\n  {ann}\n    Unrouteable address", (ann, HARD))
    notice(f"This is the Postfix program.\n\n<{ann}>: host mx[192.0.2.5] said: 450 4.7.1 try\n    again later", (ann, SOFT))
    notice(f"did not reach the following recipient(s):\n\n{ann} on Thu, 29 Apr 2010\n  The recipient name is not recognized", (ann, HARD))
    notice(f"   ----- Transcript of session follows -----\n554 <{ann}>... 550 Host unknown", (ann, HARD))
    notice(f"Your message\n\n  Subject: Hi\n\nwas not delivered to:\n\n  {ann}\n\nbecause:\n\n  User Ann not listed in Domino", (ann, HARD))
    notice(f"An error has occurred:\n\n{ann}: Domain does not exist\n\n    Below is a copy:", (ann, HARD))
    notice(f"Could not be delivered to: <{ann}>\n     As their mailbox is full.", (ann, HARD))
    notice(f"Delivery failed 20 attempts: {ann}\n\nOriginal message follows.", (ann, HARD))
    notice(f'failed:\n\n"{ann}":\nSMTP error: host: mx\n5.1.1 <{ann}>... User Unknown', (ann, HARD))
    notice(f"Delivery has failed to these recipients:\n\n{ann}<mailto:{ann}>\nThe email address couldn't be found.", (ann, HARD))
    notice(f"This message could not be delivered.\n\nFinal-Recipient: rfc822; {ann}\nStatus: 4.4.7\nAction: failed", (ann, SOFT))
    notice(f"Письмо не может быть доставлено:\n\n  {ann}\n    550 5.2.2 Mailbox Full", (ann, HARD))
    notice(f"以下のメールアドレスへの送信に失敗しました。\n\n{ann}\n\n550 5.4.1 rejected", (ann, HARD))
    notice("x could not be delivered to\n<a@x.example>:\n550 no\n<b@x.example>:\n421 busy", ("a@x.example", HARD), ("b@x.example", SOFT))


def test_what_a_notice_returns_names_nobody() -> None:
    for line in ("--- Below this line is a copy of the message.", "   ----- Unsent message follows -----", "Received: from x by y"):
        notice(
            f"could not be delivered\n\n<ann@globex.example>:\n550 no\n\n{line}\n\n<bob@globex.example>:\n", ("ann@globex.example", HARD)
        )


def test_a_late_mail_is_a_delay() -> None:
    text = "A message that you sent has not yet been delivered.\n\n  ann@globex.example\n    Delay reason: {}"
    notice(text.format("451 busy"), ("ann@globex.example", SOFT), kind=DELAY)
    notice(text.format("no words for it"), ("ann@globex.example", SOFT), kind=DELAY)
    assert recipient(a_notice(text)).final is False


def test_failed_recipients_of_the_header_count_before_those_of_the_text() -> None:
    headers = "X-Failed-Recipients: ann@globex.example, bob@globex.example"
    unknown, text = "We're writing to let you know that something went wrong.", "<{}>:\n450 4.2.1 try again later"
    for words, kinds in (
        (unknown, (HARD, HARD)),
        (f"{unknown}\n\n{OUR_ID}", (HARD, HARD)),
        ("Contact us:\n\n<postmaster@mx.example>", (HARD, HARD)),
        (text.format("ann@globex.example"), (SOFT, SOFT)),
        (f"{text.format('ann@globex.example')}\n<bob@globex.example>:\n550 5.1.1 no such user", (SOFT, HARD)),
    ):
        report = read(a_notice(words, headers=headers))
        found = tuple((found.address, found.kind) for found in report.recipients)
        assert found == tuple(zip(("ann@globex.example", "bob@globex.example"), kinds, strict=True)), words
    assert [found.address for found in read(a_notice(text.format("ann@globex.co.example"), headers=headers)).recipients] == [
        "ann@globex.co.example"
    ], "with a reason"


def test_without_any_word_a_failure_named_in_the_header_is_hard_and_a_late_one_soft() -> None:
    """B3."""
    headers = "X-Failed-Recipients: ann@globex.example\nFrom: MAILER-DAEMON@mx.example\nReturn-Path: <>"
    assert recipient(a_notice("Sorry.", headers=headers)).kind is HARD
    assert recipient(a_notice("It has not yet been delivered.", headers=headers)).kind is SOFT
    assert recipient(a_notice("Sorry.\n\n<ann@globex.example>")).kind is None


def test_raw_bytes_of_headers_do_not_get_into_a_report() -> None:
    returned = a_part("message/rfc822", "", a_part("text/plain", "", headers="Message-ID: <a\udcff@x.example>\nTo: b\udcfe@x.example"))
    headers = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nX-Failed-Recipients: c\udcfd@x.example"
    report = read(a_part("multipart/mixed", "", a_part("text/plain", "Sorry."), returned, headers=headers))
    assert "".join((*report.returned_ids, *(found.address for found in report.recipients))).encode()


# Is it a report at all?


def sign(headers: str, text: str, expected: bool) -> None:
    assert (read_report(a_notice(text, headers=headers)) is not None) is expected


def test_two_signs_make_a_notice_and_one_does_not() -> None:
    words = "I wasn't able to deliver your message.\n\n<ann@globex.example>:\n550 no"
    sign("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example", "hello", True)
    sign("Return-Path: <MAILER-DAEMON>\nFrom: Postmaster@mx.example", "hello", True)
    sign("Return-Path: <>\nFrom: helpdesk@mx.example\nSubject: failure notice", "hello", True)
    sign("From: Mail Delivery Subsystem <noreply@mx.example>\nSubject: Returned mail: User unknown", "hello", True)
    sign("From: MAILER-DAEMON@mx.example", words, True)
    sign("From: postmaster@mx.example", words, True)
    sign("From: postmaster@globex.example\nSubject: Our MX moves on Sunday", "Please note our new address.", False)
    sign("From: postmaster@globex.example\nSubject: Mail from you", "Your mail was rejected by our filter, please call us.", False)
    sign("Return-Path: <>\nFrom: ann@globex.example\nSubject: Out of office", "I am away until Monday.", False)
    fml = "From: neko-admin@globex.example\nX-MLServer: fml [fml 4.0.3 release]\nSubject:"
    sign(f"{fml} Loop Alert: Duplicated Message-ID (neko ML)", "Duplicated Message-ID in <neko@globex.example>.", True)
    sign(f"{fml} Our next meeting", "See you on Monday.", False)
    sign("From: ann@globex.example\nSubject: Mail delivery failed", "What does this mean, please?", False)
    sign("From: ann@globex.example\nSubject: Fwd: failure notice", words, False)
    path = "Return-Path: <ann@globex.example>"
    sign(f"{path}\nFrom: ann@globex.example\nSubject: failure notice", f"{words}\n\nWhy do I get this? Ann", False)
    sign(f"{path}\nFrom: ann@globex.example\nSubject: Unzustellbar: Rechnung", f"Guten Tag, was heißt das?\n\n{words}", False)
    sign("From: ann@globex.example\nSubject: Undelivered Mail Returned to Sender", words, False)
    sign("Return-Path: <>\nFrom: ann@globex.example\nSubject: Your mail", words, True)
    sign("Return-Path: <bounces+7@shop.example>\nFrom: Shop <news@shop.example>\nSubject: Delivery", "Your parcel comes today.", False)


# Whose mail it was


def test_ids_of_the_returned_mail_are_found_wherever_they_stand() -> None:
    base = "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1"
    headers = f"Received: from x by y\nMessage-ID: <{OUR_ID}>\nSubject: Hi\n\n"
    assert read(a_report(base, returned=headers)).returned_ids == (OUR_ID,)
    assert read(a_report(f"Original-Envelope-Id: 77\n\n{base}", returned=headers)).returned_ids == ("77", OUR_ID)
    assert OUR_ID in read(a_report(base, notice=f"could not deliver <{OUR_ID}>")).returned_ids
    assert (
        OUR_ID
        in read(a_notice(f"could not deliver\n\n<a@x.example>:\n550\n\n--- a copy of the message\nMessage-ID: <{OUR_ID}>")).returned_ids
    )
    assert read(a_report(base, returned="Message-ID: <other@x.example>\n\n")).returned_ids == ("other@x.example",)


def test_a_returned_message_is_asked_for_its_id() -> None:
    inner = a_part("text/plain", "Hello", headers=f"Message-ID: <{OUR_ID}>")
    status = a_part("message/delivery-status", "Final-Recipient: rfc822; a@x.example\nStatus: 5.1.1")
    message = a_part("multipart/report", "", status, a_part("message/rfc822", "", inner), report_type="delivery-status")
    assert read(message).returned_ids == (OUR_ID,)


def test_a_mail_to_a_bounce_address_is_marked_as_resting_on_that_alone() -> None:
    address = f"support+{some_tokens().mint_bounce(77, 1)}@acme.example"
    for field in ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"):
        report = read(a_notice("Loop alert.", headers=f"From: admin@globex.example\n{field}: <{address.upper()}>"))
        assert (report.kind, report.by_address) == (BOUNCE, True)
    assert not read(a_notice("<ann@globex.example>: 550 no", headers=f"Return-Path: <>\nFrom: MAILER-DAEMON@x\nTo: {address}")).by_address
    assert read_report(a_notice("Loop alert.", headers="From: admin@globex.example\nTo: support+b77.1@acme.example")) is None


def test_the_bounce_address_in_what_a_report_returns_is_one_of_its_ids() -> None:
    bounce = some_tokens().mint_bounce(77, 1)
    returned = a_report("Final-Recipient: rfc822; ann@globex.example", returned=f"Return-Path: <support+{bounce}@acme.example>")
    assert read(returned).returned_ids == (f"{bounce}@acme.example",)
    named = a_report(f"Original-Envelope-Id: {bounce}\n\nFinal-Recipient: rfc822; ann@globex.example")
    assert read(named).returned_ids == (bounce,)


def test_hostile_notices_are_read_in_linear_time() -> None:
    headers = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example"
    for piece in (
        "mail a@b ",
        "<a@",
        "a@b:",
        "@",
        "\n<a@b.example>:",
        "Final-Recipient: a@b\n",
        "rcpt to:",
        " " * 50 + "\n",
        "<" * 99 + ">",
        "x" * 200,
    ):
        start = time.perf_counter()
        read_report(a_notice("could not be delivered\n" + piece * (1_000_000 // len(piece)), headers=headers))
        assert time.perf_counter() - start < 2, piece
