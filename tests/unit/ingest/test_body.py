"""Which part is the text, which an attachment (MAIL.md P7, P11)."""

from maild.ingest.parse import parse_message


def a_mail(*parts: str, kind: str = "mixed") -> bytes:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f"From: ann@x\nContent-Type: multipart/{kind}; boundary=b\n\n{body}--b--\n".encode()


def nested(*parts: str, kind: str = "alternative") -> str:
    body = "".join(f"--c\n{part}\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary=c\n\n{body}--c--\n"


PLAIN = "Content-Type: text/plain\n\nplain words"
HTML = "Content-Type: text/html\n\n<p>html words</p>"
PICTURE = 'Content-Type: image/png; name=p.png\nContent-ID: <pic>\nContent-Disposition: inline; filename="p.png"\n\nxx'


def check(raw: bytes, text: str, *attachments: tuple[str, bool]) -> None:
    """The text, and the attachments: name, is it inline."""
    message = parse_message(raw)
    assert message.text == text
    assert [(attachment.name, attachment.inline) for attachment in message.attachments] == list(attachments)


def test_plain_text_goes_before_html():
    check(a_mail(PLAIN, HTML, kind="alternative"), "plain words")
    assert parse_message(a_mail(PLAIN, HTML, kind="alternative")).html == "<p>html words</p>"


def test_html_is_read_where_the_plain_text_says_nothing():
    check(a_mail("Content-Type: text/plain\n\n \n", HTML, kind="alternative"), "html words")
    check(a_mail("Content-Type: text/plain\n\nThis message requires HTML", HTML, kind="alternative"), "html words")
    long_html = f"Content-Type: text/html\n\n<p>{'many words ' * 40}</p>"
    check(a_mail("Content-Type: text/plain\n\nshort", long_html, kind="alternative"), ("many words " * 40).strip())


def test_several_texts_are_joined_around_attachments():
    check(a_mail(PLAIN, PICTURE, "\nmore words"), "plain words\n\nmore words", ("p.png", False))


def test_a_text_with_a_name_is_a_file():
    check(a_mail(PLAIN, 'Content-Type: text/plain; name="log.txt"\n\nlog'), "plain words", ("log.txt", False))
    check(a_mail(PLAIN, "Content-Disposition: attachment\n\nlog"), "plain words", ("attachment-1.txt", False))


def test_a_lone_text_with_a_name_is_shown_too():
    check(a_mail('Content-Type: text/plain; name="log.txt"\n\nlog'), "log", ("log.txt", False))
    check(b'Content-Type: text/plain; name="log.txt"\n\nlog', "log")


def test_files_of_one_name_are_told_apart():
    """P6: as a telephone sends several pictures."""
    shown = 'Content-Type: text/html\n\n<p>see <img src="cid:pic"></p>'
    other = PICTURE.replace("<pic>", "<other>").replace("p.png", "P.png")
    check(
        a_mail(shown, PICTURE, PICTURE.replace("<pic>", "<third>"), other), "see", ("p.png", True), ("p-2.png", False), ("P-3.png", False)
    )
    check(
        a_mail(PLAIN, *['Content-Type: text/x-log; name=""\n\nlog'] * 2),
        "plain words",
        ("attachment-1.bin", False),
        ("attachment-2.bin", False),
    )


def test_pictures_the_html_shows_are_inline_whatever_they_say():
    shown = "Content-Type: text/html\n\n<p>see <img src=cid:pic></p>"
    check(a_mail(shown, PICTURE.replace("inline", "attachment"), kind="related"), "see", ("p.png", True))
    check(a_mail(HTML, PICTURE, kind="related"), "html words", ("p.png", False))


def test_pictures_the_html_names_by_their_place_are_inline():
    shown = "Content-Type: text/html\n\n<p>see <img src='pics/p.png'></p>"
    check(a_mail(shown, "Content-Type: image/png; name=p.png\nContent-Location: pics/p.png\n\nxx", kind="related"), "see", ("p.png", True))


def check_elided(html: str, *elided: bool) -> None:
    """Which of the pictures one, two … stand only among what is set aside."""
    pictures = [f"Content-Type: image/png; name=p.png\nContent-ID: <{name}>\n\nxx" for name in ("one", "two")[: len(elided)]]
    message = parse_message(a_mail(f"Content-Type: text/html\n\n{html}", *pictures, kind="related"))
    assert [attachment.elided for attachment in message.attachments] == list(elided)


def test_pictures_of_the_quote_and_the_signature_are_told_from_those_of_the_text():
    quote = '<div class="gmail_quote"><blockquote>old <img src="cid:two"></blockquote></div>'
    check_elided(f'<p>see <img src="cid:one"></p>{quote}', False, True)
    check_elided(f'<p>see</p><div><img src="cid:one"></div>{quote}', False, True)
    check_elided(f'<p>see</p><div><img src="CID:one"></div><p>there <img src="cid:two"></p>{quote}', False, False)
    check_elided('<p>see</p><div class="gmail_signature">Ann<br><img src="cid:one"></div>', True)
    header = "<p>From: Ann &lt;a@x&gt;<br>Sent: 5 January 2026<br>To: Bob<br>Subject: x</p>"
    check_elided(f'<p>see</p><img src="cid:one">{header}<p>old <img src="cid:two"></p>', False, True)
    check_elided('<img src="cid:one">', False)


def test_alternatives_inside_alternatives_are_found():
    related = nested(HTML, PICTURE, kind="related")
    check(a_mail(PLAIN, related, kind="alternative"), "plain words", ("p.png", False))
    check(a_mail(nested(PLAIN, HTML), PICTURE), "plain words", ("p.png", False))


def test_a_message_in_the_mail_is_an_attachment_and_not_its_text():
    inner = "Content-Type: message/rfc822\n\nSubject: Inner\n\ninner words"
    check(a_mail(PLAIN, inner), "plain words", ("Inner.eml", False))


def test_signed_mail_shows_its_first_part():
    check(
        a_mail(PLAIN, "Content-Type: application/pgp-signature; name=signature.asc\n\nxx", kind="signed"),
        "plain words",
        ("signature.asc", False),
    )


def test_ciphertext_is_never_text():
    check(
        a_mail("Content-Type: application/pgp-encrypted\n\nVersion: 1", "\nciphertext", kind="encrypted"),
        "",
        ("attachment-1.asc", False),
        ("attachment-2.txt", False),
    )


def test_flowed_text_is_unfolded():
    check(b"Content-Type: text/plain; format=flowed\n\none \ntwo\n", "one two")


def test_a_mail_without_text_has_none():
    check(a_mail(PICTURE), "", ("p.png", False))
    check(b"Subject: x\n\n", "")
