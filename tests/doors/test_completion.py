"""Shell completion: what bash gets to offer, and that zsh and fish are answered in their forms (click speaks all three)."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.effects import Suppress
from maild.store import suppressions
from maild.store.engine import open_store
from tests.rig.office import RunningDesk, a_desk_without_servers

ROOT = Path(__file__).parents[2]
RULES = "version: 1\nrules: [{id: payment, when: ticket.created, do: [{tag: [a]}]}, {id: vip, when: ticket.created, do: [{tag: [b]}]}]\n"
TRY = """
eval "$(maild completion bash)"
complete -p maild > /dev/null || exit 1
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_maild_completion maild
echo "${COMPREPLY[*]}"
"""


@pytest.fixture
def desk(tmp_path: Path) -> RunningDesk:
    return a_desk_without_servers(tmp_path / "desk", rules=RULES)


def run(*command: str, **environment: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(command, env=os.environ | {"PATH": path} | environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def offered(typed: str, desk: RunningDesk) -> list[str]:
    """What bash offers at the end of a line, through the script it was given."""
    return run("/bin/bash", "-c", TRY, "bash", *typed.split(" "), MAILD_CONFIG=str(desk.directory)).split()


def test_commands_and_options_are_completed(desk: RunningDesk):
    assert offered("maild t", desk) == ["ticket", "template"]
    assert offered("maild ticket re", desk) == ["reopen", "reply"]
    assert offered("maild ticket list --", desk) == ["--as", "--limit", "--json", "--help"]
    assert offered("maild outbox list --state se", desk) == ["sending", "sent"]
    assert offered("maild completion ", desk) == ["bash", "zsh", "fish"]


def test_names_of_the_desk_are_completed(desk: RunningDesk):
    assert offered("maild ticket assign 1 ", desk) == ["anna", "boris", "me", "none"]
    assert offered("maild ticket close 1 --as ", desk) == ["anna", "boris"]
    assert offered("maild ticket move 1 s", desk) == ["support", "sales"]
    assert offered("maild ticket new --queue b", desk) == ["billing"]
    assert offered("maild queue show b", desk) == ["billing"]
    assert offered("maild mailbox test ", desk) == ["support", "sales"]
    assert offered("maild template preview cl", desk) == ["closed"]
    assert offered("maild template copy de/rec", desk) == ["de/received.body.txt", "de/received.subject.txt"]
    assert offered("maild rules explain 1 --why-not ", desk) == ["payment", "vip"]


def test_suppressed_addresses_are_completed_from_the_store(desk: RunningDesk):
    assert offered("maild outbox lift ", desk) == []
    store = open_store(desk.storage, desk.directory, create=True)
    with store.writing() as tx:
        for name in ("ann", "anton", "bob"):
            suppressions.store(tx, Suppress(f"{name}@globex.example", "complained of it as spam", None), datetime.now(UTC))
    store.close()
    assert offered("maild outbox lift an", desk) == ["ann@globex.example", "anton@globex.example"]


def test_the_desk_of_the_line_counts(desk: RunningDesk, tmp_path: Path):
    assert offered(f"maild -c {tmp_path} ticket move 1 ", desk) == []
    assert offered(f"maild -c {desk.directory} ticket move 1 ", desk) == ["support", "sales", "billing"]


def test_zsh_and_fish_are_answered_in_their_forms():
    assert (
        run("maild", COMP_WORDS="maild db", COMP_CWORD="1", _MAILD_COMPLETE="zsh_complete") == "plain\ndb\nThe database: status, upgrade.\n"
    )
    assert (
        run("maild", COMP_WORDS="maild db", COMP_CWORD="db", _MAILD_COMPLETE="fish_complete")
        == "plain,db\tThe database: status, upgrade.\n"
    )


@pytest.mark.parametrize(
    ("shell", "first"), [("bash", "_maild_completion() {"), ("zsh", "#compdef maild"), ("fish", "function _maild_completion")]
)
def test_every_shell_has_its_script(shell: str, first: str):
    script = run("maild", "completion", shell)
    assert script.startswith(first)
    assert f"_MAILD_COMPLETE={shell}_complete" in script
