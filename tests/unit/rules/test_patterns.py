import time

from maild.rules.patterns import MAX_INPUT_CHARACTERS, compile_glob, compile_pattern


def check(source, expected):
    result = compile_pattern(source)
    assert isinstance(result, str), f"{source} was taken"
    assert expected in result


def test_what_linear_time_cannot_do_is_said_in_words():
    check(r"(?=invoice)", "look-around is not supported")
    check(r"(?!invoice)", "look-around is not supported")
    check(r"(?<=no )\d+", "look-around is not supported")
    check(r"(?<!no )\d+", "look-around is not supported")
    check(r"(\w+) \1", "back-references are not supported")
    check(r"(?P<a>x)(?P=a)", "back-references are not supported")
    check(r"(?>a+)b", "atomic groups")
    check(r"end\Z", r'write "\z"')


def test_mistakes_are_named():
    check("(", "missing )")
    check("[z-a]", "character class range")
    check("*a", "repetition operator")
    check("a{5000}", "repetition size")
    check("\ud800", "half a character")
    check("a" * 5000, "longer than")


def test_named_groups_are_captured_and_those_without_part_left_out():
    hit = compile_pattern(r"(?i)order\D{0,3}(?P<order>\d{5,9})|invoice (?P<invoice>\d+)").search("My Order: 1234567, please")
    assert hit.text == "Order: 1234567"
    assert hit.captures == {"order": "1234567"}


def test_unicode_is_no_obstacle():
    assert compile_pattern(r"(?i)ПЛАЩАНЕ (?P<n>\d+)").search("за плащане 42").captures == {"n": "42"}


def test_only_the_first_64_kib_are_read():
    assert compile_pattern("end").search("x" * MAX_INPUT_CHARACTERS + "end") is None


def test_a_hostile_pattern_on_a_hostile_text_takes_no_time():
    pattern = compile_pattern(r"(a+)+(b+)+$")
    started = time.perf_counter()
    assert pattern.search("a" * 1_000_000 + "!") is None
    assert time.perf_counter() - started < 0.2


def test_groups_that_nobody_can_ask_for_cost_nothing():
    text = "a" * MAX_INPUT_CHARACTERS
    costs = []
    for pattern in map(compile_pattern, (r"(.*a){20}$", r"(?:.*a){20}$")):
        started = time.process_time()
        assert pattern.search(text).text == text
        costs.append(time.process_time() - started)
    assert costs[0] < 20 * costs[1]


def test_globs_match_the_whole_text():
    assert compile_glob("*@acme.example").search("ann@acme.example")
    assert compile_glob("*@acme.example").search("ann@acme.example.evil.example") is None
    assert compile_glob("order ?").search("order 7")
    assert compile_glob("a.c").search("abc") is None
    assert compile_glob("two*lines").search("two\nlines")
