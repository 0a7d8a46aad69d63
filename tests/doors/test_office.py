"""An office that a running desk goes on with: what changes in it, and what stays as it was opened."""

from pathlib import Path

import pytest

from maild.errors import ConfigurationError
from maild.office import Office, with_added, with_keys
from tests.rig.desk import NOW, a_letter, a_ticket
from tests.rig.small_office import an_office

PRIVATE = "anna@home.example"


def written(office: Office) -> bytes:
    """The letter of acknowledgement, by the desk's own template."""
    return office.composer.compose(a_letter(), a_ticket(), 1, NOW, {}).raw


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Opened with a template of its own, which somebody is editing since."""
    own = tmp_path / "templates/en/received.body.txt"
    own.parent.mkdir(parents=True)
    own.write_text("Ahoy!\n", encoding="utf-8")
    opened = an_office(tmp_path)
    own.write_text("{{ half of a", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        an_office(tmp_path)
    return opened


def test_an_agents_added_address_leaves_the_templates_as_they_were_opened(office: Office):
    """OPERATIONS C6: what is being written waits for the reload, which tries it first."""
    renewed = with_added(office, {"anna": (PRIVATE,)})
    assert renewed.desk.settings.agent_at(PRIVATE) == renewed.desk.settings.agents["anna"]
    assert b"Ahoy!" in written(renewed)


def test_the_same_addresses_are_the_same_office(office: Office):
    renewed = with_added(office, {"anna": (PRIVATE,)})
    assert with_added(renewed, {"anna": (PRIVATE,)}) is renewed


def test_a_new_key_leaves_the_templates_as_they_were_opened(office: Office):
    assert b"Ahoy!" in written(with_keys(office, (b"n" * 64, b"k" * 64)))
