"""The documentation against the code: nothing is missing in it, and nothing is said that is not so."""

import re
import shlex
from configparser import RawConfigParser
from pathlib import Path

import click
import pytest

from cli.main import command as maild
from maild.canned.notation import FIELD, OWN
from maild.config import schema
from maild.config.faults import Faults
from maild.config.nodes import parse_yaml
from maild.config.records import Record
from maild.desk.command_words import words
from maild.desk.control import CONTROLS
from maild.desk.verbs import VERBS
from maild.effects import IncomingState
from maild.ingest.progress import MailboxState
from maild.outbox.delivery import DeliveryState
from maild.rules.fields import FIELDS
from maild.rules.load_actions import ACTIONS
from maild.rules.load_conditions import CHANGES
from maild.rules.load_operators import OPERATORS
from maild.rules.verdict import NAMED_EVENTS
from maild.templates.checking import check_templates
from maild.templates.render import preview
from maild.ticket import Status
from tests.rig import command_page
from tests.rig.letters import a_desk
from tests.rig.pages import MANUAL, PAGES, ROOT, all_blocks, anchors, blocks, code_words, links, prose, rows, sections, transcript

SECTIONS = {
    "desk_files": "Top level",
    "imap": "mailbox",
    "queue": "queues.<name>",
    "agent": "agents.<name>",
    "calendar": "calendars.<name>",
    "brand": "brands.<name>",
    "form": "forms",
    "automatic": "limits.automatic",
    "storm": "limits.storm",
    "spam_score": "spam.scores.<field>",
    "rspamd": "spam.rspamd",
}
RECORDS = {name: value for name, value in vars(schema).items() if isinstance(value, Record)}
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
WITHOUT_EFFECT = ("brand", "http")
"""Tables that are read key by key, though nothing uses them yet."""
COMMAND = re.compile(r"(?:sudo -u \w+ )?maild ((?:-c \S+ )?[a-z]+(?: [a-z]+)?)")


def first_column(page: str, section: str) -> list[str]:
    return [row[0] for row in rows(sections(MANUAL / page)[section])]


@pytest.mark.parametrize("name", RECORDS)
def test_the_reference_has_every_key_of_the_schema_and_no_other(name: str):
    described = {row[0]: row for row in rows(sections(MANUAL / "configuration.md")[SECTIONS.get(name, name)])}
    keys = {key.name: key for key in RECORDS[name].keys}
    assert sorted(described) == sorted(keys)
    marked = {name for name, row in described.items() if row[3].lstrip("*").startswith("not built yet")}
    assert marked == {key.name for key in keys.values() if not key.built or name in WITHOUT_EFFECT or key.name in WITHOUT_EFFECT}


@pytest.mark.parametrize("name", [name for name in RECORDS if name != "imap"])
def test_the_reference_says_which_keys_must_be_there(name: str):
    described = {row[0]: row[2] for row in rows(sections(MANUAL / "configuration.md")[SECTIONS.get(name, name)])}
    assert [key.name for key in RECORDS[name].keys if key.required is not (described[key.name] == "required")] == []


def test_the_rules_page_names_every_word_of_the_language():
    assert first_column("rules.md", "Events") == [event.value for event in NAMED_EVENTS]
    tables = rows(sections(MANUAL / "rules.md")["Conditions"])
    fields = [row[0] for row in tables if len(row) == 3]
    assert sorted(fields) == sorted([*FIELDS, "header.<name>", "field.<name>", "was.<field>", "hours.<calendar>"])
    operators = ", ".join(row[0] for row in tables if len(row) == 2).split(", ")
    assert sorted(operators) == sorted([*OPERATORS, *CHANGES])
    assert sorted(first_column("rules.md", "Actions")) == sorted(ACTIONS)


def test_the_rules_page_tells_kinds_of_fields_as_they_are():
    told = {row[0]: row[1] for row in rows(sections(MANUAL / "rules.md")["Conditions"]) if len(row) == 3}
    assert {name: told[name] for name in FIELDS} == {name: field.kind.value for name, field in FIELDS.items()}


def test_the_agents_page_names_every_command():
    text = sections(MANUAL / "agents.md")["Commands"]
    assert {row[0].split()[0] for row in rows(text)} == {f"#{verb}" for verb in VERBS}
    assert [alias for aliases in words()["en"].values() for alias in aliases if f"`#{alias}`" not in text] == []
    assert [row[0].split()[0] for row in rows(sections(MANUAL / "agents.md")["Asking the desk"])] == list(CONTROLS)


def test_the_agents_page_has_the_words_of_every_language():
    languages = tuple(language for language in words() if language != "en")
    text = sections(MANUAL / "agents.md")["Commands in your language"]
    assert f"| command | {' | '.join(languages)} |" in text
    told = rows(text)
    for column, language in enumerate(languages, 1):
        listed = {row[0].strip("`#"): tuple(word.strip("`#") for word in row[column].split()) for row in told}
        assert listed == words()[language], language


def test_the_configuration_page_names_every_variable_of_canned_answers():
    named = {name for row in rows(sections(MANUAL / "configuration.md")["Canned answers"]) for name in row[0].split(", ")}
    assert named == {*OWN, f"{FIELD}<name>"}


def test_the_operations_page_names_every_state():
    assert first_column("operations.md", "Statuses of tickets") == [status.value for status in Status]
    assert set(first_column("operations.md", "Incoming mail")) == values(IncomingState)
    assert set(first_column("operations.md", "The outbox")) == values(DeliveryState)
    assert set(first_column("operations.md", "Mailboxes")) == values(MailboxState) | {"never read"}


def values(kind: type) -> set[str]:
    return {item.value for item in kind}


def test_the_operations_page_names_every_event_of_the_log_that_is_written():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "maild").rglob("*.py"))
    functions = re.split(r"^def ", (ROOT / "maild" / "maillog.py").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    events = {function.partition("(")[0]: re.findall(r'_event\(\s*"(\w+)"', function) for function in functions}
    written = {event for name, found in events.items() for event in found if re.search(rf"maillog\.{name}\b", code)}
    assert set(first_column("operations.md", "Logs")) == written


def test_every_command_and_option_has_help():
    named = list(command_page.commands())
    assert [name for name, command in named if not command.help] == []
    assert [(name, option.opts) for name, command in named for option in command_page.options(command) if not option.help] == []


def test_the_page_of_commands_is_made_of_the_commands():
    remedy = "`python -m tests.rig.command_page` writes it anew"
    assert command_page.PAGE.read_text(encoding="utf-8") == command_page.page(), remedy


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_is_named_exists(name: str):
    page = ROOT / name
    consoles = [command for block in blocks(page, "console") for command, _ in transcript(block)]
    named = [match[1] for line in (*consoles, *code_words(page)) if (match := COMMAND.match(line))]
    assert [words for words in named if not _exists(words.split())] == []


def _exists(words: list[str]) -> bool:
    """Whether these are the first words of a command: a noun, and its verb where it has verbs. `-c DIR` may stand before."""
    words = words[2:] if words[:1] == ["-c"] else words
    command = maild.get_command(click.Context(maild), words[0]) if words else None
    if isinstance(command, click.Group) and len(words) > 1:
        return command.get_command(click.Context(command), words[1]) is not None
    return command is not None


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str):
    page = ROOT / name
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("name", NAMES)
def test_every_test_that_is_named_exists(name: str):
    for file, function in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", prose(ROOT / name)):
        assert (ROOT / file).is_file(), file
        assert not function or f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{function}"


@pytest.mark.parametrize("name", [name for name in NAMES if "hacking" in name or "flow" in name or "decisions" in name])
def test_every_module_that_is_named_exists(name: str):
    paths = [word for word in code_words(ROOT / name) if re.fullmatch(r"[\w/]+/[\w/]*\w+\.(?:py|toml|yaml)", word)]
    assert [path for path in paths if not any((ROOT / top / path).exists() for top in ("", "maild", "maild/ingest"))] == []


def test_every_yaml_block_is_read():
    for block in all_blocks("yaml"):
        faults = Faults()
        parse_yaml(block.text.encode(), block.page, faults)
        assert not faults.errors, block.place


def test_the_templates_of_the_manual_are_sound_and_change_what_they_say(tmp_path: Path):
    page = MANUAL / "configuration.md"
    for block in (*blocks(page, "yaml"), *blocks(page, "jinja")):
        for name in (mark for mark in block.marks if mark.startswith("templates/")):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(block.text, encoding="utf-8")
    desk = a_desk(tmp_path)
    assert check_templates(desk) == ()
    letter = preview(desk, "notification", "de")
    assert "Betreut von: Anna Ivanova" in letter.text
    assert "https://crm.acme.example/find?mail=ann%40globex.example" in (letter.html or "")


def test_decisions_are_listed_and_short():
    folder = ROOT / "docs" / "decisions"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [path for path, _ in links(folder / "README.md")] == records
    assert [name for name in records if len((folder / name).read_text(encoding="utf-8").splitlines()) > 60] == []


def test_the_pages_neither_shout_nor_ramble():
    assert [page.name for page in PAGES if re.search(r"\w!(?:\s|$)", prose(page))] == []
    assert [page.name for page in PAGES if re.search(r"\b(?:TODO|FIXME|TBD)\b", page.read_text(encoding="utf-8"))] == []


class Unit(RawConfigParser):
    """systemd.syntax(7), near enough: keys keep their case; of a key given twice the last value stays."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def unit() -> Unit:
    found = Unit(strict=False, delimiters=("=",), comment_prefixes=("#",))
    found.read(ROOT / "etc" / "maild.service", encoding="utf-8")
    return found


def test_the_systemd_unit_runs_a_command_that_exists():
    service = unit()["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert Path(program).name == "maild"
    assert Path(program).is_absolute()
    assert words == ["-c", "/etc/maild", "run"]
    assert _exists(words)
    assert unit().sections() == ["Unit", "Service", "Install"]


def test_the_systemd_unit_promises_nothing_the_daemon_does_not_do():
    service = unit()["Service"]
    notifies = any("NOTIFY_SOCKET" in path.read_text(encoding="utf-8") for path in (ROOT / "maild").rglob("*.py"))
    assert service["Type"] == ("notify" if notifies else "exec")
    assert ("WatchdogSec" in service) is notifies
    assert service["RestartPreventExitStatus"] == "2"
    assert service["ExecReload"].endswith("-HUP $MAINPID")
