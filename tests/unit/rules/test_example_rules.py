"""The rules of the example desk, tried by their own tests through the daemon's walk."""

from pathlib import Path

import pytest

from maild.pipeline import Desk
from maild.rehearsal import rehearse
from maild.rules.load import load_rules
from maild.rules.trial import run_case
from maild.tokens import Tokens
from tests.rig.occasions import a_desk

ETC = Path(__file__).parents[3] / "etc"
SETTINGS = a_desk(ETC)
RULES = load_rules(ETC, SETTINGS).rules
DESK = Desk(SETTINGS, RULES, Tokens([b"0" * 32], "acme.example", ["Acme"], SETTINGS.agents))


@pytest.mark.parametrize("case", RULES.cases, ids=lambda case: case.name)
def test_an_example(case):
    result = run_case(case, rehearse(DESK))
    assert result.passed, "\n".join(result.describe())
