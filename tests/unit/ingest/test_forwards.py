"""A mail passed on in the text of another (MAIL.md A6)."""

from maild.ingest.forwards import begins_with_forward


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
