"""Faults as people read them."""

from pathlib import Path

from maild.config.faults import Fault, Place
from maild.config.report import describe_counts, describe_first, render_faults
from maild.errors import ConfigurationError


def a_fault(file: Path, line: int, column: int, width: int = 1, code: str = "E102", message: str = "unknown key") -> Fault:
    return Fault(Place(file, line, column, width), code, message)


def test_a_fault_is_shown_with_its_line_and_carets(tmp_path: Path):
    file = tmp_path / "rules" / "20-routing.yaml"
    file.parent.mkdir()
    file.write_text("rules:\n  - if:\n        subjct: {contains: invoice}\n")
    fault = a_fault(file, 3, 9, 6, message='unknown field "subjct" (did you mean "subject"?)')
    assert render_faults([fault], tmp_path).splitlines() == [
        'rules/20-routing.yaml:3:9: E102 unknown field "subjct" (did you mean "subject"?)',
        "    3 |         subjct: {contains: invoice}",
        "                ^^^^^^",
        "1 error",
    ]


def test_a_log_names_the_first_error_and_counts_the_errors(tmp_path: Path):
    warning, error = a_fault(tmp_path / "a.yaml", 1, 1, code="W310"), a_fault(tmp_path / "b.yaml", 7, 3, message="unknown \n key")
    assert describe_first(ConfigurationError("", (warning, error, error)), tmp_path) == (2, "b.yaml:7:3: E102 unknown   key")
    assert describe_first(ConfigurationError("the secret\ncannot be read"), tmp_path) == (1, "the secret cannot be read")


def test_a_fault_in_a_file_that_is_not_there_has_no_source_line(tmp_path: Path):
    shown = render_faults([a_fault(tmp_path / "maild.yaml", 1, 1, code="E100", message="is missing")], tmp_path)
    assert shown == "maild.yaml:1:1: E100 is missing\n1 error"


def test_escape_sequences_never_reach_the_terminal(tmp_path: Path):
    file = tmp_path / "maild.yaml"
    file.write_text("name: \x1b]0;owned\x07\u202e\n")
    shown = render_faults([a_fault(file, 1, 1, message="bad \x1b[31m")], tmp_path)
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown


def test_carets_stay_within_the_line(tmp_path: Path):
    file = tmp_path / "maild.yaml"
    file.write_text("ab\n" + "x" * 500 + "\n")
    assert "    1 | ab\n         ^\n" in render_faults([a_fault(file, 1, 2, 40)], tmp_path)
    assert max(len(line) for line in render_faults([a_fault(file, 2, 400, 40)], tmp_path).splitlines()) < 200


def test_of_a_long_line_the_piece_around_the_place_is_shown(tmp_path: Path):
    file = tmp_path / "maild.yaml"
    file.write_text("x" * 300 + "subjct" + "y" * 300 + "\n" + "x" * 250 + "subjct\n")
    for line, before in ((1, 300), (2, 250)):
        _, shown, carets, _ = render_faults([a_fault(file, line, before + 1, 6)], tmp_path).splitlines()
        assert shown[carets.index("^") : carets.index("^") + carets.count("^")] == "subjct"
        assert shown.startswith(f"    {line} | …x")
        assert shown.endswith("y…" if line == 1 else "subjct")
    assert render_faults([a_fault(file, 1, 3)], tmp_path).splitlines()[1].endswith("x…")


def test_counts_are_sentences():
    error, warning = a_fault(Path("f"), 1, 1), a_fault(Path("f"), 1, 1, code="W300")
    assert describe_counts([error, error, warning]) == "2 errors, 1 warning"
    assert describe_counts([warning, warning]) == "2 warnings"
    assert describe_counts([]) == "no faults"
