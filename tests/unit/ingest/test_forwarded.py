"""The mail that another one passes on, as it is put together (MAIL.md A12)."""

from typing import Any

from maild.ingest.parse import open_message, parse_message
from maild.message import Address, Forwarded
from tests.rig.mail_forms import Quoted, attaching, forwarded
from tests.rig.mails import an_email, an_email_with_files

ANN = Address("Ann Smith", "ann@globex.example")
CHAIR = Quoted("Ann Smith <ann@globex.example>", "anna@acme.example", "My chair", "It is broken.", "")


def read(body: str, subject: str = "Fwd: My chair", **more: Any) -> Forwarded:
    found = parse_message(an_email(sender="anna@acme.example", subject=subject, body=body, **more)).forwarded
    assert found is not None
    return found


def test_of_a_mail_in_a_text_that_is_known_which_the_text_says():
    subject, body = forwarded("Gmail", "Look.", CHAIR)
    found = read(body, subject, headers={"Cc": "boss@acme.example", "X-Spam-Flag": "YES", "Reply-To": "anna@home.example"})
    mail = found.mail
    assert (found.words, found.is_attached, found.sent) == ("Look.", False, "Friday, November 20, 2026 10:02 AM")
    assert (mail.header_from, mail.author, mail.subject, mail.text, mail.new_text) == (
        (ANN,),
        ANN,
        "My chair",
        "It is broken.",
        "It is broken.",
    )
    assert (mail.to, mail.cc, mail.reply_to, mail.headers, mail.date) == ((), (), (), (), None)


def test_a_whole_header_in_a_text_is_no_part_of_what_anybody_says():
    """Seen in practice: mutt, which has `Return-Path:` and `DKIM-Signature:` on top."""
    signature = "DKIM-Signature: v=1; d=globex.example;\n\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav"
    head = f"Return-Path: <ann@globex.example>\n{signature}\nFrom: {ANN}\nTo: anna@acme.example\nSubject: My chair\nDate: today"
    begun = f"#tag chair\nShe never pays.\n\n----- Forwarded message from {ANN} -----\n\n{head}"
    body = f"{begun}\n\nIt is broken.\n\n----- End forwarded message -----\n"
    found = read(body, "[ann@globex.example: My chair]")
    assert (found.words, found.mail.author, found.mail.text) == ("#tag chair\nShe never pays.", ANN, "It is broken.")
    assert (found.sent, found.mail.subject) == ("today", "My chair")


def test_its_id_is_what_the_program_says_it_passes_on():
    _, body = forwarded("Thunderbird", "", CHAIR)
    for headers, identifier, references in (
        ({"X-Forwarded-Message-Id": "<chair@globex.example>", "References": "<chair@globex.example>"}, "chair@globex.example", ()),
        (
            {"In-Reply-To": "<chair@globex.example>", "References": "<a@x.example> <chair@globex.example>"},
            "chair@globex.example",
            ("a@x.example",),
        ),
    ):
        mail = read(body, headers=headers).mail
        assert (mail.message_id, mail.message_id_given, mail.references, mail.in_reply_to) == (identifier, True, references, ())
    nameless = [read(body, headers={"In-Reply-To": ids}).mail for ids in ("", "<a@x.example> <b@x.example>")]
    assert [(mail.message_id, mail.message_id_given) for mail in nameless] == 2 * [(nameless[0].message_id, False)]
    assert nameless[0].message_id.startswith("gen-")


def test_an_attached_mail_is_read_like_any():
    original = an_email_with_files(
        [("chair.jpg", "image/jpeg", b"JFIF")],
        sender=str(ANN),
        to="anna@acme.example",
        message_id="chair@globex.example",
        body="It is broken.\n",
    )
    content_type, body = attaching("Look.\n\n-- \nAnna\n", original)
    opened = open_message(an_email(sender="anna@acme.example", body=body, content_type=content_type), with_files=True)
    found = opened.message.forwarded
    assert found is not None
    assert (found.words, found.is_attached, found.others, found.files) == ("Look.", True, 0, ())
    assert (found.mail.author, found.mail.message_id, found.mail.text) == (ANN, "chair@globex.example", "It is broken.")
    (picture,) = found.mail.attachments
    assert (picture.name, opened.files[picture.part]) == ("chair.jpg", b"JFIF")
    alone = parse_message(original)
    assert (found.mail.fingerprint, found.mail.headers, found.mail.date) == (alone.fingerprint, alone.headers, alone.date)


def test_an_attached_mail_counts_before_one_in_the_text():
    _, text = forwarded("Gmail", "Look.", CHAIR)
    content_type, body = attaching(text, an_email(sender="Bob <bob@globex.example>"))
    assert read(body, content_type=content_type).mail.author == Address("Bob", "bob@globex.example")


def test_of_mails_within_each_other_the_outermost_counts():
    content_type, inner = attaching("Inside.", an_email(sender="eve@else.example"), boundary="=_n")
    content_type, body = attaching("Look.", an_email(sender=str(ANN), body=inner, content_type=content_type), an_email())
    found = read(body, content_type=content_type.replace("=_n", "=_a"))
    assert (found.mail.author, found.mail.text, found.others, len(found.files)) == (ANN, "Inside.", 1, 1)
    assert found.mail.forwarded is None


def test_a_forward_in_html_keeps_its_html():
    address = '&lt;<a href="mailto:ann@globex.example">ann@globex.example</a>&gt;'
    who = f"From: <b>Ann Smith</b> <span>{address}</span><br>Date: Fri, Nov 20, 2026 at 10:02 AM"
    labels = f"{who}<br>Subject: My chair<br>To: &lt;anna@acme.example&gt;<br>"
    head = f'<div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>{labels}</div>'
    gmail = f'<div dir="ltr">Look.<br><br><div class="gmail_quote">{head}<br><br><div>It is <b>broken</b>.</div></div></div>'
    sent = "<b>From:</b> Ann Smith &lt;ann@globex.example&gt; <br><b>Sent:</b> Friday, November 20, 2026 10:02 AM"
    block = f"<p class=MsoNormal>{sent}<br><b>To:</b> Anna<br><b>Subject:</b> My chair</p>"
    ruled = f"<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>{block}</div></div>"
    outlook = f"<p class=MsoNormal>Look.</p>{ruled}<p class=MsoNormal>It is <b>broken</b>.</p>"
    for html in (gmail, outlook):
        found = read(html, content_type="text/html; charset=utf-8")
        assert (found.words, found.mail.author, found.mail.subject, found.mail.text) == ("Look.", ANN, "My chair", "It is broken.")
        assert "<b>broken</b>" in found.mail.uncut_html
        assert "Look" not in found.mail.uncut_html


def test_a_mail_without_another_in_it_passes_nothing_on():
    for body, subject in (("Hello", "Chair"), ("Hello", "Fwd: Chair"), ("From: x\nTo: y", "Fwd: Chair")):
        assert parse_message(an_email(subject=subject, body=body)).forwarded is None
