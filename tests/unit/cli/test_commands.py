"""The contract of the command line, command by command (INTERFACE.md)."""

import re

import click

from cli.main import NOUNS
from cli.missing import UNBUILT
from tests.rig.command_page import commands, options

WITHOUT_JSON = {
    "maild ticket raw": "prints a mail's bytes",
    "maild completion": "prints a script",
    "maild rules schema": "prints JSON and nothing else",
    "maild rules graph": "prints a picture in words",
}

CONTRACT = """
init check doctor run demo status top backup restore import export audit report
queue: list show next
ticket: new list show reply note assign move set tag untag snooze close reopen merge split spam log raw export
message: list show retry release inject inspect
outbox: list show retry cancel pause resume
rules: check lint schema list test explain enable disable reload backtest stats diff graph
agent: list show welcome away back
mailbox: list show
template: list show
db: status upgrade
secret: rotate
view: list show
customer kb can macro
"""
"""Every command that INTERFACE.md, RULES.md and PRODUCT.md name."""


def promised() -> set[str]:
    lines = (line.partition(":") for line in CONTRACT.split("\n"))
    return {f"{noun} {verb}" if colon else verb for noun, colon, verbs in lines for verb in (verbs if colon else noun).split()}


def flags(command: click.Command) -> set[str]:
    return {flag for option in options(command) for flag in option.opts}


def test_every_command_that_prints_takes_json():
    without = {name for name, command in commands() if "--json" not in flags(command)}
    assert without == set(WITHOUT_JSON)


def test_every_list_takes_a_limit():
    assert [name for name, command in commands() if name.endswith(" list") and "--limit" not in flags(command)] == []


def test_acts_that_cannot_be_undone_can_be_answered_beforehand():
    assert {name for name, command in commands() if "--yes" in flags(command)} == {
        "maild outbox cancel",
        "maild outbox lift",
        "maild ticket merge",
    }


def test_the_first_help_names_every_verb_that_there_is():
    for noun, words in NOUNS.items():
        verbs = [name.split()[2] for name, _ in commands() if name.startswith(f"maild {noun} ")]
        listed = words.partition(":")[2].rstrip(".").rstrip(" …").replace(",", "").split() if verbs else []
        assert set(listed) <= set(verbs), noun
        assert set(listed) == set(verbs) or words.endswith("…"), noun


def test_every_command_that_was_promised_is_there_or_known_to_be_missing():
    built = {name.removeprefix("maild ") for name, _ in commands()}
    assert promised() - built == set(UNBUILT)


def test_what_serves_instead_of_a_missing_command_is_there():
    built = {name for name, _ in commands()}
    named = {words for meanwhile in UNBUILT.values() for words in re.findall(r"`(maild \w+(?: \w+)?)", meanwhile)}
    assert named
    assert named <= built


def test_no_help_shows_a_command_that_is_missing():
    shown = set(NOUNS) | {name.removeprefix("maild ") for name, _ in commands()}
    assert not shown & set(UNBUILT)
