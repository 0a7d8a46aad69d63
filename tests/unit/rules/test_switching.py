"""Rules switched off and on in their files: every byte but those of the reason stays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.errors import UsageError
from maild.rules.switching import disable, enable
from tests.rig.occasions import load_text

EXAMPLES = sorted((Path(__file__).parents[3] / "etc/rules").glob("*.yaml"))
ODD = {
    "in a block": "rules:\n  - id: a   # the first\n    when: ticket.created\n    # why\n    do: [{tag: x}]  # so\n",
    "below its list": "rules:\n- when: ticket.created\n  do: [{tag: x}]\n  id: a",
    "on one line": "rules: [{id: a, when: ticket.created, do: [{tag: x}]}, {id: b, when: ticket.created, do: [{tag: y}]}]\n",
    "last between braces": "rules: [{when: ticket.created, do: [{tag: x}], id: a}]",
    "between braces on several lines": "rules:\n  - {\n      id: 'a',  # quoted\n      when: ticket.created, do: [{tag: x}]\n    }\n",
    "with a comment behind the last": "rules:\n  - {\n      when: ticket.created, do: [{tag: x}],\n      id: a  # one, two\n    }\n",
    "after words of other scripts": "# плащане\nrules: [{about: 'плащане 😀', id: a, when: ticket.created, do: [{tag: x}]}]\n",
    "with lines of Windows": "rules:\r\n  - id: a\r\n    when: ticket.created\r\n    do: [{tag: x}]\r\n",
    "with a mark in front": "\ufeffrules:\n  - id: a\n    when: ticket.created\n    do: [{tag: x}]\n",
    "with a mark in front, on one line": "\ufeffrules: [{id: a, when: ticket.created, do: [{tag: x}]}]",
    "as JSON": '{"rules": [{"id": "a", "when": "ticket.created", "do": [{"tag": "x"}]}]}',
}


@pytest.mark.parametrize("name", ODD)
def test_a_rule_is_switched_off_and_on_however_its_file_is_written(name):
    raw = ODD[name].encode()
    off = disable(raw, "a", 'tells "everybody": too much')
    assert load_text(off).rules.rules[0].disabled == 'tells "everybody": too much'
    assert enable(off, "a").rstrip() == raw.rstrip()


@pytest.mark.parametrize("name", ODD)
def test_why_it_is_on_again_stands_in_a_comment_above_it(name):
    raw = ODD[name].encode()
    off = disable(raw, "a", "too much")
    on = enable(off, "a", "mended\nthe # pattern: 'x'").decode()
    comment = "# a is enabled again: mended the # pattern: 'x'"
    (line,) = (line for line in on.splitlines(keepends=True) if comment in line)
    assert line.strip("\ufeff \r\n") == comment
    kept = on.replace(line, "\ufeff" if line.startswith("\ufeff") else "")
    assert kept.rstrip().encode() == enable(off, "a").rstrip()
    assert load_text(on.encode()).rules.rules[0].disabled is None
    assert load_text(enable(disable(on.encode(), "a", "again"), "a")).rules is not None


def test_one_line_is_added_and_nothing_else():
    assert disable(ODD["in a block"].encode(), "a", "for now").decode() == ODD["in a block"].replace(
        "# the first\n", '# the first\n    disabled: "for now"\n'
    )
    assert disable(ODD["on one line"].encode(), "b", "x").decode() == ODD["on one line"].replace("{id: b,", '{id: b, disabled: "x",')
    assert b'disabled: "x"\r\n' in disable(ODD["with lines of Windows"].encode(), "a", "x")


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("- id: a\n  disabled: >\n    a long\n    story\n\n  when: ticket.created\n", "- id: a\n\n  when: ticket.created\n"),
        ("- disabled: x\n  id: a\n  when: ticket.created\n", "- id: a\n  when: ticket.created\n"),
        ("- id: a\n  when: ticket.created\n  disabled: 'it''s\n    over'   # really\n", "- id: a\n  when: ticket.created\n"),
        ("- disabled: x\n  # why, and how\n  id: a\n  when: ticket.created\n", "- # why, and how\n  id: a\n  when: ticket.created\n"),
        (
            "- {id: a, # yes, no\n   when: message.note,\n   disabled: x # so\n  }\n",
            "- {id: a, # yes, no\n   when: message.note,\n    # so\n  }\n",
        ),
        ("- {disabled: x, # yes, no\n   id: a, when: message.note}\n", "- {# yes, no\n   id: a, when: message.note}\n"),
        ("- {disabled: x, id: a, when: ticket.created}\n", "- {id: a, when: ticket.created}\n"),
        ("- {id: a, when: ticket.created, disabled: 'a, b}'}\n", "- {id: a, when: ticket.created}\n"),
    ],
)
def test_what_people_have_written_is_taken_out_whole(written, left):
    assert enable(f"rules:\n{written}".encode(), "a").decode() == f"rules:\n{left}"


def test_a_second_reason_takes_the_place_of_the_first():
    once = disable(ODD["in a block"].encode(), "a", "early")
    assert disable(once, "a", "late") == once.replace(b"early", b"late")


def test_a_reason_is_one_line_whatever_is_in_it():
    off = disable(ODD["in a block"].encode(), "a", "two\nlines\x00 and\u202e more")
    assert load_text(off).rules.rules[0].disabled == "two lines and more"


def test_what_cannot_be_done_is_said_and_not_done():
    for act in (
        lambda: enable(ODD["in a block"].encode(), "a"),
        lambda: disable(b"rules: []", "a", "x"),
        lambda: disable(b"\xff", "a", "x"),
    ):
        with pytest.raises(UsageError):
            act()
    with pytest.raises(UsageError, match="by hand"):
        disable(b"rules:\n  - ? id\n    : a\n    ? when\n    : ticket.created\n", "a", "x")


@given(st.sampled_from(EXAMPLES), st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable() and text.strip()), st.data())
def test_off_and_on_again_is_the_same_file(file, reason, data):
    raw = file.read_bytes()
    rule = data.draw(st.sampled_from([line.split()[2] for line in raw.decode().splitlines() if line.strip().startswith("- id:")]))
    off = disable(raw, rule, reason)
    assert len(off.splitlines()) == len(raw.splitlines()) + 1
    assert enable(off, rule) == raw
