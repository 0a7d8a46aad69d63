"""The query language of `ticket list`: one term, one filter."""

from datetime import UTC, datetime, timedelta

import pytest
from builders import some_settings

from maild.config.settings import Sort, SortKey, View
from maild.desk.query import MOST_TERMS, Field, Filter, Query, find_meant, find_stranger, parse_query, read_query
from maild.desk.saved_queries import views_of
from maild.errors import UsageError

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def check(query: str, *expected: Filter, me: str | None = "anna") -> None:
    assert parse_query(query, me, NOW) == expected


def words(text: str, negated: bool = False) -> Filter:
    return Filter(Field.WORDS, text, negated)


def test_words_are_looked_for_each_by_itself():
    check("refund printer", words("refund"), words("printer"))
    check("it's C:\\temp", words("it's"), words("C:\\temp"))
    check("Re: hello", words("Re:"), words("hello"))
    check("http://globex.example/x", words("http://globex.example/x"))
    check("std::vector 12:30 host.example:8080", words("std::vector"), words("12:30"), words("host.example:8080"))
    check("-", words("-"))
    check("")


def test_quotes_keep_words_together():
    check('"on fire" now', words('"on fire"'), words("now"))
    check('-"on fire"', words('"on fire"', negated=True))
    check('"status:open" -"foo:bar"', words('"status:open"'), words('"foo:bar"', negated=True))
    check('queue:"second level"', Filter(Field.QUEUE, "second level"))


def test_fields_filter_and_a_minus_negates():
    check("status:OPEN", Filter(Field.STATUS, "open"))
    check("-status:closed", Filter(Field.STATUS, "closed", negated=True))
    check("queue:support priority:high", Filter(Field.QUEUE, "support"), Filter(Field.PRIORITY, "high"))
    check("tier:l2 -tier:L1", Filter(Field.TIER, "L2"), Filter(Field.TIER, "L1", negated=True))
    check("owner:me owner:none", Filter(Field.OWNER, "anna"), Filter(Field.OWNER, None))
    check("from:@Acme.example", Filter(Field.REQUESTER, "@Acme.example"))
    check("#Payment tag:#vip -#spam", Filter(Field.TAG, "payment"), Filter(Field.TAG, "vip"), Filter(Field.TAG, "spam", negated=True))


def test_what_no_ticket_can_be_tagged_with_finds_nothing_silently_no_more():
    for query in ("#a,b", "-#a,b", 'tag:"x y"', 'tag:"#x y"', "##vip"):
        with pytest.raises(UsageError, match="is no tag"):
            parse_query(query, "anna", NOW)


def test_a_word_for_what_is_snoozed_filters_and_in_quotes_is_a_word():
    check("Snoozed -snoozed", Filter(Field.SNOOZED, None), Filter(Field.SNOOZED, None, negated=True))
    check('"snoozed"', words('"snoozed"'))


def test_times_are_ages_or_dates():
    check("created:<7d", Filter(Field.CREATED_SINCE, NOW - timedelta(days=7)))
    check("created:>2h", Filter(Field.CREATED_BEFORE, NOW - timedelta(hours=2)))
    check("updated:>2026-11-01", Filter(Field.UPDATED_SINCE, datetime(2026, 11, 1, tzinfo=UTC)))
    check("updated:<2026-11-01T12:00:00+02:00", Filter(Field.UPDATED_BEFORE, datetime(2026, 11, 1, 10, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ('"open quote', "open quotation mark"),
        ("status:bogus", "one of: new, open"),
        ("priority:9", "one of: low, normal"),
        ("created:7d", "needs < or >"),
        ("created:<soon", "neither an age"),
        ("created:>0001-01-01T00:00:00+14:00", "neither an age"),
        ("updated:<", "neither an age"),
        ("overdue", "not built yet"),
        ("team:payments", "not built yet"),
        ("foo:bar", 'there is no field "foo"; one of: status, '),
        ("-queu:support", r'there is no field "queu" \(did you mean "queue"\?\)'),
        ('subject:"on fire"', 'there is no field "subject"'),
        ("re:fund", 'in quotes: "re:fund"'),
    ],
)
def test_a_term_that_makes_no_sense_says_what_would(query: str, fault: str):
    with pytest.raises(UsageError, match=fault):
        parse_query(query, "anna", NOW)


def test_no_query_has_more_terms_than_a_database_takes():
    assert len(parse_query("x " * MOST_TERMS, None, NOW)) == MOST_TERMS
    views = {"long": View("long", "x " * MOST_TERMS)}
    assert len(parse_query("view:long", None, NOW, views)) == MOST_TERMS
    for query in ("x " * 101, "created:<7d " * 100_000, "view:long y", "view:long view:long"):
        with pytest.raises(UsageError, match="100 terms at most"):
            parse_query(query, None, NOW, views)
    assert find_meant("stauts:opne " * 100, (), ())
    assert find_meant("stauts:opne " * 100_000, (), ()) == ""


def test_a_query_may_name_a_department_or_an_agent_nobody_knows():
    found = find_stranger(parse_query("status:open -queue:suport", None, NOW), ["support", "sales"], ["anna"])
    assert found == 'there is no queue "suport" (did you mean "support"?)'
    assert (
        find_stranger(parse_query("owner:marai", None, NOW), ["support"], ["maria"]) == 'there is no agent "marai" (did you mean "maria"?)'
    )
    assert find_stranger(parse_query("owner:none owner:me queue:support tag:x refund", "anna", NOW), ["support"], ["anna"]) is None


VIEWS = {"payments": View("payments", "status:open #payment"), "Mine": View("Mine", "owner:me")}


def test_the_name_of_a_view_is_a_query_and_in_quotes_a_word():
    payments = (Filter(Field.STATUS, "open"), Filter(Field.TAG, "payment"))
    assert parse_query(" Payments ", "anna", NOW, VIEWS) == payments
    assert parse_query("mine", "boris", NOW, VIEWS) == (Filter(Field.OWNER, "boris"),)
    assert parse_query("priority:high view:PAYMENTS", "anna", NOW, VIEWS) == (Filter(Field.PRIORITY, "high"), *payments)
    assert parse_query('"payments"', "anna", NOW, VIEWS) == (words('"payments"'),)
    assert parse_query("payments late", "anna", NOW, VIEWS) == (words("payments"), words("late"))
    assert parse_query("payments", "anna", NOW) == (words("payments"),)


def test_a_query_has_the_order_of_the_view_that_it_is_or_that_stands_in_it():
    def check(query: str, expected: tuple[Sort, ...]) -> None:
        assert read_query(query, "anna", NOW, views) == Query(parse_query(query, "anna", NOW, views), expected)

    urgent, newest = (Sort(SortKey.PRIORITY),), (Sort(SortKey.CREATED, backwards=True),)
    views = {**VIEWS, "Urgent": View("Urgent", "status:open", sort=urgent), "late": View("late", "refund", sort=newest)}
    check("urgent", urgent)
    check("refund view:payments view:URGENT view:late", urgent)
    check('view:"late" #payment', newest)
    check("payments", ())
    check('"urgent"', ())
    check("urgent refund", ())


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("view:paymnets", r'there is no view "paymnets" \(did you mean "payments"\?\)'),
        ("-view:payments", "a view cannot be negated"),
        ("veiw:payments", r'did you mean "view"\?'),
    ],
)
def test_a_view_that_is_asked_for_wrongly_says_so(query: str, fault: str):
    with pytest.raises(UsageError, match=fault):
        parse_query(query, "anna", NOW, VIEWS)


def test_a_view_is_seen_by_those_it_is_for():
    settings = some_settings(
        views={
            "all": View("all", "status:open"),
            "sales": View("sales", "status:open", queues=("sales",)),
            "hers": View("hers", "status:open", agents=("anna",)),
        }
    )
    assert [list(views_of(agent, settings)) for agent in ("anna", "boris")] == [["all", "hers"], ["all", "sales"]]
    assert list(views_of(None, settings)) == ["all", "sales", "hers"]


def test_me_is_nobody_without_a_name():
    with pytest.raises(UsageError, match="--as"):
        parse_query("owner:me", None, NOW)
