"""HTML as text (MAIL.md P7), and what mail clients mark as quoted (P8)."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.html_text import html_lines, html_to_text
from maild.ingest.html_tokens import Tag, read_html
from maild.ingest.lines import Line, Origin


def check(html: str, expected: str) -> None:
    assert html_to_text(html) == expected


def test_blocks_are_lines():
    check("<div>one</div><div>two</div>", "one\ntwo")
    check("one<br>two<BR/>three", "one\ntwo\nthree")
    check("<p>one</p><p>two</p>", "one\n\ntwo")
    check("one <b>bold</b>  \n and <i>more</i>", "one bold and more")
    check("a<br><br><br>b", "a\n\n\nb")


def test_quotes_get_marks():
    check("hi<blockquote>one<br>two<blockquote>three</blockquote></blockquote>bye", "hi\n\n> one\n> two\n>\n>> three\n\nbye")


def test_links_are_named_once():
    check('<a href="https://x.example/a">here</a> and <a href="https://x.example/a">here</a>', "here <https://x.example/a> and here")
    check('<a href="https://x.example/">https://x.example/</a>', "https://x.example/")
    check('<a href="mailto:ann@x">ann@x</a>', "ann@x")
    check('<a href="javascript:alert(1)">click</a>', "click")


def test_tables_are_rows_and_lists_have_dashes():
    check("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d")
    check("<ul><li>a<li>b</ul>", "- a\n- b")


def test_hidden_things_are_dropped():
    check('<div style="display: none">preview</div>text', "text")
    check("<p hidden>secret<p>text", "text")
    check('<div style="max-height:0px; overflow:hidden">preview</div>text', "text")
    check('<span style="opacity:0">x</span><span style="opacity:0.9">text</span>', "text")
    check('<p style="line-height:0;max-height:0.5em">text</p>', "text")
    check("<style>p {}</style><script>x()</script><!-- c --><title>t</title>text", "text")
    check('<!--[if mso]>outlook<![endif]-->text<img src="https://x/pixel.gif">', "text")


def test_a_font_without_size_hides_only_what_has_no_size_of_its_own():
    check('<span style="font-size:0">x</span>text', "text")
    check('<td style="font-size:0px;padding:1em"><div style="font-size:14px">text</div></td>', "text")
    check('<div style="font-size:0.9em">text</div>', "text")


def test_smileys_that_are_pictures_are_read():
    check('Thanks <img src="https://x.example/1.png" alt="😀">', "Thanks 😀")
    check('<img src="cid:1" alt="Globex logo">text', "text")


def test_blanks_inside_pre_are_kept():
    check("<pre>a  b\n  c</pre>", "a  b\n  c")


def test_references_are_resolved():
    check("a &amp; b &lt;c&gt; &#8364;&nbsp;5", "a & b <c> € 5")


def test_what_references_stand_for_is_clean_and_ends_no_line_without_its_quote_mark():
    check("<blockquote>a&#8232;#close&#8233;b&#xd800;c&#27;d</blockquote>", "> a #close b\ufffdcd")
    check("<blockquote><pre>a&#13;#close&#12;b</pre></blockquote>", "> a\n> #closeb")
    check('<blockquote><pre><a href="http://x.example/&#10;#close">a</a></pre></blockquote>', "> a <http://x.example/ #close>")


def test_broken_markup_loses_no_text():
    check("a < b and c > d", "a < b and c > d")
    check("one<p title=don't>two", "one\n\ntwo")
    check('one<a href="x>two', "onetwo")
    check("text <!-- never closed", "text never closed")
    check("text <style>never closed", "text never closed")
    check("text <b", "text <b")


def check_origins(html: str, *expected: tuple[str, Origin]) -> None:
    assert [(line.text, line.origin) for line in html_lines(html) if line.text.strip()] == list(expected)


def test_containers_of_mail_clients_are_known():
    check_origins(
        'new<div class="yahoo_quoted">On Monday<br>old</div>', ("new", Origin.BODY), ("On Monday", Origin.QUOTE), ("old", Origin.QUOTE)
    )
    check_origins('new<div class="x_yahoo_quoted">old</div>more', ("new", Origin.BODY), ("old", Origin.QUOTE), ("more", Origin.BODY))
    check_origins(
        'new<div class="gmail_quote">Ann:<blockquote>old</blockquote>between</div>',
        *(("new", Origin.BODY), ("Ann:", Origin.FRAME), ("> old", Origin.QUOTE), ("between", Origin.FRAME)),
    )
    check_origins('new<div class="gmail_signature">Ann</div>', ("new", Origin.BODY), ("Ann", Origin.SIGNATURE))
    check_origins('new<div id="appendonsend"></div><hr><div>From: x</div>', ("new", Origin.BODY), ("From: x", Origin.QUOTE))
    check_origins('new<blockquote type="cite">old</blockquote>', ("new", Origin.BODY), ("> old", Origin.QUOTE))


def test_a_rule_above_a_line_is_remembered():
    assert html_lines("one<hr>two") == (Line("one"), Line("two", is_ruled=True))
    assert html_lines('one<p style="border:none;border-top:solid #E1E1E1 1.0pt">two<p>three')[2] == Line("two", is_ruled=True)
    assert html_lines('one<p style="border-top:none">two') == (Line("one"), Line(""), Line("two"))


def test_attributes_are_read():
    (tag,) = read_html("<A href='x' TITLE=\"a&amp;b\" disabled data-x=y>")
    assert tag == Tag("a", False, " href='x' TITLE=\"a&amp;b\" disabled data-x=y")
    assert tag.read_attributes() == {"href": "x", "title": "a&b", "disabled": "", "data-x": "y"}


def test_what_lies_beyond_two_mebibytes_is_not_read():
    assert html_to_text("<p>one</p>" + "<!-- x -->" * 300_000 + "<p>two</p>") == "one"


HOSTILE = [
    "<!--" * 200_000,
    "<div>" * 100_000,
    "<a " * 200_000,
    '<a b="' * 200_000,
    "<a b='" * 100_000 + '">"',
    "<style>" * 100_000,
    "<script>x</scrip>" * 50_000,
    "<" * 500_000,
    "&" * 500_000,
    "<blockquote>x" * 30_000,
    "<table><tr><td>" * 5_000,
    "</p>" * 200_000,
    "<br>" * 400_000,
    "<p x=" * 200_000,
]


@pytest.mark.parametrize("html", HOSTILE)
def test_hostile_markup_takes_linear_time(html: str) -> None:
    start = process_time()
    html_to_text(html)
    assert process_time() - start < 3


@given(st.text(alphabet="<>/!-='\"& abpdivx", max_size=80))
def test_any_markup_is_read(html: str) -> None:
    html_to_text(html)


@given(
    st.lists(st.text(alphabet="abc", min_size=1, max_size=5), min_size=1, max_size=8),
    st.sampled_from(["p", "div", "td", "li", "blockquote", "b", "pre"]),
)
def test_no_word_is_lost(written: list[str], element: str) -> None:
    text = html_to_text("".join(f"<{element}>{word} </{element}>" for word in written))
    assert [word for word in text.split() if word not in {">", "|", "-"}] == written
