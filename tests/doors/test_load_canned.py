"""A desk's folder of canned answers: what is read of it, and every fault with its place (PRODUCT 22)."""

import json
from pathlib import Path

import pytest

from maild.canned.load import load_shelf
from maild.config.load import require_settings
from maild.errors import ConfigurationError
from maild.office import open_office
from tests.rig.commands import run_here
from tests.rig.letters import a_desk
from tests.rig.office import a_desk_without_servers


def write(directory: Path, **files: str | bytes) -> Path:
    """`refund__en__md="…"`"""
    folder = directory / "canned"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def faults(directory: Path) -> list[str]:
    return [fault.describe(directory) for fault in load_shelf(a_desk(directory)).faults]


def check_fault(directory: Path, name: str, content: str | bytes, fault: str) -> None:
    (write(directory) / name).write_bytes(content.encode() if isinstance(content, str) else content)
    assert faults(directory) == [f"canned/{name}:{fault}"]
    (directory / "canned" / name).unlink()


def test_answers_are_read_by_name_and_language(tmp_path: Path):
    assert load_shelf(a_desk(tmp_path)).shelf.names() == ()
    write(tmp_path, refund__en__md="\ufeffHello\r\n\r\n**{{ order }}**\r\n", refund__de__md="Hallo", hours__md="Nine.", late__md__swp="x")
    (tmp_path / "canned" / "refund.pt-BR.md").write_text("Oi", encoding="utf-8")
    (tmp_path / "canned" / "hours.md~").write_text("old", encoding="utf-8")
    (tmp_path / "canned" / ".hours.md.swp").write_text("old", encoding="utf-8")
    (tmp_path / "canned" / "late.md.swp").unlink()
    loaded = load_shelf(a_desk(tmp_path))
    assert loaded.faults == ()
    assert [(answer.name, answer.language) for answer in loaded.shelf.answers()] == [
        ("hours", ""),
        ("refund", "de"),
        ("refund", "en"),
        ("refund", "pt-br"),
    ]
    found = loaded.shelf.find("refund", ("en",))
    assert found is not None
    assert found.fill({"order": "7"}).text == "Hello\n\n**7**"
    assert loaded.shelf.find("refund", ("pt-BR",)) is loaded.shelf.texts["refund", "pt-br"]


def test_what_only_markdown_needs_does_not_stand_in_the_text(tmp_path: Path):
    write(tmp_path, a__md="Acme Ltd\\\n1 Main Street  \nTown 5\\* {{ x }} {{ y }}\n")
    found = load_shelf(a_desk(tmp_path)).shelf.find("a", ())
    assert found is not None
    done = found.fill({"x": "a", "y": "b"})
    assert done.text == "Acme Ltd\n1 Main Street\nTown 5* a b"
    assert done.html == '<p dir="auto">Acme Ltd<br>\n1 Main Street<br>\nTown 5* <bdi>a</bdi> <bdi>b</bdi></p>'


def test_every_fault_is_said_with_its_place(tmp_path: Path):
    check_fault(tmp_path, "a.en.md", " \n\n", "1:1: E401 is empty; an answer has words")
    check_fault(tmp_path, "a.en.md", b"one\ntwo \xff", "2:1: E401 is no UTF-8")
    check_fault(tmp_path, "a.md", "x" * 70_000, "1:1: E401 is larger than 64 KiB")
    check_fault(tmp_path, "Refund.md", "x", '1:1: E401 "Refund" is no name: lower-case letters, digits, "-" and "_"')
    check_fault(tmp_path, "a b.en.md", "x", '1:1: E401 "a b" is no name: lower-case letters, digits, "-" and "_"')
    check_fault(tmp_path, "a.english.md", "x", '1:1: E401 "english" is no language code such as en or pt-BR')
    check_fault(tmp_path, "a.en.de.md", "x", '1:1: E401 "en.de" is no language code such as en or pt-BR')
    check_fault(tmp_path, "notes.txt", "x", "1:1: W307 this file is not read: canned answers are called NAME.LANGUAGE.md")
    check_fault(tmp_path, "a.md", "one\ntwo {{ desk.nam }}", '2:5: E402 unknown name "desk.nam" (did you mean "desk.name"?)')
    check_fault(tmp_path, "a.md", "\n\nx {% if a %}", '3:3: E401 "{%" is no variable; write {{ name }}, or {{ name|default("words") }}')
    check_fault(tmp_path, "a.md", "\n![x](https://x.example/a.png)", "2:1: E401 a picture cannot be sent along; write a link")
    (tmp_path / "canned" / "a.md").mkdir()
    assert faults(tmp_path) == ["canned/a.md:1:1: E401 cannot be read: it is not a file"]


def test_a_folder_that_is_none_is_a_fault(tmp_path: Path):
    (tmp_path / "canned").write_text("x", encoding="utf-8")
    assert faults(tmp_path) == ["canned:1:1: E401 cannot be read: Not a directory"]


def test_several_faults_are_told_at_once_and_the_sound_answers_are_there(tmp_path: Path):
    write(tmp_path, a__md="{{ x", b__md="{{ y.z }}\n{{", c__md="Fine.")
    loaded = load_shelf(a_desk(tmp_path))
    assert [(fault.place.file.name, fault.place.line, fault.code) for fault in loaded.faults] == [
        ("a.md", 1, "E401"),
        ("b.md", 1, "E402"),
        ("b.md", 2, "E401"),
    ]
    assert loaded.shelf.names() == ("c",)


def test_an_office_does_not_open_with_a_broken_answer_and_check_says_why(tmp_path: Path):
    desk = a_desk_without_servers(tmp_path).directory
    write(desk, refund__md="{{ order")
    checked = run_here(desk, "check")
    assert checked.returncode == 2
    assert 'canned/refund.md:1:1: E401 "{{" is no variable' in checked.stderr
    with pytest.raises(ConfigurationError, match=r"canned answers in .* are not valid: 1 error"):
        open_office(require_settings(desk))
    write(desk, refund__md="{{ order }}")
    assert run_here(desk, "check").returncode == 0
    assert open_office(require_settings(desk)).desk.shelf.names() == ("refund",)


def test_the_command_line_lists_the_answers(tmp_path: Path):
    desk = a_desk_without_servers(tmp_path).directory
    assert json.loads(run_here(desk, "template", "canned", "--json").stdout) == []
    write(
        desk, refund__en__md='\nDear {{ requester.name|default("customer") }},\n\n{{ order }}', refund__md="Order {{ order }}.", b__md="{{"
    )
    done = run_here(desk, "template", "canned", "--json")
    assert json.loads(done.stdout) == [
        {"name": "refund", "language": None, "variables": [{"name": "order", "default": None}], "begins": "Order {{ order }}."},
        {
            "name": "refund",
            "language": "en",
            "variables": [{"name": "requester.name", "default": "customer"}, {"name": "order", "default": None}],
            "begins": "Dear {{ requester.name }},",
        },
    ]
    assert "canned/b.md:1:1: E401" in done.stderr
    shown = run_here(desk, "template", "canned").stdout
    assert shown.splitlines()[-1].split()[:5] == ["refund", "en", "[requester.name]", "order", "Dear"]


def test_a_file_that_leads_nowhere_is_a_fault(tmp_path: Path):
    (write(tmp_path) / "a.md").symlink_to("nowhere")
    assert faults(tmp_path) == ["canned/a.md:1:1: E401 cannot be read: No such file or directory"]
