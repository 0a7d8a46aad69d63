"""Loading: broken files with their expected faults, files that are fine, any bytes at all."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.rules.load import load_rules
from tests.rig.occasions import a_desk, load_text

BAD_RULES = Path(__file__).parents[2] / "bad_rules"
EXAMPLE_DESK = Path(__file__).parents[3] / "etc"


def told(loaded):
    """The faults without the name of the file."""
    return [fault.describe(Path()).partition("10.yaml:")[2] for fault in loaded.faults]


@pytest.mark.parametrize("case", sorted(BAD_RULES.glob("*.yaml")), ids=lambda case: case.stem)
def test_a_broken_file_is_told_with_place_and_remedy(case):
    loaded = load_text(case.read_bytes())
    assert loaded.rules is None
    assert told(loaded) == case.with_suffix(".expected").read_text(encoding="utf-8").splitlines()


def test_every_broken_file_has_its_expected_faults():
    assert {case.stem for case in BAD_RULES.glob("*.yaml")} == {case.stem for case in BAD_RULES.glob("*.expected")}


def test_of_an_owner_who_is_nobody_it_is_said_who_hears_instead():
    rule = "rules: [{{id: a, owner: {}, when: ticket.created, do: [{{tag: x}}]}}]"
    for owner in ("anna", "ops@globex.example", '"Ops <ops@globex.example>"', "night-shift", "bors"):
        loaded = load_text(rule.format(owner))
        assert loaded.rules is not None
        is_known = owner in ("anna", "ops@globex.example")
        assert [fault.code for fault in loaded.faults] == ([] if is_known else ["W326"]), owner
    assert told(loaded) == [
        '1:24: W326 "bors" is no agent, and no address such as ops@acme.example (did you mean "boris"?): '
        "what happens to the rule is told to the lead"
    ]


def test_of_a_test_whose_mail_goes_to_nobody_it_is_said_and_the_rules_run():
    loaded = load_text("""rules: [{id: a, when: ticket.created, do: [{tag: x}]}]
tests:
  - name: nobody there
    mail: {from: ann@globex.example, to: [Nobody <suport@acme.example>, bob@globex.example]}
    steps:
      - mail: {to: nobody@acme.example}
      - mail: {to: nobody@acme.example, cc: "Help <help@acme.example>"}
      - mail: {to: nobody@acme.example, headers: {Delivered-To: sales@acme.example}}
      - mail: {to: list@globex.example}
      - mail: {to: anna@acme.example}
      - mail: {to: support+x@acme.example}
      - expect: {fired: a}
""")
    assert loaded.rules is not None
    assert told(loaded) == [
        '4:43: W303 no department has the address suport@acme.example (did you mean "support@acme.example"?)',
        '6:20: W303 no department has the address nobody@acme.example (did you mean "help@acme.example"?)',
    ]


def test_a_test_that_cannot_fail_is_a_warning():
    def warned(test):
        loaded = load_text(f"""
            rules: [{{id: a, when: ticket.created, do: [{{tag: x}}]}}]
            tests: [{{name: t, mail: {{from: ann@globex.example, to: support@acme.example}}, {test}}}]
        """)
        assert loaded.rules is not None
        return [fault.message.split(":")[0] for fault in loaded.faults if fault.code == "W327"]

    nothing = "nothing is expected in this test, which cannot fail"
    for hollow in ("expect: {}", "expect: {fired: [], ticket: {}}", "steps: [{expect: {}}, {wait: 1h}, {expect: {fired: []}}]"):
        assert warned(hollow) == [nothing], hollow
    assert warned("expect: {sent: {acknowledgement: 0}}") == ['"acknowledgement" is no template, nor ack, reply, status, notification']
    for telling in ("expect: {not_fired: a}", "steps: [{expect: {}}, {reply: x, by: anna}]", "expect: {sent: {ack: 1, escalation: 0}}"):
        assert warned(telling) == [], telling


def test_the_example_desks_rules_are_fine():
    loaded = load_rules(EXAMPLE_DESK, a_desk(EXAMPLE_DESK))
    assert loaded.faults == ()
    routing, answers, timed = ("route-sales", "payment", "complaint"), ("ack", "faq-password"), ("no-answer-30m", "waiting-close")
    assert [rule.id for rule in loaded.rules.rules] == ["spam", *routing, "distribute", *answers, *timed]
    assert len(loaded.rules.cases) >= 13


def test_no_folder_and_empty_files_are_an_empty_set(tmp_path):
    assert load_rules(tmp_path, a_desk(tmp_path)).rules.rules == ()
    for text in ("", "version: 1\n", "# nothing\nrules:\n#  - id: a\n", "rules: []\n"):
        assert load_text(text).rules.rules == ()


def test_lists_and_conditions_are_shared_by_all_files():
    loaded = load_text(
        "rules: [{id: a, when: ticket.created, if: {use: person, from.domain: $vip}, do: [{tag: x}]}]",
        "lists: {vip: [acme.example]}\nconditions: {person: {auto: false}}",
    )
    assert loaded.faults == ()


def test_a_name_given_in_two_files_is_refused():
    loaded = load_text("lists: {vip: [a]}", "lists: {vip: [b]}")
    (fault,) = loaded.faults
    assert fault.code == "E110"
    assert "10.yaml line 1" in fault.message


def test_traps_of_yaml_are_plain_text_here():
    text = "rules: [{id: no, when: ticket.created, if: {subject: [on, 9:00, 010, 2026-01-01, yes]}, do: [{tag: [no, 22:30]}]}]"
    (rule,) = load_text(text).rules.rules
    assert rule.id == "no"
    assert rule.condition.wanted == "on, 9:00, 010, 2026-01-01, yes"


def test_a_file_with_byte_order_mark_and_windows_lines_is_fine():
    text = b"\xef\xbb\xbfversion: 1\r\nrules:\r\n  - id: a\r\n    when: ticket.created\r\n    do: [{tag: x}]\r\n"
    assert load_text(text).faults == ()


def test_an_address_of_no_department_is_a_warning():
    loaded = load_text("rules: [{id: a, when: ticket.created, if: {mailbox: sales@other.example}, do: [{tag: x}]}]")
    assert loaded.rules is not None
    assert [fault.code for fault in loaded.faults] == ["W303"]


def test_quotation_marks_of_a_word_processor_are_a_warning_where_they_are_looked_for():
    def codes(condition):
        loaded = load_text(f"rules: [{{id: a, when: ticket.created, if: {{subject: {condition}}}, do: [{{tag: x}}]}}]")
        assert loaded.rules is not None
        return [fault.code for fault in loaded.faults]

    assert codes("{contains: “Invoice”}") == codes("„Rechnung“") == codes("[a, «счёт»]") == ["W325"]
    assert codes("{contains: '“Invoice”'}") == codes("{word: “Invoice”}") == codes("{contains: d’accord}") == []


def test_what_no_address_is_ever_equal_to_is_a_warning_with_what_to_write():
    def warned(condition, more=""):
        loaded = load_text(f"{more}rules: [{{id: a, when: ticket.created, if: {{{condition}}}, do: [{{tag: x}}]}}]")
        assert loaded.rules is not None
        return [f"{fault.code} {fault.message}" for fault in loaded.faults]

    (warning,) = warned('from: "*@globex.example"')
    assert warning == (
        'W328 "*@globex.example" is no address, and no "from" is ever equal to it: '
        "write {listed: globex.example} for that domain and all below it"
    )
    for written in (
        'from: "@globex.example"',
        "to: globex.example",
        "cc: {has_none: '*@*.globex.example'}",
        "from.domain: .globex.example",
    ):
        assert "write {listed: globex.example}" in str(warned(written))
    assert "write {listed: globex.example}" in str(warned("reply_to: {in: $ours}", "lists: {ours: [ann@globex.example, globex.example]}\n"))
    for written in ("from: info*@globex.example", "from: '*@globex.*'", "from.domain: globex.*", "to: {not: {is: '*'}}"):
        assert "write {glob: " in str(warned(written))
    assert "write the address alone" in str(warned("from: Ann <ann@globex.example>"))
    assert "write the domain alone" in str(warned("from.domain: ann@globex.example"))
    for written in (
        *("from: ann@globex.example", "from: root", "from: null", 'from: ""', """from: '"Ann * Smith"@globex.example'""", "subject: '*'"),
        *("from: {glob: '*@globex.example'}", "from: {ends: '@globex.example'}", "from: {listed: globex.example}", "from.domain: globex"),
    ):
        assert warned(written) == []


def test_a_business_clock_that_no_calendar_tells_is_a_warning():
    def codes(state):
        loaded = load_text(f"rules: [{{id: a, when: {{after: 1h, while: {{{state}}}, clock: business}}, do: [{{tag: x}}]}}]")
        assert loaded.rules is not None
        return [fault.code for fault in loaded.faults]

    assert codes("status: new") == codes("queue: [support, sales]") == codes("any: [{queue: sales}, {tags: x}]") == []
    assert codes("queue: sales") == codes("status: new, queue: {not: support}") == ["W319"]


def test_a_task_by_a_business_clock_that_no_calendar_tells_is_a_warning():
    def codes(condition, before=""):
        task = "{task: {title: x, for: boris, due: 1d, clock: business}}"
        loaded = load_text(f"rules: [{{id: a, when: ticket.created, if: {{{condition}}}, do: [{before}{task}]}}]")
        assert loaded.rules is not None
        return [fault.code for fault in loaded.faults]

    assert codes("subject: x") == codes("queue: [support, sales]") == codes("queue: sales", "{set: {queue: support}}, ") == []
    assert codes("queue: sales") == codes("queue: sales", "{notify: {who: boris, template: escalation, clock: business}}, ") == ["W319"]


def test_a_file_by_another_ending_is_told(tmp_path):
    (tmp_path / "rules").mkdir()
    for name in ("10.yml", "20.YAML", "30.Yml"):
        (tmp_path / "rules" / name).write_text("rules: []")
    assert [fault.code for fault in load_rules(tmp_path, a_desk(tmp_path)).faults] == ["W304"] * 3


def test_a_file_whose_name_is_in_another_encoding_is_told(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / os.fsdecode(b"\xef\xf0\xe0.yaml")).write_text("rules: []")
    assert faults_of(tmp_path) == [r'rules:1:1: E100 holds a file whose name is not UTF-8, "\xef\xf0\xe0.yaml"; rename it']


def test_an_editors_lock_file_is_passed_over(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / ".#10.yaml").symlink_to("nowhere")
    assert load_rules(tmp_path, a_desk(tmp_path)).faults == ()


def faults_of(directory):
    return [fault.describe(directory).partition("\n")[0] for fault in load_rules(directory, a_desk(directory)).faults]


def test_a_pipe_is_no_rule_file_and_nobody_waits_for_it(tmp_path):
    (tmp_path / "rules").mkdir()
    os.mkfifo(tmp_path / "rules" / "10.yaml")
    assert faults_of(tmp_path) == ["rules/10.yaml:1:1: E100 cannot be read: it is not a file"]


def test_rules_that_cannot_be_looked_for_are_not_no_rules(tmp_path):
    assert faults_of(tmp_path) == []
    (tmp_path / "rules").symlink_to("a-disk-that-is-away")
    assert faults_of(tmp_path) == ["rules:1:1: E100 cannot be read: No such file or directory"]
    (tmp_path / "rules").unlink()
    (tmp_path / "rules").write_text("rules: []")
    assert faults_of(tmp_path) == ["rules:1:1: E100 cannot be read: Not a directory"]


def test_any_change_of_a_file_changes_the_digest():
    first, second = (load_text(f"rules: []{comment}").rules.digest for comment in ("", " # x"))
    assert first != second
    assert len(first) == 4


FRAGMENTS = st.sampled_from(
    [
        *("rules:", "version: 1", "lists:", "conditions:", "tests:", "- id: a", "  when: ticket.created", "  do:", "  if:", "    - tag: x"),
        *("      any:", "        - subject: {matches: '('}", "{", "}", "[", "]", "&a", "*a", "!!python/object", "$x", ": ", "? ", "\t"),
        *("{{ match.x }}", "null", "~", "1e999", "9" * 400, "'", '"', "|", ">", "%YAML 3", "---", "\x00", "\x85", "\ufeff"),
    ]
)


@given(st.lists(FRAGMENTS, max_size=30).map("\n".join))
def test_any_lines_are_faults_or_a_set(text):
    loaded = load_text(text.encode())
    assert (loaded.rules is None) == any(fault.code.startswith("E") for fault in loaded.faults)


@given(st.binary(max_size=400))
def test_any_bytes_are_faults_or_a_set(raw):
    loaded = load_text(raw)
    assert loaded.rules is not None or loaded.faults
