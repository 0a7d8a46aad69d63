"""HTML and pictures from the customer to the agent and back, end to end (MAIL.md O7, O8, A8, P11)."""

from base64 import b64encode
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, text_of

ANN = "Ann Smith <ann@globex.example>"
SHOT, LOGO = b"\x89PNG\r\n\x1a\n" + b"shot" * 1000, b"\x89PNG\r\n\x1a\n" + b"logo" * 1000


def in_html(plain: str, html: str, **pictures: bytes) -> dict[str, str]:
    """Body and content type of a mail as programs write it: both forms, and pictures beside the HTML; `shot` has the id `shot@client`."""
    parts = [
        f'--r\nContent-Type: multipart/alternative; boundary="a"\n\n--a\nContent-Type: text/plain; charset=utf-8\n\n{plain}\n'
        f"--a\nContent-Type: text/html; charset=utf-8\n\n{html}\n--a--\n"
    ]
    for name, content in pictures.items():
        head = f"Content-Type: image/png; name={name}.png\nContent-ID: <{name}@client>\nContent-Transfer-Encoding: base64"
        parts.append(f"--r\n{head}\n\n{b64encode(content).decode()}\n")
    return {"body": f"{''.join(parts)}--r--\n", "content_type": 'multipart/related; boundary="r"'}


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def pictures_of(mail: EmailMessage) -> dict[str, bytes]:
    """The pictures of a letter by their Content-ID."""
    return {part["Content-ID"].strip("<>"): part.get_content() for part in mail.walk() if part.get_content_maintype() == "image"}


@pytest.fixture
def notified(desk: RunningDesk) -> tuple[RunningDesk, EmailMessage]:
    """Ann has sent a screenshot, with things in her HTML that must not get through."""
    html = (
        '<p onclick="evil()">Hello, <b>look</b>:</p><p><img src="cid:shot@client" width="400"></p><p>It burns.</p>'
        '<div style="display:none">preheader</div><img src="https://tracker.example/pixel.gif" width="1" height="1">'
        '<script>evil()</script><form action="https://evil.example"><input name="password"></form>'
    )
    desk.receive(
        an_email(sender=ANN, to=desk.at("support"), **in_html("Hello, *look*:\n\n[image: shot.png]\n\nIt burns.", html, shot=SHOT))
    )
    return desk, desk.letter("anna")


def test_an_agent_sees_the_customers_screenshot_where_she_put_it(notified: tuple[RunningDesk, EmailMessage]):
    _, notice = notified
    html = html_of(notice)
    ((identifier, picture),) = pictures_of(notice).items()
    assert picture == SHOT
    assert html.index("<b>look</b>") < html.index(f"cid:{identifier}") < html.index("It burns.") < html.index("maild-ref")
    assert "shot@client" not in notice.as_string()
    for banned in ("tracker", "evil", "preheader", "<form", "<input", "onclick"):
        assert banned not in html
    assert text_of(notice).startswith("Reply = to Ann Smith\n")


def test_a_customer_gets_the_agents_html_cut_where_the_text_is_cut(notified: tuple[RunningDesk, EmailMessage]):
    desk, notice = notified
    quote = "On Mon, 2 Mar 2026 at 10:00, Ann Smith via Support wrote:"
    plain = f"#close\nUse the *red* one:\n\n[image: shot.png]\n\n-- \nAnna\n\n{quote}\n> It burns.\n"
    html = (
        "<div>#close</div><div>Use the <b>red</b> one:</div><div><img src='cid:shot@client'></div>"
        '<div class="gmail_signature">-- <br>Anna<img src="cid:logo@client"></div>'
        f'<div class="gmail_quote">{quote}<blockquote>It burns.<br>'
        f"{text_of(notice).splitlines()[-1]}</blockquote></div>"
    )
    desk.receive(an_answer_to(notice, desk.at("anna"), **in_html(plain, html, shot=SHOT, logo=LOGO)))
    answer = desk.letter("ann@globex.example", 2)
    ((identifier, picture),) = pictures_of(answer).items()
    assert picture == SHOT
    assert f'<div>Use the <b>red</b> one:</div><div><img src="cid:{identifier}"></div>' in html_of(answer)
    assert "Use the *red* one:" in text_of(answer)
    for banned in ("#close", "maild-ref", "Anna<", "shot@client", "logo", desk.at("anna")):
        assert banned not in html_of(answer) + text_of(answer)


def test_a_small_picture_that_comes_again_is_shown_once(desk: RunningDesk):
    """P11."""
    mails = [in_html(word, f'{word} <img src="cid:shot@client">', shot=SHOT[:size]) for word, size in (("a", 500), ("b", 500), ("c", 501))]
    desk.receive(an_email(sender=ANN, to=desk.at("support"), **mails[0]))
    for mail in mails[1:]:
        desk.receive(an_answer_to(desk.letter("ann@globex.example"), ANN, **mail))
    assert [len(pictures_of(notice)) for notice in desk.letters("anna")] == [1, 0, 1]


def test_an_answer_written_later_goes_on_with_outlooks_conversation(desk: RunningDesk):
    """O3."""
    topic = {"Thread-Topic": "Drucker brennt", "Thread-Index": "AdxzQk1Xy9mXb0K9QnmQkQ=="}
    desk.receive(an_email(sender=ANN, to=desk.at("support"), subject="Drucker brennt", headers=topic))
    desk.receive(an_answer_to(desk.letter("anna"), desk.at("anna"), "Use the extinguisher.\n"))
    for number in (1, 2):
        letter = desk.letter("ann@globex.example", number)
        assert {name: letter[name] for name in topic} == topic
        assert letter.keys().index("Thread-Index") < letter.keys().index("Subject")


def test_html_that_says_more_than_the_text_goes_nowhere(notified: tuple[RunningDesk, EmailMessage]):
    desk, notice = notified
    desk.receive(an_answer_to(notice, desk.at("anna"), **in_html("Use it.", "<p>Use it.</p><p>And he owes us money.</p>")))
    answer = desk.letter("ann@globex.example", 2)
    assert "Use it." in html_of(answer)
    assert "owes us" not in answer.as_string()


def test_a_screenshot_alone_is_an_answer(notified: tuple[RunningDesk, EmailMessage]):
    desk, notice = notified
    desk.receive(an_answer_to(notice, desk.at("anna"), **in_html("[image: shot.png]", '<img src="cid:shot@client">', shot=SHOT)))
    answer = desk.letter("ann@globex.example", 2)
    assert [part.get_content() for part in answer.iter_attachments()] == [SHOT]


def test_what_is_larger_than_the_desk_allows_is_named(make_desk: Callable[..., RunningDesk]):
    desk = make_desk(desk=", attach_max: 3KiB").start()
    html = 'It burns: <img src="cid:shot@client">'
    desk.receive(an_email(sender=ANN, to=desk.at("support"), **in_html("It burns:", html, shot=SHOT)))
    notice = desk.letter("anna")
    assert pictures_of(notice) == {}
    assert "shot.png" in text_of(notice)
    assert "<img" not in html_of(notice)
