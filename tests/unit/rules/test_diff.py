"""Two sets of rule files held against each other."""

from pathlib import Path
from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from maild.config.faults import Faults
from maild.config.nodes import Node, parse_yaml
from maild.rules.diff import Difference, Part, compare

RULES = """
    lists: {vip: [a.example, b.example]}
    conditions: {person: {auto: false}}
    rules:
      - {id: spam, when: mail.received, do: [{drop: spam}]}
      - {id: pay, when: ticket.created, if: {any: [{text: {word: [pay*, invoice*]}}, {size: {gt: 5}}]}, do: [{tag: pay}, {ack: false}]}
      - {id: vip, when: ticket.created, if: {from.domain: $vip}, do: [{tag: vip}]}
    tests:
      - {name: money, mail: {from: a@a.example, to: b@b.example}, expect: {fired: [pay]}}
"""


def nodes(*texts: str) -> list[Node]:
    faults = Faults()
    parsed = [parse_yaml(dedent(text).encode(), Path(f"{number}0.yaml"), faults) for number, text in enumerate(texts, start=1)]
    assert not faults.sorted()
    return [node for node in parsed if node is not None]


def differences(before: str, *after: str) -> list[Difference]:
    return list(compare(nodes(before), nodes(*after)))


def changed(was: str, now: str, text: str = RULES) -> list[tuple[str, str | None, str | None]]:
    """The parts that differ where one word of the rules is another."""
    assert text.count(was) == 1
    (found,) = differences(text, text.replace(was, now))
    assert found.kind == "changed"
    return [(part.path, part.before, part.after) for part in found.parts]


def test_the_same_files_do_not_differ_however_they_are_written():
    text = """
        # money
        rules:
          - id: pay
            do:
              - tag: "pay"
            when: [ticket.created]
    """
    assert differences(RULES, RULES) == []
    assert differences("rules: [{id: pay, when: [ticket.created], do: [{tag: pay}]}]", text) == []
    assert differences("rules: []\nlists: {}", "version: 1") == []


def test_in_which_file_a_rule_stands_makes_no_difference_but_the_order_does():
    one, two = "  - {id: a, when: macro, do: [{tag: a}]}\n", "  - {id: b, when: macro, do: [{tag: b}]}\n"
    assert differences(f"rules:\n{one}{two}", f"rules:\n{one}", f"rules:\n{two}") == []
    (moved,) = differences(f"rules:\n{one}{two}", f"rules:\n{two}", f"rules:\n{one}")
    assert (moved.kind, moved.name, moved.parts) in [
        ("moved", "a", (Part("behind", None, '"b"'),)),
        ("moved", "b", (Part("behind", '"a"', None),)),
    ]


def test_what_has_come_and_gone_is_named_with_its_place():
    new = RULES.replace("id: vip, when", "id: vips, when").replace("person:", "people:")
    assert differences(RULES, new) == [
        Difference("added", "condition", "people", "10.yaml:3"),
        Difference("removed", "condition", "person", "10.yaml:3"),
        Difference("added", "rule", "vips", "10.yaml:7"),
        Difference("removed", "rule", "vip", "10.yaml:7"),
    ]


def test_of_what_is_changed_the_smallest_part_is_named():
    assert changed("gt: 5", "gt: 6") == [("if.any[1].size.gt", "5", "6")]
    assert changed("gt: 5", 'gt: "5"') == [("if.any[1].size.gt", "5", '"5"')]
    assert changed("gt: 5", "lt: 5") == [("if.any[1].size.gt", "5", None), ("if.any[1].size.lt", None, "5")]
    assert changed(", invoice*", ", rechnung*, invoice*") == [("if.any[0].text.word[1]", None, '"rechnung*"')]
    assert changed("{tag: pay}, ", "") == [("do[0]", '{"tag": "pay"}', None)]
    assert changed("{tag: vip}", "{tag: [vip]}") == [("do[0].tag", '"vip"', '["vip"]')]
    assert changed("[a.example, b", "[a.example, c.example, b") == [("[1]", None, '"c.example"')]
    assert changed("expect: {fired: [pay]}", "expect: {not_fired: [pay]}") == [
        ("expect.fired", '["pay"]', None),
        ("expect.not_fired", None, '["pay"]'),
    ]


def test_as_few_rules_as_can_be_have_moved():
    def moved(before: str, after: str) -> list[str]:
        written = [
            "rules:\n" + "".join(f"  - {{id: {name}, when: macro, do: [{{tag: x}}]}}\n" for name in names) for names in (before, after)
        ]
        return [found.name for found in differences(*written) if found.kind == "moved"]

    assert moved("abcd", "abcd") == []
    assert moved("abcd", "bcda") == ["a"]
    assert moved("abcd", "axbcd") == []
    assert moved("abcd", "acd") == []
    assert moved("abcd", "adbc") == ["d"]


@given(st.permutations("abcdef"), st.sets(st.sampled_from("abcdef")))
def test_two_sets_do_not_differ_only_where_they_are_the_same(order: list[str], without: set[str]):
    names = [name for name in order if name not in without]
    before, after = ("rules:" + "".join(f"\n  - {{id: {name}}}" for name in chosen) for chosen in ("abcdef", names))
    found = differences(before, after if names else "rules: []")
    assert {each.name for each in found if each.kind == "removed"} == without
    assert (names == sorted(names)) == (not any(each.kind == "moved" for each in found))
