"""Rendering, its sandbox, and a desk's own templates."""

from pathlib import Path

import pytest

from maild.config.faults import Place
from maild.config.settings import Settings
from maild.errors import TemplateError
from maild.templates.checking import check_templates
from maild.templates.render import Rendered, Templates, copy_template, list_kinds, list_templates, preview
from maild.templates.values import Handed, sample_values
from tests.rig.letters import a_desk


def a_desk_with(directory: Path, **files: str) -> Settings:
    """A desk with its own templates: `en__hello__body_txt` is `templates/en/hello.body.txt`, `all__…` stands above the languages."""
    for name, text in files.items():
        language, kind, rest = name.split("__")
        folder = directory / "templates" / ("" if language == "all" else language)
        path = folder / f"{kind.replace('_', '-')}.{rest.replace('_', '.')}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return a_desk(directory)


def rendered(directory: Path, text: str, **values: object) -> Rendered:
    return Templates(a_desk_with(directory, en__own__body_txt=text)).render("own", ("en",), {**sample_values("own"), **values})


def check(directory: Path, text: str, expected: str, **values: object) -> None:
    assert rendered(directory, text, **values).text == expected


def check_refused(directory: Path, text: str, because: str, **values: object) -> None:
    with pytest.raises(TemplateError, match=because):
        rendered(directory, text, **values)


def test_the_first_language_that_has_the_kind_is_taken():
    templates = Templates(a_desk())
    values = sample_values("received")
    assert templates.render("received", ("de", "en"), values).language == "de"
    assert templates.render("received", ("de-AT",), values).language == "de"
    assert templates.render("received", ("tlh", "bg"), values).language == "bg"
    assert templates.render("received", ("../../etc",), values).language == "en"


def test_a_desks_own_text_wins_and_its_html_follows(tmp_path: Path):
    desk = a_desk_with(tmp_path, en__received__body_txt="Ahoy {{ ticket.number }}\n\nbye", en__answer__body_txt="{{ body }}")
    own = Templates(desk).render("received", ("en",), sample_values("received"))
    assert own.text == "Ahoy 1042\n\nbye\n"
    assert own.html is not None
    assert "<p>Ahoy 1042</p>\n<p>bye</p>" in own.html
    assert own.subject == "We have received your message"
    answer = Templates(desk).render("answer", ("en",), sample_values("answer"))
    assert answer.html is not None
    assert "blockquote>" not in answer.html.partition("<body>")[2]


def test_a_desks_own_words_are_laid_over_the_packaged_ones(tmp_path: Path):
    desk = a_desk_with(tmp_path, de__words__yaml='card: {owner: "Betreut von"}\nreply_to: "Antwort geht an {{ reply_to }}"')
    german = Templates(desk).render("notification", ("de",), sample_values("notification"))
    assert german.text.startswith("Antwort geht an Ann Smith\n")
    assert "Betreut von: Anna Ivanova\n" in german.text
    assert "Priorität: normal\n" in german.text
    assert '<td class="label">Betreut von:</td>' in (german.html or "")
    assert "Owner: Anna Ivanova" in Templates(desk).render("notification", ("en",), sample_values("notification")).text


def test_a_language_is_added_with_words_only(tmp_path: Path):
    desk = a_desk_with(tmp_path, it__words__yaml='card: {owner: "Assegnato a"}', he__words__yaml='reply_note: "x"')
    italian = Templates(desk).render("notification", ("it",), sample_values("notification"))
    assert italian.language == "it"
    assert "Assegnato a: Anna Ivanova\n" in italian.text
    assert "Queue: Support\n" in italian.text
    assert Templates(desk).render("received", ("it",), sample_values("received")).language == "en"
    assert 'dir="rtl"' in (Templates(desk).render("notification", ("he",), sample_values("notification")).html or "")


def test_a_structure_of_the_desks_own_is_used_in_every_language(tmp_path: Path):
    text = '{% extends "maild/notification.body.txt" %}{% block help %}{{ super() }}\nhand-over: {{ words.card.owner }}\n{% endblock %}'
    desk = a_desk_with(tmp_path, all__notification__body_txt=text)
    for language, owner in (("en", "Owner"), ("de", "Zuständig")):
        own = Templates(desk).render("notification", (language,), sample_values("notification"))
        assert "#note, #close, #wait" in own.text
        assert f"hand-over: {owner}\n" in own.text
        assert own.html is not None
        assert f"hand-over: {owner}" in own.html
    assert "hand-over" not in Templates(desk).render("escalation", ("en",), sample_values("escalation")).text


def test_a_file_in_a_languages_folder_goes_before_the_common_one(tmp_path: Path):
    desk = a_desk_with(tmp_path, all__received__body_txt="all", de__received__body_txt="de", el__notification__body_txt="el")
    rendered = {name: Templates(desk).render("received", (name,), sample_values("received")).text for name in ("de", "fr")}
    assert rendered == {"de": "de\n", "fr": "all\n"}
    assert Templates(desk).render("notification", ("el",), sample_values("notification")).text == "el\n"


def test_the_listing_names_the_files_a_letter_is_made_of(tmp_path: Path):
    desk = a_desk_with(tmp_path, de__words__yaml="colon: ':'", fr__received__subject_txt="Ahoy")
    listed = {(item.kind, item.language): item for item in list_templates(desk)}
    assert [file.name for file in listed["received", "fr"].files] == ["fr/received.subject.txt", "fr/received.body.txt"]
    names = [*(f"notification.{part}" for part in ("subject.txt", "body.txt", "body.html")), "de/words.yaml", "de/words.yaml"]
    assert [file.name for file in listed["notification", "de"].files] == names
    own = {key for key, item in listed.items() if item.own}
    common = (
        "answer",
        "command-failed",
        "control",
        "crossed",
        "digest-notifications",
        "digest-storm",
        "escalation",
        "forwarded",
        "held-back",
        "kept-as-note",
        "notification",
        "personal-address",
        "shown",
        "taken-back",
        "task",
        "welcome",
        "welcome-answer",
    )
    assert own == {("received", "fr"), *((kind, "de") for kind in common)}


def test_an_empty_html_template_means_text_only(tmp_path: Path):
    desk = a_desk_with(tmp_path, en__received__body_txt="Ahoy", en__received__body_html="")
    assert Templates(desk).render("received", ("en",), sample_values("received")).html is None


def test_a_desk_may_add_kinds(tmp_path: Path):
    desk = a_desk_with(tmp_path, en__my_own__body_txt="Ahoy {{ match.order }}")
    assert {"my-own", "received"} < list_kinds(desk)
    assert "nonesuch" not in list_kinds(desk)
    assert "" not in list_kinds(desk)
    assert [listed.own for listed in list_templates(desk) if listed.kind == "my-own"] == [True]
    assert Templates(desk).render("my-own", ("en",), {"match": {"order": "77"}}).text == "Ahoy 77\n"


def test_a_preview_needs_no_ticket():
    assert "1042" in preview(a_desk(), "received", "de").text


def test_a_packaged_file_is_copied_to_be_changed(tmp_path: Path):
    desk = a_desk(tmp_path)
    file = copy_template(desk, "en/received.body.txt")
    assert file == tmp_path / "templates/en/received.body.txt"
    assert file.read_text(encoding="utf-8").startswith("Hello,\n")
    file.write_text("Ahoy", encoding="utf-8")
    for name, because in (
        ("en/received.body.txt", "is there already"),
        ("en/recieved.body.txt", 'no packaged file .*did you mean "en/received'),
        ("../x", "no packaged"),
    ):
        with pytest.raises(TemplateError, match=because):
            copy_template(desk, name)
    assert file.read_text(encoding="utf-8") == "Ahoy"


def test_a_desk_has_the_templates_it_was_opened_with(tmp_path: Path):
    """OPERATIONS C6: what is being written waits for the reload, which tries it first."""
    templates = Templates(a_desk_with(tmp_path, en__own__body_txt="Ahoy {{ words.reply_to }}", en__words__yaml="reply_to: Write to us\n"))
    (tmp_path / "templates/en/own.body.txt").write_text("{{ half of a", encoding="utf-8")
    (tmp_path / "templates/en/words.yaml").write_text("reply_to: [", encoding="utf-8")
    assert templates.render("own", ("en",), {}).text == "Ahoy Write to us\n"


def test_values_are_never_templates(tmp_path: Path):
    check(tmp_path, "{{ body }}", "{{ 7*7 }}{% include 'x' %}\n", body="{{ 7*7 }}{% include 'x' %}")


def test_a_missing_variable_is_an_error(tmp_path: Path):
    check_refused(tmp_path, "{{ nonesuch }}", "nonesuch")
    check_refused(tmp_path, "{{ ticket.nonesuch }}", "nonesuch")
    check(tmp_path, "{{ nonesuch|default('x') }}", "x\n")


def test_only_plain_values_come_in(tmp_path: Path):
    check_refused(tmp_path, "{{ body }}", "no plain value", body=object())
    check(tmp_path, "{{ match.items }}", "3\n", match={"items": 3})


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ body.__class__ }}",
    "{{ body['__class__'] }}",
    "{{ body|attr('__class__') }}",
    "{{ ticket.__class__ }}",
    "{{ ticket.keys() }}",
    "{{ ticket.update({}) }}",
    "{{ [].append(1) }}",
    "{{ body.format(1) }}",
    "{{ body.upper() }}",
    "{{ self.__init__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum(n=99999) }}",
    "{{ range(9) }}",
    "{{ namespace() }}",
    "{{ _step.__self__ }}",
    "{{ _step.__globals__ }}",
    "{% for x in (1,) %}{{ loop.__init__ }}{% endfor %}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../../etc/passwd' %}",
    "{% include 'maild/../render.py' %}",
    "{{ words.__class__ }}",
    "{{ words.card.keys() }}",
    "{{ words._tree }}",
    "{{ ''|format(1) }}",
    "{{ tags|map('upper')|list }}",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_leads_out_of_the_sandbox(tmp_path: Path, text: str):
    with pytest.raises(TemplateError):
        rendered(tmp_path, text)


LOOP = "{% for a in body %}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 10 ** 1000000 }}",
        "{{ '%1000000000d' % 1 }}",
        LOOP * 5 + "{% endfor %}" * 5,
        f"{LOOP * 3}{{{{ body }}}}{'{% endfor %}' * 3}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% include 'en/own.body.txt' %}",
        f"{{% set a = body %}}{'{% set a = a ~ a %}' * 40}{{{{ a|length }}}}",
        f"{{% set a = body %}}{'{% set a = a + a %}' * 40}{{{{ a|length }}}}",
        f"{{% set a = [1] %}}{'{% set a = a + a %}' * 40}{{{{ a|length }}}}",
        f"{{% set a = [1] %}}{'{% set a = [a, a]|sum(start=[]) %}' * 40}{{{{ a|length }}}}",
        f"{{% set a = body %}}{'{% set a = [a, a]|join %}' * 40}{{{{ a|length }}}}",
        f"{{% set a %}}{{{{ body }}}}{{% endset %}}{'{% set a %}{{ a }}{{ a }}{% endset %}' * 40}{{{{ a|length }}}}",
        "{% macro m(a, n) %}{% if n %}{{ m(a ~ a, n - 1) }}{% endif %}{{ a|length }}{% endmacro %}{{ m(body, 40) }}",
        f"{{% set a = 10 %}}{'{% set a = a * a %}' * 40}{{{{ a > 1 }}}}",
        "{{ 15|round(-2000000000) }}",
        "{{ 15|round(400000000, 'floor') }}",
        "{{ body|truncate(2) }}",
    ],
)
def test_nothing_runs_or_grows_without_end(tmp_path: Path, text: str):
    with pytest.raises(TemplateError):
        rendered(tmp_path, text, body="x" * 200)


def test_what_is_put_together_is_what_it_was(tmp_path: Path):
    check(tmp_path / "a", "{{ 'a' ~ 1 ~ body }}{{ 1 + 2.5 }}{{ 'a' + 'b' }}{{ [1, 2]|sum }}", "a1<b>3.5ab3\n", body="<b>")
    check(
        tmp_path / "b",
        "{{ [1, 'a']|join(', ') }} {{ [{'x': 2}]|sum('x') }} {{ 2.55|round(1) }} {{ 7|round }} {{ 3 * 4 }}",
        "1, a 2 2.5 7 12\n",
    )
    desk = a_desk_with(tmp_path / "c", en__own__body_txt="x", en__own__body_html="{{ 'a' ~ body }}{{ [body, '<']|join('&') }}")
    assert Templates(desk).render("own", ("en",), {"body": "<b>"}).html == "a&lt;b&gt;&lt;b&gt;&amp;&lt;\n"


def test_a_rendering_gives_a_megabyte_at_most(tmp_path: Path):
    check_refused(tmp_path, "{{ body }}{{ body }}", "more than 1024 kB", body="x" * 600_000)


def test_html_is_escaped_and_subjects_are_one_line(tmp_path: Path):
    desk = a_desk_with(
        tmp_path, en__own__body_txt="{{ body }}", en__own__body_html="<p>{{ body }}</p>", en__own__subject_txt="a\n{{ body }}\r\nBcc: x"
    )
    own = Templates(desk).render("own", ("en",), {"body": "<b>\n&"})
    assert own.html == "<p>&lt;b&gt;\n&amp;</p>\n"
    assert own.subject == "a <b> & Bcc: x"


# check


def check_faults(directory: Path, expected: list[str], **files: str) -> None:
    faults = check_templates(a_desk_with(directory, **files))
    assert [fault.describe(directory / "templates") for fault in faults] == expected


def test_sound_templates_have_no_faults(tmp_path: Path):
    check_faults(tmp_path, [])
    check_faults(
        tmp_path,
        [],
        en__own__body_txt="{{ ticket.number }} {{ match.order|default('') }} {{ rating|default(0) }}",
        fr__received__body_txt="Salut",
    )


def test_a_syntax_error_has_its_line(tmp_path: Path):
    expected = ["en/own.body.txt:2:1: E401 is not a valid template: unexpected '}'"]
    check_faults(tmp_path, expected, en__own__body_txt="hello\n{{ body } }}\n")


def test_blocks_nested_beyond_measure_are_a_fault(tmp_path: Path):
    """Seen when attacking the desk: the reload of such a file ended the daemon (OPERATIONS C6)."""
    expected = ["en/own.body.txt:1:1: E401 is not a valid template: its blocks are nested too deeply"]
    for name, begin, end in (("ifs", "{% if body %}", "{% endif %}"), ("loops", "{% for x in warnings %}", "{% endfor %}")):
        check_faults(tmp_path / name, expected, en__own__body_txt=begin * 400 + end * 400)
    check_faults(tmp_path / "few", expected, en__own__body_txt="{% for x in warnings %}" * 25 + "{% endfor %}" * 25)


def test_an_unknown_name_has_its_place_and_a_hint(tmp_path: Path):
    expected = [
        'en/received.body.txt:2:5: E402 unknown name "tiket" (did you mean "ticket"?)',
        'en/received.body.txt:3:11: E402 unknown name "nmber" (did you mean "number"?)',
    ]
    check_faults(tmp_path, expected, en__received__body_txt="hello\na {{tiket.number}}\n{{ ticket.nmber }}")


def test_a_customers_letter_may_not_use_what_only_agents_see(tmp_path: Path):
    check_faults(tmp_path, ['en/closed.body.txt:1:4: E402 unknown name "reference"'], en__closed__body_txt="{{ reference }}")


def handing(kind: str, rule: str = "one", line: int = 3, **values: object) -> Handed:
    return Handed(kind, rule, Place(Path("rules/10.yaml"), line, 1), values)


def check_handed(directory: Path, text: str, handed: list[Handed] | None, *expected: str, kind: str = "own") -> None:
    """A template of the desk, what rules hand to it, and the faults of both."""
    desk = a_desk_with(directory, **{f"en__{kind}__body_txt": text})
    assert [fault.describe(directory) for fault in check_templates(desk, handed)] == list(expected)


def test_values_that_rules_hand_over_are_known(tmp_path: Path):
    both = [handing("own", amount=3), handing("own", "two", amount="[match.amount]")]
    check_handed(tmp_path / "one", "{{ amount }}", both)
    check_handed(tmp_path / "two", "{{ amount|default('') }} {% if amount is defined %}{{ amount }}{% endif %}", [])
    check_handed(tmp_path / "three", "{{ amount + 1 }}", both[:1])


def test_a_value_that_no_rule_gives_has_its_place(tmp_path: Path):
    place = "templates/en/own.body.txt:2:4"
    check_handed(tmp_path / "a", "a\n{{ amount }}", [], f'{place}: E402 unknown name "amount" (did you mean "count"?)')
    elsewhere = [handing("own"), handing("other", amount=3)]
    check_handed(
        tmp_path / "b",
        "a\n{{ amount }}",
        elsewhere,
        f'{place}: E405 unknown name "amount" (did you mean "count"?); no rule that names this template gives it (one)',
    )
    given = [handing("own", amount=3)]
    check_handed(
        tmp_path / "c",
        "a\n{{ amuont }}",
        given,
        f'{place}: E405 unknown name "amuont" (did you mean "amount"?); no rule that names this template gives it (one)',
    )


def test_every_rule_that_sends_a_letter_must_give_what_it_needs(tmp_path: Path):
    message = 'the rule "two" does not give "amount", which the template en/own.body.txt uses'
    handed = [handing("own", amount=3), handing("own", "two", 9, why="so")]
    check_handed(tmp_path, "{{ amount }}", handed, f"rules/10.yaml:9:1: E405 {message}")


def test_a_letter_that_the_desk_sends_by_itself_cannot_rely_on_rules(tmp_path: Path):
    handed = [handing("received", amount=3)]
    words = 'rules give it, but the desk sends this letter by itself, too; {{ amount|default("") }} does without'
    expected = f'templates/en/received.body.txt:1:4: E405 unknown name "amount"; {words}'
    check_handed(tmp_path / "a", "{{ amount }}", handed, expected, kind="received")
    check_handed(tmp_path / "b", "{{ amount|default('') }}", handed, kind="received")


def test_values_of_the_wrong_kind_are_a_fault_of_the_template_that_reckons_with_them(tmp_path: Path):
    desk = a_desk_with(tmp_path, en__own__body_txt="{{ amount + 1 }}")
    faults = check_templates(desk, [handing("own", amount=3), handing("own", "two", amount="three")])
    assert [fault.code for fault in faults] == ["E403"]


def test_while_rules_are_broken_nobody_is_blamed_for_what_they_may_give(tmp_path: Path):
    check_handed(tmp_path / "a", "{{ amount }}", None)
    check_handed(tmp_path / "b", "{{ ticket.nr }}", None, 'templates/en/own.body.txt:1:11: E402 unknown name "nr"')
    check_handed(tmp_path / "c", "{{ sum }}", None, 'templates/en/closed.body.txt:1:4: E402 unknown name "sum"', kind="closed")


def test_shared_files_and_words_may_name_what_any_rule_gives(tmp_path: Path):
    desk = a_desk_with(tmp_path, all__own__body_txt="{{ words.own.sum }}", en__words__yaml='own: {sum: "Sum: {{ amount }}"}')
    assert check_templates(desk, [handing("own", amount=3)]) == ()
    assert preview(desk, "own", "en", [handing("own", amount=3)]).text == "Sum: 3\n"
    assert [fault.code for fault in check_templates(desk)] == ["E402"]


def test_what_fails_on_made_up_values_is_a_fault(tmp_path: Path):
    faults = check_templates(a_desk_with(tmp_path, en__own__body_txt="hello\n{{ ticket.number / 0 }}"))
    assert [(fault.code, fault.place.line) for fault in faults] == [("E403", 2)]


def test_a_kind_needs_its_text(tmp_path: Path):
    expected = ['en/own.subject.txt:1:1: E404 has no text beside it: write "own.body.txt" too']
    check_faults(tmp_path, expected, en__own__subject_txt="hello")


def test_a_file_that_is_not_utf8_is_a_fault(tmp_path: Path):
    desk = a_desk_with(tmp_path, en__own__body_txt="x")
    (tmp_path / "templates/en/own.body.txt").write_bytes(b"\xff\xfe")
    assert [fault.code for fault in check_templates(desk)] == ["E401"]


def test_sound_words_have_no_faults(tmp_path: Path):
    words = 'reply_note: "Reply = a note about {{ ticket.number }}"\nsurvey: {subject: "How were we?"}'
    text = "{{ words.survey.subject }} {{ words.card.owner }}"
    check_faults(tmp_path, [], en__words__yaml=words, all__survey__body_txt=text)


def test_faults_of_words_have_their_places(tmp_path: Path):
    expected = [
        'en/words.yaml:1:1: E402 unknown word "colour" (did you mean "colon"?)',
        'en/words.yaml:2:35: E402 unknown name "tiket" (did you mean "ticket"?)',
        'en/words.yaml:3:8: E402 unknown word "card.onwer" (did you mean "card.owner"?)',
        "en/words.yaml:4:11: E401 is not a valid template: unexpected '}'",
        'en/words.yaml:5:11: E401 "left_out" must be a text',
    ]
    words = """colour: ":"
reply_note: "Reply = a note on {{ tiket.number }}"
card: {onwer: "Owner"}
reply_to: "a {{ b } }}"
left_out: [a]
"""
    check_faults(tmp_path, expected, en__words__yaml=words)


def test_a_file_of_words_is_plain_yaml(tmp_path: Path):
    check_faults(tmp_path / "list", ["en/words.yaml:1:1: E401 must hold words and their texts"], en__words__yaml="- a")
    twice = ['en/words.yaml:2:1: E106 the key "colon" stands here twice (first in line 1)']
    check_faults(tmp_path / "twice", twice, en__words__yaml="colon: a\ncolon: b")


def test_an_unknown_word_in_a_template_is_a_fault(tmp_path: Path):
    expected = [
        'en/own.body.txt:1:10: E402 unknown name "nonesuch"',
        'en/own.body.txt:2:15: E402 unknown name "onwer" (did you mean "owner"?)',
    ]
    check_faults(tmp_path, expected, en__own__body_txt="{{ words.nonesuch }}\n{{ words.card.onwer }}")


def test_a_language_of_the_desks_own_is_told_what_it_lacks(tmp_path: Path):
    packaged = (Path(__file__).parents[3] / "maild/templates/en/words.yaml").read_text(encoding="utf-8")
    faults = check_templates(a_desk_with(tmp_path, it__words__yaml=packaged.replace('colon: ":"', "")))
    assert [fault.describe(tmp_path / "templates") for fault in faults] == [
        "it/words.yaml:5:1: W308 lacks colon: letters say that in English"
    ]


def test_what_others_extend_is_tried_with_every_letter(tmp_path: Path):
    faults = check_templates(a_desk_with(tmp_path, all__agents__txt="{% block message %}{{ ticket.number / 0 }}{% endblock %}"))
    assert {(fault.code, fault.place.file.name) for fault in faults} == {("E403", "agents.txt")}
