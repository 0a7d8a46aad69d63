"""The contract of the command line, command by command (INTERFACE.md)."""

import click

from cli.main import NOUNS
from tests.rig.command_page import commands, options

WITHOUT_JSON = {
    "maild ticket raw": "prints a mail's bytes",
    "maild completion": "prints a script",
}


def flags(command: click.Command) -> set[str]:
    return {flag for option in options(command) for flag in option.opts}


def test_every_command_that_prints_takes_json():
    without = {name for name, command in commands() if "--json" not in flags(command)}
    assert without == set(WITHOUT_JSON)


def test_every_list_takes_a_limit():
    assert [name for name, command in commands() if name.endswith(" list") and "--limit" not in flags(command)] == []


def test_acts_that_cannot_be_undone_can_be_answered_beforehand():
    assert {name for name, command in commands() if "--yes" in flags(command)} == {"maild outbox cancel", "maild outbox lift"}


def test_the_first_help_names_every_verb_that_there_is():
    for noun, words in NOUNS.items():
        verbs = [name.split()[2] for name, _ in commands() if name.startswith(f"maild {noun} ")]
        listed = words.partition(":")[2].rstrip(".").rstrip(" …").replace(",", "").split() if verbs else []
        assert set(listed) <= set(verbs), noun
        assert set(listed) == set(verbs) or words.endswith("…"), noun
