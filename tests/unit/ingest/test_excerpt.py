"""HTML cut where the text is cut, and safe (MAIL.md A8, O7, P11; OPERATIONS X11, X16)."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.clean_html import MAX_DEPTH
from maild.ingest.excerpt import MAX_EXCERPT, Excerpts
from maild.ingest.html_text import html_to_text
from maild.ingest.parse import parse_message
from tests.rig.linear import is_linear
from tests.rig.mails import an_email

QUOTE = '<div class="gmail_quote"><div>On Mon, 2 Mar 2026 at 10:00 Ann wrote:</div><blockquote>old <img src="cid:old"></blockquote></div>'


def check(html: str, text: str, expected: str) -> None:
    assert Excerpts(html).safe(text) == expected


def test_it_ends_where_the_text_ends():
    check(f"<div>Use the <b>ext</b>inguisher.</div>{QUOTE}", "Use the extinguisher.", "<div>Use the <b>ext</b>inguisher.</div>")
    check("<p>Yes, (really)!<br>-- <br>Anna</p>", "Yes, (really)!", "<p>Yes, (really)!</p>")
    check("Fine by me --- On Monday Ann wrote:", "Fine by me", "Fine by me")


def test_it_begins_where_the_text_begins():
    check("<html><body><div>#close</div><div>(Done.)</div></body></html>", "(Done.)", "<div>(Done.)</div>")
    check("<div><p>[EXTERNAL] Hello</p></div>", "Hello", "<div><p>Hello</p></div>")
    check("<pre>#close\nDone.\n&gt; old</pre>", "Done.", "<pre>Done.\n</pre>")


def test_the_elements_around_it_are_closed_again():
    check("<ul><li>one<li>two<li>three</ul>", "two\nthree", "<ul><li>two</li><li>three</li></ul>")
    check("<table><tr><td>a</td><td>b</td></tr></table>c", "a b", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>")


def test_what_plain_text_says_of_links_lists_and_pictures_is_no_difference():
    link, safe = '<a href="https://x.example/q">the form</a>', '<a href="https://x.example/q" rel="noopener noreferrer">the form</a>'
    check(f"see {link}", "see the form <https://x.example/q>", f"see {safe}")
    check("<ol><li>one</li><li>two</li></ol>", " 1. one\n 2. two", "<ol><li>one</li><li>two</li></ol>")
    check('this: <img src="cid:a">', "this: [image: shot.png]", 'this: <img src="cid:a">')
    check('this: <img src="cid:a">', "this: [A close up of a map]", 'this: <img src="cid:a">')
    check("<b>bold</b> &amp; <i>more</i>", "*bold* & /more/", "<b>bold</b> &amp; <i>more</i>")


def test_pictures_next_to_the_words_belong_to_them_and_those_of_quotes_and_signatures_do_not():
    picture = '<div><img src="cid:shot"></div>'
    check(f"<div>Look:</div>{picture}{QUOTE}", "Look:", f"<div>Look:</div>{picture}")
    check(f"{picture}<div>Look</div>", "Look", f"{picture}<div>Look</div>")
    check(f"<div>Look</div><hr>{picture}", "Look", "<div>Look</div>")
    check(f'<div>Look</div><div class="gmail_signature">{picture}</div>', "Look", "<div>Look</div>")
    check('Look <blockquote><img src="cid:old"></blockquote>', "Look", "Look ")


def test_where_the_html_says_something_else_there_is_none():
    check("<p>Our new prices</p>", "This message requires HTML", "")
    check("<p>one two</p>", "two one", "")
    check("<p>yesterday</p>", "yes", "")
    check("<p>one</p>", "", "")
    check("", "one", "")


def test_hidden_words_do_not_come_to_light():
    check('<p>Dear <span style="display:none">fool</span>Ann</p>', "Dear Ann", "<p>Dear Ann</p>")
    check('<div style="font-size:0">x<span style="font-size:12px">seen</span></div>', "seen", "<div><span>seen</span></div>")
    check('<p hidden>x<img src="cid:a"></p><p>seen</p>', "seen", "<p>seen</p>")
    check('<p style="display:none">x<p>seen</p>', "seen", "<p>seen</p>")


def test_nothing_active_and_nothing_from_elsewhere_gets_through():
    check('seen <img src="https://x.example/pixel.gif" alt="pixel"> too', "seen too", "seen  too")
    check('<p onclick="x()">seen</p><script>evil()</script>', "seen", "<p>seen</p>")
    check('<form action="https://x.example"><p>seen</p><input name="password"></form>', "seen", "<p>seen</p>")
    check('<p style="background:url(https://x.example)">seen</p>', "seen", "<p>seen</p>")
    check('<a href="javascript:evil()">seen</a>', "seen", '<a rel="noopener noreferrer">seen</a>')
    check("seen <svg><script>evil()</script></svg><meta http-equiv=refresh content=0> too", "seen too", "seen  too")


def test_a_smiley_from_elsewhere_is_its_character():
    check('Thanks <img src="https://mail.google.example/1f600.png" alt="😀">', "Thanks 😀", "Thanks 😀")


def test_what_a_reader_of_html_would_order_otherwise_goes_out_as_text():
    """A browser moves "two" before the table."""
    check("<table><tr><td>one</td></tr>two</table>", "one two", "")


def test_more_than_a_letter_can_hold_goes_out_as_text():
    check(f"<p>{'word ' * (MAX_EXCERPT // 5 + 1)}</p>", "word " * (MAX_EXCERPT // 5 + 1), "")


def test_deep_nesting_keeps_the_text():
    html = f"{'<div>' * 20_000}deep{'</div>' * 20_000}<p>after</p>"
    excerpt = Excerpts(html).safe("deep\nafter")
    assert excerpt.startswith("<div>" * MAX_DEPTH + "deep")
    assert excerpt.endswith("</div><p>after</p>")


@pytest.mark.parametrize("piece", ["<div>", "<b>", "<p>", "<a ", "<!--", "<table><tr><td>", "<div></b>", "<b></div>", "<input>"])
def test_hostile_markup_between_the_words_is_cleaned_in_time(piece: str):
    """X16. nh3 alone takes 28 s over half a megabyte of `<div>`."""
    start = process_time()
    excerpt = Excerpts(f"<p>one</p>{piece * 30_000}<p>two").safe("one two")
    assert process_time() - start < 5
    assert "two" in excerpt or not piece.startswith(("<div", "<b", "<p", "<input"))


def test_clean_html_can_be_cut_again_without_cleaning():
    assert Excerpts("<div><p>#close</p><p>Done.</p></div>").raw("Done.") == "<div><p>Done.</p></div>"


def test_a_reply_has_the_html_of_its_new_words_and_of_all_of_it():
    html = f"<div>Use the extinguisher.</div>{QUOTE}"
    message = parse_message(an_email(body=html, content_type="text/html; charset=utf-8"))
    assert message.new_html == "<div>Use the extinguisher.</div>"
    assert "Ann wrote" in message.uncut_html
    assert "Ann wrote" in message.uncut_text
    assert parse_message(an_email()).new_html == ""


@given(
    st.lists(st.sampled_from(["a", "b c", "<b>", "</b>", "<p>", "<table>", "<td>", "</div>", "<p hidden>", '<img src="cid:x">', "<pre>\n"]))
)
def test_whatever_comes_out_says_what_the_text_says(pieces: list[str]):
    html = "".join(pieces)
    text = html_to_text(html)
    excerpt = Excerpts(html).safe(text)
    assert not excerpt or "".join(html_to_text(excerpt).replace("|", "").split()) == "".join(text.replace("|", "").split())


HOSTILE = ("<div></b>", "<div>", "a", "a ", "<b>a</b>", "<img src=cid:a>")


@pytest.mark.parametrize("text", ["a" * 15_000 + "b", "a", "a " * 7_500, "b"], ids=["long", "short", "words", "elsewhere"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_markup_is_cut_in_linear_time(piece: str, text: str):
    """X16."""
    assert is_linear(lambda html: Excerpts(html).safe(text[: len(html) // 2]), lambda size: piece * (size // len(piece)))


@pytest.mark.parametrize("piece", HOSTILE)
def test_ten_times_the_markup_takes_about_ten_times_as_long(piece: str):
    """The words stand in the shorter one, too: what lacks them is passed over in an instant."""
    assert is_linear(lambda html: Excerpts(html).safe("a " * 300), lambda size: piece * (size // len(piece)))


def test_many_marks_before_the_first_word_take_linear_time():
    assert is_linear(lambda html: Excerpts(html).safe("a b"), lambda size: f"x{'-' * size}. a b")
