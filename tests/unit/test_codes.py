"""Every code by which a fault is told is wanted by some test: a check that nobody tries could be gone unnoticed."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"\b[EW]\d{3}\b")


def codes_in(*folders: str, ending: str) -> set[str]:
    files = (file for folder in folders for file in (ROOT / folder).rglob(f"*{ending}") if file != Path(__file__))
    return {code for file in files for code in CODE.findall(file.read_text(encoding="utf-8", errors="replace"))}


def test_every_code_is_wanted_by_a_test():
    told = codes_in("maild", "cli", ending=".py")
    wanted = (
        codes_in("tests", ending=".py") | codes_in("tests/bad_rules", ending=".expected") | codes_in("tests/bad_configs", ending=".txt")
    )
    assert len(told) > 80
    assert sorted(told - wanted) == []
