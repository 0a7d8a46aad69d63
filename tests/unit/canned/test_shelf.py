"""Canned answers filled in: values are words, whatever is written in them (PRODUCT 22)."""

from maild.canned.markdown import render
from maild.canned.notation import NotationFault, read_pieces
from maild.canned.shelf import Filled, Shelf, Variable
from tests.rig.canned import a_shelf, an_answer

P = '<p dir="auto">'


def filled(source: str, **values: str) -> Filled:
    return an_answer("a", source).fill(values)


def faults(source: str) -> list[tuple[str, int, str]]:
    return [(found.code, found.offset, found.text) for found in read_pieces(source) if isinstance(found, NotationFault)]


def test_the_text_is_what_was_written_and_the_html_says_the_same():
    done = filled("Dear **{{ name }}**,\n\n- one\n- two\n", name="Ann")
    assert done.text == "Dear **Ann**,\n\n- one\n- two"
    listed = '<ul dir="auto">\n<li>one</li>\n<li>two</li>\n</ul>'
    assert done.html == f"{P}Dear <strong><bdi>Ann</bdi></strong>,</p>\n{listed}"


def test_what_is_filled_in_is_never_markdown_nor_html_nor_a_variable():
    for value in (
        "{{ order }}",
        "{{ desk.name }}",
        "**bold**",
        "<b>bold</b>",
        "[x](https://evil.example)",
        "- a",
        "# a",
        "`a`",
        '" onclick="x',
    ):
        done = filled("{{ x }}\n\nOrder {{ order }}.", x=value, order="12")
        assert done.text == f"{value}\n\nOrder 12."
        assert "<strong>" not in done.html
        assert "<b>" not in done.html
        assert "<a" not in done.html
        assert "Order <bdi>12</bdi>." in done.html
    assert filled("{{ x }}", x="<script>&amp;").html == f"{P}<bdi>&lt;script&gt;&amp;amp;</bdi></p>"


def test_within_an_address_a_value_is_a_part_of_it_and_no_more():
    done = filled("[here](https://acme.example/?o={{ o }}&b=1)", o='12&admin=1" onclick="x#/..')
    assert done.html == (
        f'{P}<a href="https://acme.example/?o=12%26admin%3D1%22%20onclick%3D%22x%23%2F..&amp;b=1" rel="noopener noreferrer">here</a></p>'
    )
    twice = filled("{{ o }} [<](https://acme.example/{{ o }}/{{ o }}) {{ o }} > {{ o }}", o="a/b").html
    words = "<bdi>a/b</bdi>"
    link = '<a href="https://acme.example/a%2Fb/a%2Fb" rel="noopener noreferrer">&lt;</a>'
    assert twice == f"{P}{words} {link} {words} &gt; {words}</p>"
    assert 'href="https://acme.example/Ann"' in filled("<https://acme.example/{{ x }}>", x="Ann").html


def test_an_address_in_the_text_is_whole_whatever_stands_for_its_variables():
    """In the form without HTML, where it is all that there is to click on, a blank would end it."""

    def check(source: str, expected: str) -> None:
        assert filled(source, name="Ann Smith", order="1/2").text == expected

    check("[here](https://acme.example/?n={{ name }}&o={{ order }})", "[here](https://acme.example/?n=Ann%20Smith&o=1%2F2)")
    check("See https://acme.example/{{ order }}/{{ name }}.", "See https://acme.example/1%2F2/Ann%20Smith.")
    check("<https://acme.example/{{ name }}>, {{ name }}", "<https://acme.example/Ann%20Smith>, Ann Smith")
    check("mailto:help@acme.example?subject={{ name }}", "mailto:help@acme.example?subject=Ann%20Smith")
    check(
        "[{{ name }}](https://acme.example/){{ name }} https://acme.example/ {{ name }}",
        "[Ann Smith](https://acme.example/)Ann Smith https://acme.example/ Ann Smith",
    )
    bare = filled("See https://acme.example/{{ name }}.", name='Ann "<b>" Smith')
    assert bare.html == f"{P}See https://acme.example/Ann%20%22%3Cb%3E%22%20Smith.</p>", "a mail program makes a link of it"


def test_a_word_of_the_text_is_not_taken_for_the_place_of_a_variable():
    assert filled("variable0x {{ a }} Variablez0x", a="1").html == f"{P}variable0x <bdi>1</bdi> Variablez0x</p>"


def test_html_and_scripts_in_a_text_are_words():
    assert filled("<script>alert(1)</script> [x](javascript:alert)").html == (
        f"{P}&lt;script&gt;alert(1)&lt;/script&gt; [x](javascript:alert)</p>"
    )


def test_what_is_missing_is_named_once_and_what_has_words_of_its_own_is_not():
    answer = an_answer("a", '{{ order }} {{ name|default("customer") }} {{ Order }} {{ requester.name }}')
    assert answer.variables == (Variable("order"), Variable("name", "customer"), Variable("requester.name"))
    assert answer.find_missing({}) == ("order", "requester.name")
    assert answer.find_missing({"order": "  ", "requester.name": "Ann"}) == ("order",)
    assert answer.fill({"order": "1", "requester.name": "Ann"}).text == "1 customer 1 Ann"
    assert answer.first_line == "{{ order }} {{ name }} {{ order }} {{ requester.name }}"


def test_a_notation_that_nobody_reads_is_a_fault_where_it_stands():
    assert faults("Fine {{ a }} {{a}} {{ field.order-number }} {{ заказ }} {a} { {") == []
    assert faults("a\n{{ }}")[0][:2] == ("E401", 2)
    for broken in ("{{ a", "a }}", "{{ a|upper }}", "{{ a.b.c }}", "{{ 1 }}", '{{ a|default("") }}', "{% if a %}", "{{ a\n}}", "{{{ a }}}"):
        assert [code for code, _, _ in faults(broken)] != [], broken
        assert {code for code, _, _ in faults(broken)} == {"E401"}, broken
    assert faults("{{ requestr.name }}") == [("E402", 0, 'unknown name "requestr.name" (did you mean "requester.name"?)')]
    assert faults("{{ ticket.secret }}")[0][0] == "E402"


def test_what_cannot_be_sent_has_its_line():
    def lines(source: str) -> list[int]:
        return [
            problem.line for problem in render([piece for piece in read_pieces(source) if not isinstance(piece, NotationFault)]).problems
        ]

    assert lines("a\n\nb\n![shot](https://acme.example/x.png)") == [4]
    assert lines("[x]({{ link }})") == [1]
    assert lines("a\n[x](https://{{ host }}/)") == [2]
    assert lines("[x](https://acme.example.{{ host }}/)") == [1]
    assert lines("[x](/orders) [y](ftp://acme.example)") == [1, 1]
    assert lines("[x](https://acme.example/{{ a }}) <mailto:{{ b }}@acme.example> <https://acme.example>") == []


def check_found(shelf: Shelf, languages: tuple[str, ...], text: str | None) -> None:
    found = shelf.find("a", languages)
    assert (found.fill({}).text if found else None) == text


def test_the_first_language_that_an_answer_is_written_in_is_taken_and_the_one_without_stands_in():
    shelf = a_shelf(a_en="English", a_de="Deutsch", a="Any")
    check_found(shelf, ("de", "en"), "Deutsch")
    check_found(shelf, ("de-AT", "en"), "Deutsch")
    check_found(shelf, ("fr", "en"), "English")
    check_found(a_shelf(a_de="Deutsch", a="Any"), ("fr", "en"), "Any")
    check_found(a_shelf(a_de="Deutsch"), ("fr", "en"), None)
    assert shelf.languages("a") == ("", "de", "en")


def test_a_table_looks_like_one_where_no_style_is_left():
    html = filled("| day | sum |\n|---|--:|\n| Monday | {{ sum }} |", sum="1.50").html
    assert html.startswith('<table dir="auto" cellpadding="4">')
    assert '<td align="right"><bdi>1.50</bdi></td>' in html
