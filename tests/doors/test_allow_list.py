"""The allow-list as a file: people read and edit it, and what is added to it is tried first (MAIL.md S5)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from maild.config.settings import Settings
from maild.errors import UsageError
from maild.message import Address
from maild.rules.allow_list import allow_sender
from maild.rules.engine import evaluate
from maild.rules.lint import lint
from maild.rules.load import load_rules
from maild.rules.verdict import Event, Fate
from tests.builders import PASSED
from tests.rig.occasions import a_desk, a_message, an_occasion

WHY = "message 7, 2026-11-24: X-Spam-Flag: YES"
Fates = Callable[..., Fate]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return a_desk(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rules" / "05-allowed.yaml"


def fate_of(address: str, settings: Settings, *, proved: bool = True) -> Fate:
    """What the rules on disk make of a mail from there."""
    loaded = load_rules(settings.directory, settings)
    assert loaded.rules is not None, loaded.faults
    occasion = an_occasion(event=Event.MAIL_RECEIVED, message=a_message(header_from=(Address("", address),)))
    return evaluate(loaded.rules, replace(occasion, authentication=PASSED) if proved else occasion).fate


def test_the_first_sender_makes_the_file_and_the_next_is_added_below(settings: Settings, file: Path):
    assert allow_sender(settings, "ann@globex.example", WHY)
    assert allow_sender(settings, "bob@globex.example", "message 8")
    assert file.read_text(encoding="utf-8").splitlines()[-3:] == [
        "  allowed_senders:",
        '    - "ann@globex.example"    # message 7, 2026-11-24: X-Spam-Flag: YES',
        '    - "bob@globex.example"    # message 8',
    ]
    assert [fate_of(address, settings) for address in ("ann@globex.example", "Bob@Globex.example")] == [Fate.ALLOW, Fate.ALLOW]
    assert fate_of("eve@globex.example", settings) is Fate.KEEP


def test_nobody_is_let_in_who_is_not_authenticated(settings: Settings):
    allow_sender(settings, "ann@globex.example", WHY)
    assert fate_of("ann@globex.example", settings, proved=False) is Fate.KEEP


def test_somebody_answers_for_the_rule_so_that_nothing_is_warned_of(settings: Settings, file: Path):
    def owner_where(admins: tuple[str, ...]) -> str | None:
        file.unlink(missing_ok=True)
        desk = replace(settings, desk=replace(settings.desk, admins=admins))
        allow_sender(desk, "ann@globex.example", WHY)
        loaded = load_rules(desk.directory, desk)
        assert (*loaded.faults, *lint(loaded)) == ()
        assert loaded.rules is not None
        return loaded.rules.rules[0].owner

    assert owner_where(("boris@acme.example", "ops@globex.example")) == "boris"
    assert owner_where(("ops@globex.example",)) == "ops@globex.example"
    assert owner_where(()) == "anna"


def test_a_sender_stands_there_once(settings: Settings, file: Path):
    assert allow_sender(settings, "ann@globex.example", WHY)
    before = file.read_bytes()
    assert not allow_sender(settings, "ANN@globex.example", "again")
    assert file.read_bytes() == before


def test_what_people_write_into_the_file_is_kept(settings: Settings, file: Path):
    allow_sender(settings, "ann@globex.example", WHY)
    edited = (
        file.read_text(encoding="utf-8").replace("version: 1\n", "version: 1   # ours\n# Ask Boris first.\n") + "    # for ever: ↓\n\n\n"
    )
    file.write_text(edited, encoding="utf-8")
    file.chmod(0o640)
    allow_sender(settings, "bob@globex.example", "message 8")
    assert file.read_text(encoding="utf-8") == edited.rstrip() + '\n    - "bob@globex.example"    # message 8\n'
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_that_would_not_be_valid_is_not_written(settings: Settings, file: Path):
    allow_sender(settings, "ann@globex.example", WHY)
    for spoiled in (
        file.read_text(encoding="utf-8") + "tests: []\n",
        file.read_text(encoding="utf-8") + "  others:\n    - x@y.example\n",
        "version: 1\nrules: [\n",
        "version: 1\n",
    ):
        file.write_text(spoiled, encoding="utf-8")
        with pytest.raises(UsageError, match=r"bob@globex\.example was not added to the allow-list"):
            allow_sender(settings, "bob@globex.example", "message 8")
        assert file.read_text(encoding="utf-8") == spoiled


def test_nothing_is_added_while_another_rule_file_is_broken(settings: Settings, file: Path):
    file.parent.mkdir()
    (file.parent / "10-broken.yaml").write_text("version: 1\nrules: [{id: x}]\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"10-broken\.yaml:2"):
        allow_sender(settings, "ann@globex.example", WHY)
    assert not file.exists()


def test_hostile_addresses_and_reasons_stay_what_they_are(settings: Settings, file: Path):
    hostile = '"a: b # c\\"@globex.example'
    assert allow_sender(settings, hostile, "reason\n  - evil@globex.example\u2028\x07\x85# x")
    assert fate_of(hostile, settings) is Fate.ALLOW
    assert fate_of("evil@globex.example", settings) is Fate.KEEP
    assert len(file.read_text(encoding="utf-8").splitlines()) == 15
