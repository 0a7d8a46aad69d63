"""A mail passed on in the text of another (MAIL.md A6, A12)."""

from maild.ingest.forwards import Block, begins_with_forward, find_block, passes_on, read_sender
from maild.ingest.header_blocks import role_of
from maild.ingest.lines import plain_lines
from maild.message import Address
from tests.rig.linear import is_linear


def check(text: str, expected: bool) -> None:
    assert begins_with_forward(text) is expected, text


def test_a_forward_begins_with_its_marker():
    check("---------- Forwarded message ---------\nFrom: Ann", True)
    check("\n\nBegin forwarded message:\n\n> From: Ann", True)
    check("-------- Weitergeleitete Nachricht --------\nBetreff: x", True)
    check("-------- Пересылаемое сообщение --------\n10.11.2026, 12:00, Ann", True)
    check("-------- 転送メッセージ --------", True)
    check("----- Forwarded by Anna Ivanova/Acme on 10.11.2026 09:12 -----", True)
    check("", False)


def test_an_outlook_reply_is_no_forward():
    check("-----Original Message-----\nFrom: Ann", False)
    check("-----Ursprüngliche Nachricht-----\nVon: Ann", False)
    check("From: Ann\nSent: Monday\nTo: Support\nSubject: x", False)


def test_a_marker_inside_what_is_quoted_is_the_customers():
    check("On Monday at 10:00 Ann wrote:\n> ---------- Forwarded message ---------", False)
    check("> ---------- Forwarded message ---------", False)


def test_words_about_forwarding_are_no_marker():
    check("Forwarded by mistake, sorry. Please ignore it.", False)
    check("The forwarded message is below:", False)
    check("Forwarded message below? Then read it.", False)


# A mail that another passes on, in its text


def block(text: str, subject: str = "Fwd: Chair") -> Block | None:
    return find_block(plain_lines(text), is_announced=passes_on(subject))


def check_block(subject: str, text: str, *, title: str, sent: str, words: str = "", said: str = "It is broken.") -> None:
    found = block(text, subject)
    assert found is not None, text
    assert (found.sender, found.subject, found.sent) == ("Ann Smith <ann@globex.example>", title, sent)
    assert (found.words, "\n".join(line.text for line in found.lines).strip()) == (words, said)


def test_a_forward_of_every_language():
    for subject, marker, labels, title, sent in (
        ("Fwd: Chair", "---------- Forwarded message ---------", "From Date Subject To", "Chair", "Fri, Nov 20, 2026 at 10:02 AM"),
        ("FW: Chair", "", "From Sent To Subject", "Chair", "Friday, November 20, 2026 10:02 AM"),
        ("WG: Stuhl", "_" * 32, "Von Gesendet An Betreff", "Stuhl", "Freitag, 20. November 2026 10:02"),
        ("Fwd: Stuhl", "-------- Weitergeleitete Nachricht --------", "Betreff Datum Von An", "Stuhl", "Fri, 20 Nov 2026 10:02:11 +0100"),
        ("Fwd: Stuhl", "Anfang der weitergeleiteten Nachricht:", "Von Betreff Datum An", "Stuhl", "20. November 2026 um 10:02:11 MEZ"),
        ("TR: Chaise", "", "De Envoyé À Objet", "Chaise", "vendredi 20 novembre 2026 10:02"),
        ("RV: Silla", "", "De Enviado_el Para Asunto", "Silla", "viernes, 20 de noviembre de 2026 10:02"),
        ("I: Sedia", "", "Da Inviato A Oggetto", "Sedia", "venerdì 20 novembre 2026 10:02"),
        ("ENC: Cadeira", "", "De Enviado Para Assunto", "Cadeira", "sexta-feira, 20 de novembro de 2026 10:02"),
        ("Doorst: Stoel", "", "Van Verzonden Aan Onderwerp", "Stoel", "vrijdag 20 november 2026 10:02"),
        ("VB: Stol", "", "Från Skickat Till Ämne", "Stol", "den 20 november 2026 10:02"),
        ("VS: Stol", "", "Fra Sendt Til Emne", "Stol", "20. november 2026 10:02"),
        ("VL: Tuoli", "", "Lähettäjä Lähetetty Vastaanottaja Aihe", "Tuoli", "perjantai 20. marraskuuta 2026 10.02"),
        ("PD: Krzesło", "", "Od Wysłano Do Temat", "Krzesło", "piątek, 20 listopada 2026 10:02"),
        ("FW: Židle", "", "Od Odesláno Komu Předmět", "Židle", "pátek 20. listopadu 2026 10:02"),
        ("Fwd: Стул", "-------- Перенаправленное сообщение --------", "Тема Дата От Кому", "Стул", "Fri, 20 Nov 2026 10:02:11 +0300"),
        ("Fwd: Стілець", "", "Від Надіслано Кому Тема", "Стілець", "20 листопада 2026 р. 10:02"),
        ("Fwd: Стол", "---------- Препратено съобщение ---------", "От Дата Относно До", "Стол", "пт, 20.11.2026 г. в 10:02"),
        ("İLT: Sandalye", "", "Kimden Gönderildi Kime Konu", "Sandalye", "20 Kasım 2026 Cuma 10:02"),
        ("Fwd: 椅子", "-------- 転送メッセージ --------", "件名 日付 差出人 宛先", "椅子", "Fri, 20 Nov 2026 10:02:11 +0900"),
        ("转发: 椅子", "", "发件人 发送时间 收件人 主题", "椅子", "2026年11月20日 10:02"),
        ("FW: 의자", "", "보낸_사람 보낸_날짜 받는_사람 제목", "의자", "2026년 11월 20일 금요일 오전 10:02"),
    ):
        names = [label.replace("_", " ") for label in labels.split()]
        values = {"from": "Ann Smith <ann@globex.example>", "sent": sent, "to": "anna@acme.example", "subject": title}
        lines = "\n".join(f"{name}: {values[role_of(f'{name}: x')]}" for name in names)
        check_block(subject, f"Look.\n\n{marker}\n{lines}\n\nIt is broken.\n", title=title, sent=sent, words="Look.")


def test_a_forward_as_programs_write_it():
    head = "From: Ann Smith <ann@globex.example>\nDate: Fri, 20 Nov 2026 10:02:11 +0000\nTo: anna@acme.example\nSubject: Chair"
    date = "Fri, 20 Nov 2026 10:02:11 +0000"
    quoted = "\n".join(f"> {line}".rstrip() for line in [*head.split("\n"), "", "It is broken."])
    mutt = (
        f"----- Forwarded message from Ann Smith <ann@globex.example> -----\n\n{head}\n\nIt is broken.\n\n----- End forwarded message -----"
    )
    for subject, text, words in (
        ("[ann@globex.example: Chair]", f"Look.\n\n{mutt}\n", "Look."),
        ("[ann@globex.example: Chair]", f"{mutt}\n\n-- \nAnna Ivanova\nRoom 4711\n", ""),
        ("[ann@globex.example: Chair]", f"Look.\n\n{mutt}\n\nAnd here.\n", "Look.\n\nAnd here."),
        ("Fwd: Chair", f"Look.\n\n-- \nAnna\n\nBegin forwarded message:\n\n{quoted}\n", "Look."),
        (
            "Fwd: Chair",
            f"Look.\n\n--------\n{head}\nReply-To: ann@home.example\nCC: Bob <bob@x.example>,\nCarol <carol@x.example>\n\n\nIt is broken.",
            "Look.",
        ),
        ("Fwd: Chair", f"Look.\n\n-------- Original Message --------\n{head}\n\nIt is broken.", "Look."),
        ("Fwd: Chair", f"Look.\n\n{head.replace('From:', '*From:*').replace('Subject:', '*Subject:*')}\n\nIt is broken.", "Look."),
        ("Please help", f"Look.\n\n---------- Forwarded message ---------\n{head}\n\nIt is broken.", "Look."),
        ("Fw: Chair", f"Get Outlook for iOS<https://aka.example/o0ukef>\n{'_' * 32}\n{head}\n\nIt is broken.", ""),
        ("Fw: Chair", f"Look.\n\n----- Forwarded by Anna Ivanova/Acme on 20.11.2026 10:10 -----\n\n{head}\n\nIt is broken.", "Look."),
    ):
        check_block(subject, text, title="Chair", sent=date, words=words)


WHOLE = """Return-Path: <ann@globex.example>
Delivered-To: anna@acme.example
Received: from client by mx; Sun, 29 Nov 2026 16:10:00 +0000
\t(version=TLSv1.3); Sun, 29 Nov 2026 16:09:58 +0000
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=globex.example;
\th=from:to:subject:date; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
\tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR
Date: Fri, 20 Nov 2026 10:02:11 +0100
From: Ann Smith
\t<ann@globex.example>
To: anna@acme.example
Subject: A chair, of
 which more below
Message-ID: <chair@globex.example>"""


def test_a_whole_header_is_a_block_too_whatever_field_it_begins_with():
    """A12. Seen in practice: mutt without $weed, and with what delivery has put on top."""
    lines = WHOLE.split("\n")
    for begin in (0, 1, 2, 4, 7):
        head = "\n".join(lines[begin:])
        begun = f"#tag chair\n----- Forwarded message from Ann Smith <ann@globex.example> -----\n\n{head}"
        text = f"{begun}\n\nIt is broken.\n\n----- End forwarded message -----"
        for form in (text, text.replace(f"\n{head}", "\n> " + head.replace("\n", "\n> ")).replace("\n\nIt is", "\n>\n> It is")):
            found = block(form, "[ann@globex.example: A chair]")
            assert found is not None, form
            assert (found.sender, found.sent) == ("Ann Smith <ann@globex.example>", "Fri, 20 Nov 2026 10:02:11 +0100"), form
            assert (found.subject, found.words) == ("A chair, of which more below", "#tag chair")
            assert "\n".join(line.text for line in found.lines).strip() == "It is broken."
    for text in (WHOLE, WHOLE.replace("From:", "X-From:")):
        assert block(f"Look.\n----- Forwarded message -----\n\n{text.replace('Date:', 'X-Date:')}\n\nIt is broken.", "Chair") is None


def test_a_value_may_go_on_below_its_label():
    text = (
        "---------- Forwarded message ---------\nFrom: Ann Smith\n<ann@globex.example>\nDate: Fri, Nov 20, 2026 at 10:02 AM\n"
        "Subject: A subject so long that the program breaks it over two lines because it is\n"
        "longer than one\nTo: anna@acme.example\n\nIt is broken."
    )
    title = "A subject so long that the program breaks it over two lines because it is longer than one"
    check_block("Fwd: x", text, title=title, sent="Fri, Nov 20, 2026 at 10:02 AM")
    last = "From: Ann Smith <ann@globex.example>\nSent: today\nTo: anna@acme.example\nSubject: " + title.replace("is longer", "is\nlonger")
    check_block("FW: x", f"{last}\n\nIt is broken.", title=title, sent="today")


def test_the_outermost_forward_counts():
    inner = "---------- Forwarded message ---------\nFrom: Eve <eve@else.example>\nDate: today\nSubject: Chair\nTo: Ann\n\nHere."
    text = "From: Ann Smith <ann@globex.example>\nSent: today\nTo: Anna\nSubject: Fwd: Chair\n\n"
    check_block("FW: Fwd: Chair", text + inner, title="Fwd: Chair", sent="today", said=inner)


def test_without_the_evidence_there_is_no_forward():
    head = "From: Ann Smith <ann@globex.example>\nSent: Friday, November 20, 2026 10:02 AM\nTo: Anna\nSubject: Chair\n\nIt is broken."
    marker = "---------- Forwarded message ---------"
    assert block(head) is not None
    assert block(head, "Chair") is None
    assert block(head, "Re: Fwd: Chair") is None
    assert block("Look at this.") is None
    assert block("From: Ann Smith <ann@globex.example>\nIt is broken.") is None
    assert block(f"On Monday at 10:00 Bob wrote:\n> Hello\n>\n> {marker}\n> {head}") is None
    assert block(f"{marker}\n\nIt is broken.\n\n{head}") is None


def test_what_is_quoted_in_the_first_quotation_is_its_writers():
    head = "> From: Ann Smith <ann@globex.example>\n> Sent: today\n> To: Bob\n> Subject: x\n>\n> Hi"
    assert block(f"Yes.\n\nOn Monday at 10:00 Bob <bob@x.example> wrote:\n{head}") is None


def test_a_sender_is_one_person_with_one_address():
    ann = Address("Ann Smith", "ann@globex.example")
    for written, expected in (
        ("Ann Smith <ann@globex.example>", ann),
        ('"Ann Smith" <ann@globex.example>', ann),
        ("*Ann Smith* <ann@globex.example>", ann),
        ("Ann Smith <ann@globex.example<mailto:ann@globex.example>>", ann),
        ("Ann Smith <ann@globex.example <mailto:ann@globex.example>>", ann),
        ("Ann Smith <mailto:ann@globex.example>", ann),
        ("Ann Smith [mailto:ann@globex.example]", ann),
        ("Smith, Ann <ann@globex.example>", Address("Smith, Ann", "ann@globex.example")),
        ("ann@globex.example", Address("", "ann@globex.example")),
        ("<ann@globex.example>", Address("", "ann@globex.example")),
        ("ann@globex.example <ann@globex.example>", Address("ann@globex.example", "ann@globex.example")),
        ("", None),
        ("Ann Smith", None),
        ("<a@b.example> <c@d.example>", None),
        ("a@b.example, c@d.example", None),
        ("Ann <a@b.example>, Bob <c@d.example>", None),
        ("a@b.example <c@d.example>", None),
        ("Ann <a@b.example<mailto:c@d.example>>", None),
        ("Ann <a@b.example> on behalf of Bob", None),
        ("Ann <a@b.example>)c@d.example", None),
        ("Ann <a@b@c.example>", None),
        ("Ann <a@b.example", None),
        ("Ann <a b@c.example>", None),
    ):
        assert read_sender(written) == expected, written


def test_hostile_texts_take_linear_time():
    marker = "---------- Forwarded message ---------\n"
    for piece in (
        "From: a@b.example <\n",
        "> From: x\n",
        marker,
        "X-A: b\n c\n",
        "From: " + "a" * 500,
        "----- End forwarded message -----\n",
        "[a@b: ",
        "<mailto:",
    ):
        assert is_linear(block, lambda size, piece=piece: f"{marker}From: Ann <ann@globex.example>\n{piece * (size // len(piece))}")
        assert is_linear(read_sender, lambda size, piece=piece: piece * (size // len(piece)))
        assert is_linear(passes_on, lambda size, piece=piece: f"[a@b.example: {piece * (size // len(piece))}")
