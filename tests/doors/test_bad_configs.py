"""Every folder of tests/bad_configs is a broken desk with the exact faults it must give: `file:line:column: CODE message`."""

import re
import shutil
from pathlib import Path

import pytest

from maild.config.load import check_secrets, load_settings

HERE = Path(__file__).parent.parent / "bad_configs"
CASES = sorted(folder.name for folder in HERE.iterdir() if folder.is_dir())
SOURCES = Path(__file__).parents[2] / "maild" / "config"
PRIVATE = (".key", ".pw")


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the case with the secrets every case may rely on. Files named *.key and *.pw are private, all others are open."""
    folder = tmp_path / "desk"
    shutil.copytree(HERE / request.param, folder, ignore=shutil.ignore_patterns("expected.txt"))
    for name, text in (("secret.key", "0" * 64), ("mail.pw", "a password")):
        if not (folder / name).exists():
            (folder / name).write_text(f"{text}\n")
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(0o600 if file.suffix in PRIVATE else 0o644)
    return folder


@pytest.mark.parametrize(("desk", "case"), [(name, name) for name in CASES], indirect=["desk"], ids=CASES)
def test_a_broken_desk_gives_exactly_the_expected_faults(desk: Path, case: str):
    loaded = load_settings(desk)
    faults = [fault.describe(desk) for fault in (*loaded.faults, *check_secrets(loaded))]
    assert faults == (HERE / case / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert faults


@pytest.mark.parametrize("desk", CASES, indirect=True)
def test_a_desk_with_an_error_has_no_settings(desk: Path):
    loaded = load_settings(desk)
    has_error = any(not fault.code.startswith("W") for fault in loaded.faults)
    assert (loaded.settings is None) == has_error


def test_every_code_has_a_case():
    codes = {code for source in SOURCES.glob("*.py") for code in re.findall(r'"([EW]\d{3})"', source.read_text(encoding="utf-8"))}
    shown = {code for name in CASES for code in re.findall(r": ([EW]\d{3}) ", (HERE / name / "expected.txt").read_text(encoding="utf-8"))}
    assert sorted(codes - shown) == []
