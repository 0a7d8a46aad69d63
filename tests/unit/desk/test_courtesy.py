"""What counts as nothing but thanks (MAIL.md F9): in doubt it does not."""

from dataclasses import replace

from builders import a_message

from maild.desk.courtesy import is_courtesy
from maild.message import Attachment

FILE = Attachment("a.pdf", "application/pdf", 10, "0" * 64, False, None, 1)
SHOT = Attachment("image001.png", "image/png", 100_000, "1" * 64, True, "shot@x", 2)


def check(text: str, expected: bool) -> None:
    assert is_courtesy(a_message(text=text)) is expected, text


def test_thanks_in_many_languages():
    check("Thanks!", True)
    check("Thank you very much", True)
    check("OK, got it. Thanks a lot!", True)
    check("Vielen Dank für die schnelle Hilfe!\n\nViele Grüße", True)
    check("Merci beaucoup", True)
    check("Благодаря ви много", True)
    check("Спасибо большое!", True)
    check("Ευχαριστώ πολύ", True)
    check("خیلی ممنون از شما", True)


def test_anything_more_is_not_a_courtesy():
    check("Thanks, but it still does not work", False)
    check("help", False)
    check("Help now", False)
    check("Thanks?", False)
    check("OK 2", False)
    check("", False)
    check("thanks " * 13, False)


def test_an_attachment_or_a_reaction_decides():
    assert not is_courtesy(a_message(text="Thanks", attachments=(FILE,)))
    assert not is_courtesy(a_message(text="Thanks", attachments=(SHOT,)))
    assert not is_courtesy(a_message(text="Thanks", attachments=(replace(SHOT, size=900), SHOT)))
    assert is_courtesy(a_message(text="Thanks", attachments=(replace(SHOT, size=900), replace(SHOT, elided=True))))
    assert is_courtesy(a_message(text="", part_types=("text/plain", "text/vnd.google.email-reaction+json")))
