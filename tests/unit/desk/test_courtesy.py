"""What counts as nothing but thanks (MAIL.md F9): in doubt it does not."""

from dataclasses import replace
from typing import Any

from builders import a_message

from maild.desk.courtesy import is_courtesy
from maild.message import Address, Attachment

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


def test_a_mail_that_only_tells_of_a_reaction_is_one():
    def reaction(text: str, expected: bool, **message: Any) -> None:
        assert is_courtesy(a_message(text=text, **message)) is expected, text

    nameless = {"header_from": (Address("", "ann@globex.example"),)}
    reaction("Ann Smith reacted to your message:", True)
    reaction("[👍] Ann Smith reacted to your message:\n", True, attachments=(replace(SHOT, size=5_000),))
    reaction("[cid:like-7]\n\nSmith, Ann (Globex)  reacted to your message", True)
    reaction("👍\n\nAnn reacted via Gmail", True)
    reaction("Ann Smith reacted to your message:", True, **nameless)
    reaction("Ann Smith hat auf Ihre Nachricht reagiert:", True)
    reaction("Ann Smith a réagi à votre message :", True)
    reaction("[❤️] Ann Smith отреагировал(а) на ваше сообщение:", True)
    reaction("Ann Smith به پیام شما واکنش نشان داد:", True)
    reaction("Bob from purchasing reacted to your message:", False)
    reaction("reacted to your message:", False, **nameless)
    reaction("Ann Smith reacted to your message:\nPlease call me.", False)
    reaction("Please call me, nobody of all the people who are at work here today reacted to your message", False, **nameless)
    reaction("Ann Smith reacted to your message:", False, attachments=(FILE,))
    reaction("Ann Smith reacted to your message, but the printer still burns", False)


def test_an_attachment_or_a_reaction_decides():
    assert not is_courtesy(a_message(text="Thanks", attachments=(FILE,)))
    assert not is_courtesy(a_message(text="Thanks", attachments=(SHOT,)))
    assert not is_courtesy(a_message(text="Thanks", attachments=(replace(SHOT, size=900), SHOT)))
    assert is_courtesy(a_message(text="Thanks", attachments=(replace(SHOT, size=900), replace(SHOT, elided=True))))
    assert is_courtesy(a_message(text="", part_types=("text/plain", "text/vnd.google.email-reaction+json")))
