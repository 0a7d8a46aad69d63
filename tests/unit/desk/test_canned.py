"""A canned answer for its ticket, among the agent's words (PRODUCT 22)."""

from dataclasses import replace
from typing import Any

from builders import AGENTS, a_queue, a_ticket, some_settings

from maild.canned.argument import read_asked
from maild.canned.shelf import Filled, Shelf
from maild.desk.canned import Unfit, describe_languages, describe_usage, fill_in, part_around, put_together
from maild.message import Address
from tests.rig.canned import SHELF, a_shelf

SAYING = a_shelf(
    own="{{ ticket.number }}|{{ ticket.subject }}|{{ requester.name }}|{{ requester.first_name }}|{{ requester.address }}|{{ queue.name }}|"
    "{{ queue.address }}|{{ desk.name }}|{{ author.name }}|{{ author.first_name }}|{{ field.order }}"
)


def fill(argument: str, shelf: Shelf = SHELF, actor: str = "anna", **ticket: Any) -> Filled | Unfit:
    asked = read_asked(argument)
    assert not isinstance(asked, str)
    return fill_in(asked, shelf, a_ticket(**ticket), actor, some_settings(queues={"support": a_queue(language=None)}))


def check_unfit(argument: str, text: str, better: str = "", **more: Any) -> None:
    assert fill(argument, **more) == Unfit(text, better)


def test_it_is_in_the_language_of_the_tickets_letters():
    for language, begins in ((None, "Dear Ann,"), ("de", "Guten Tag,"), ("de-AT", "Guten Tag,"), ("fr", "Dear Ann,")):
        done = fill("refund order=12", language=language)
        assert isinstance(done, Filled)
        assert done.text.startswith(begins)


def test_the_desk_knows_of_the_ticket_the_customer_and_the_agent():
    done = fill("own", SAYING, fields={"order": "77"})
    assert isinstance(done, Filled)
    expected = "1042|Printer|Ann Smith|Ann|ann@globex.example|Support|support@acme.example|Acme|Anna Ivanova|Anna|77"
    assert done.text == expected


def test_a_ticket_that_is_only_to_be_opened_has_no_number_to_tell():
    assert fill("a", a_shelf(a="{{ ticket.number }}"), number=0) == Unfit('"a" lacks ticket.number; write #canned a ticket.number=…')


def test_of_an_agents_name_customers_see_what_the_desk_shows_of_it():
    asked, shelf = read_asked("a"), a_shelf(a="{{ author.name }}")
    assert not isinstance(asked, str)
    desk = some_settings()
    for shown, words in (("first_name", Filled("Anna", '<p dir="auto"><bdi>Anna</bdi></p>')), ("department", None)):
        settings = replace(desk, desk=replace(desk.desk, answers_from=shown))
        done = fill_in(asked, shelf, a_ticket(), "anna", settings)
        assert done == words if words else isinstance(done, Unfit)
    assert AGENTS["anna"].name == "Anna Ivanova"


def test_first_names():
    for name, first in (("Ann Smith", "Ann"), ("Smith, Ann Mary", "Ann"), ("Ann", "Ann"), ("ann@globex.example", None), ("", None)):
        done = fill("a", a_shelf(a="{{ requester.first_name }}"), requester=Address(name, "ann@globex.example"))
        assert (done.text if isinstance(done, Filled) else None) == first


def test_what_is_missing_is_named_with_how_to_give_it():
    check_unfit("refund", '"refund" lacks order; write #canned refund order=…')
    lacking = '"own" lacks requester.name, requester.first_name and field.order; write #canned own '
    lacking += "requester.name=… requester.first_name=… field.order=…"
    check_unfit("own", lacking, shelf=SAYING, requester=Address("", "ann@globex.example"))
    done = fill('own requester.name="A B" requester.first_name=A field.order=1', SAYING, requester=Address("", "a@x.example"))
    assert isinstance(done, Filled)
    assert done.text.startswith("1042|Printer|A B|A|")


def test_an_unknown_name_asks_what_was_meant():
    check_unfit("refnd order=12", 'there is no canned answer "refnd"; did you mean refund?', 'refund order="12"')
    check_unfit("xyz", 'there is no canned answer "xyz"; one of: hours, italian, refund')
    check_unfit("xyz", 'there is no canned answer "xyz"; this desk has none; write the answer in your own words', shelf=Shelf())
    many = a_shelf(**{f"a{number:02}": "Hello" for number in range(13)})
    all_names = ", ".join(f"a{number:02}" for number in range(12))
    more = "#canned alone mails you all, and `maild template canned` lists them"
    check_unfit("xyz", f'there is no canned answer "xyz"; one of: {all_names}; {more}', shelf=many)
    own_words = "write the answer in your own words, or have an admin add it in that language"
    check_unfit("italian", f'the canned answer "italian" is not written in en, only in it; {own_words}')
    check_unfit("italian", f'the canned answer "italian" is not written in de or en, only in it; {own_words}', language="de")


def test_a_value_without_a_place_is_a_fault_too():
    check_unfit("refund oder=12", '"refund" has no place for oder; did you mean order?', 'refund order="12"')
    check_unfit("hours order=12", '"hours" has no place for order; write #canned hours')
    check_unfit("refund order=1 colour=red", '"refund" has no place for colour; write #canned refund order=…')


def test_values_of_customers_are_words():
    done = fill("a", a_shelf(a="Dear {{ requester.name }}"), requester=Address("{{ desk.name }} <b>", "ann@globex.example"))
    assert done == Filled("Dear {{ desk.name }} <b>", '<p dir="auto">Dear <bdi>{{ desk.name }} &lt;b&gt;</bdi></p>')


def test_the_words_around_are_parted_by_their_written_lines():
    assert part_around("one\n\ntwo\nthree\n", (0, 2)) == ("", "one\n\ntwo", "three")
    assert part_around("one\ntwo", (1,)) == ("one", "two")
    assert part_around("one", (5, 5)) == ("one", "", "")
    assert part_around("", (0,)) == ("", "")


def test_words_and_answers_are_put_together_in_both_forms():
    answers = (Filled("**A**", "<p><strong>A</strong></p>"), Filled("B", "<p>B</p>"))
    whole = put_together(("Hello <Ann>", "", "Bye"), ("", "", "<p><i>Bye</i></p>"), answers)
    assert whole.text == "Hello <Ann>\n\n**A**\n\nB\n\nBye"
    expected = '<p dir="auto">Hello &lt;Ann&gt;</p>\n<p><strong>A</strong></p>\n<p>B</p>\n<p><i>Bye</i></p>'
    assert whole.html == expected


def test_how_an_answer_is_asked_for():
    shelf = a_shelf(a_en='{{ order }} {{ until|default("soon") }} {{ desk.name }}', a="x", a_bg="x")
    assert describe_usage(shelf.show("a", ("en",))) == "#canned a order=… [until=…]"
    assert describe_languages(shelf, "a") == "bg, en, *"
    assert describe_usage(SHELF.show("italian", ("en",))) == "#canned italian"
