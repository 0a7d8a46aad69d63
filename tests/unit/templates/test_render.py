"""Rendering, its sandbox, and a desk's own templates."""

from pathlib import Path

import pytest

from maild.config.settings import Settings
from maild.errors import TemplateError
from maild.templates.checking import check_templates
from maild.templates.render import Rendered, Templates, list_templates, preview, template_exists
from maild.templates.values import sample_values
from tests.rig.letters import a_desk


def a_desk_with(directory: Path, **files: str) -> Settings:
    """A desk with its own templates: `en__hello__body_txt` is `templates/en/hello.body.txt`."""
    for name, text in files.items():
        language, kind, rest = name.split("__")
        path = directory / "templates" / language / f"{kind.replace('_', '-')}.{rest.replace('_', '.')}"
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


def test_an_empty_html_template_means_text_only(tmp_path: Path):
    desk = a_desk_with(tmp_path, en__received__body_txt="Ahoy", en__received__body_html="")
    assert Templates(desk).render("received", ("en",), sample_values("received")).html is None


def test_a_desk_may_add_kinds(tmp_path: Path):
    desk = a_desk_with(tmp_path, en__my_own__body_txt="Ahoy {{ match.order }}")
    assert template_exists(desk, "my-own")
    assert template_exists(desk, "received")
    assert not template_exists(desk, "nonesuch")
    assert [listed.own for listed in list_templates(desk) if listed.kind == "my-own"] == [True]
    assert Templates(desk).render("my-own", ("en",), {"match": {"order": "77"}}).text == "Ahoy 77\n"


def test_a_preview_needs_no_ticket():
    assert "1042" in preview(a_desk(), "received", "de").text


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
    ],
)
def test_nothing_runs_or_grows_without_end(tmp_path: Path, text: str):
    with pytest.raises(TemplateError):
        rendered(tmp_path, text, body="x" * 200)


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


def test_an_unknown_name_has_its_place_and_a_hint(tmp_path: Path):
    expected = [
        'en/received.body.txt:2:5: E402 unknown name "tiket" (did you mean "ticket"?)',
        'en/received.body.txt:3:11: E402 unknown name "nmber" (did you mean "number"?)',
    ]
    check_faults(tmp_path, expected, en__received__body_txt="hello\na {{tiket.number}}\n{{ ticket.nmber }}")


def test_a_customers_letter_may_not_use_what_only_agents_see(tmp_path: Path):
    check_faults(tmp_path, ['en/closed.body.txt:1:4: E402 unknown name "reference"'], en__closed__body_txt="{{ reference }}")


def test_names_that_rules_hand_over_are_known(tmp_path: Path):
    desk = a_desk_with(tmp_path, en__own__body_txt="{{ kb_titles }}")
    assert check_templates(desk, frozenset({"kb_titles"})) == ()
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
