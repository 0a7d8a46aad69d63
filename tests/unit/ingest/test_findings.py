"""What the fuzzer ever found stays mended (tests/fuzz), and its targets hold for the project's own mails."""

from time import process_time

import pytest

from tests.fuzz.targets import HERE, TARGETS, find_findings, find_seeds

SECONDS = 2


@pytest.mark.parametrize("target", TARGETS)
def test_a_finding_is_read_in_time(target: str) -> None:
    for raw in find_findings(target):
        start = process_time()
        TARGETS[target](raw)
        assert process_time() - start < SECONDS


@pytest.mark.parametrize("target", TARGETS)
def test_the_targets_hold_for_our_own_mails(target: str) -> None:
    for raw in find_seeds(target):
        TARGETS[target](raw)


def test_every_target_has_a_folder_for_what_is_found() -> None:
    assert {folder.name for folder in (HERE / "findings").iterdir()} == set(TARGETS)
