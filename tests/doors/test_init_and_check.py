"""`maild init` and `maild check`, as people call them."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from cli.check import command as check
from cli.context import Context
from cli.init import command as init
from maild.config.faults import Faults
from maild.config.initial import Answers, FirstAgent, Server, quoted, write_initial
from maild.config.load import load_keys, load_settings
from maild.config.nodes import Scalar, Table, parse_yaml
from maild.config.settings import Mode, Secret
from maild.errors import ConfigurationError, UsageError

FLAGS = ["--non-interactive", "--address", "support@acme.example", "--name", "Acme Support", "--agent", "Anna Ivanova=anna@acme.example"]


SOME_ANSWERS = Answers(
    name="Acme Support",
    domain="acme.example",
    address="support@acme.example",
    imap=Server("imap.acme.example", 993, "tls"),
    smtp=Server("smtp.acme.example", 587, "starttls"),
    username="support@acme.example",
    agents=(FirstAgent("anna", "Anna Ivanova", "anna@acme.example"),),
    password="geheim # und: mehr",
)


def run_init(directory: Path, *flags: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(init, [str(directory), *flags], input=typed)


def run_check(directory: Path, *flags: str) -> Result:
    return CliRunner().invoke(check, list(flags), obj=Context(directory))


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_the_first_files_make_a_desk_that_only_observes(tmp_path: Path):
    desk = tmp_path / "etc" / "maild"
    written = write_initial(desk, SOME_ANSWERS)
    loaded = load_settings(desk)
    assert [fault.code for fault in loaded.faults] == ["W303"]
    assert loaded.settings is not None
    assert loaded.settings.queues["support"].mode is Mode.OBSERVE
    assert loaded.settings.queues["support"].agents == ("anna",)
    assert loaded.settings.mailboxes["support"].password.reveal() == "geheim # und: mehr"
    assert len(load_keys(loaded.settings)[0]) == 64
    assert {file.name: mode_of(file) for file in written} == {
        "maild.yaml": 0o640,
        "secret.key": 0o600,
        "10-example.yaml": 0o640,
        "support.pw": 0o600,
    }
    assert mode_of(desk) == 0o750


def test_the_first_configuration_is_small(tmp_path: Path):
    write_initial(tmp_path / "desk", SOME_ANSWERS)
    lines = (tmp_path / "desk" / "maild.yaml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip() and not line.strip().startswith("#")]) <= 20


def test_nothing_that_is_there_is_overwritten(tmp_path: Path):
    (tmp_path / "secret.key").write_text("precious")
    with pytest.raises(UsageError, match=r"secret\.key"):
        write_initial(tmp_path, SOME_ANSWERS)
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]
    assert (tmp_path / "secret.key").read_text() == "precious"


def test_answers_that_make_no_desk_write_nothing(tmp_path: Path):
    with pytest.raises(ConfigurationError) as caught:
        write_initial(tmp_path / "desk", replace(SOME_ANSWERS, domain="not a domain", timezone="Mars/Olympus"))
    assert [fault.code for fault in caught.value.faults if fault.code.startswith("E")] == ["E310", "E313"]
    assert not (tmp_path / "desk").exists()


@given(name=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40))
def test_any_printable_name_survives_being_written(name: str):
    root = parse_yaml(f"key: {quoted(name)}\n".encode(), Path("maild.yaml"), Faults())
    assert isinstance(root, Table)
    assert isinstance(value := root.entries[0].value, Scalar)
    assert value.text == name


def test_init_without_questions_takes_flags_and_defaults(tmp_path: Path):
    result = run_init(tmp_path / "desk", *FLAGS, "--imap-host", "127.0.0.1", "--imap-security", "none", "--password-env", "PASSWORD")
    assert result.exit_code == 0, result.output
    loaded = load_settings(tmp_path / "desk").settings
    assert loaded is not None
    mailbox = loaded.mailboxes["support"]
    assert (mailbox.host, mailbox.port, mailbox.security) == ("127.0.0.1", 143, "none")
    assert mailbox.password == Secret("env", "PASSWORD", tmp_path / "desk")
    assert loaded.desk.domain == "acme.example"
    assert loaded.agents["anna"].name == "Anna Ivanova"


def test_init_asks_for_what_it_is_not_told(tmp_path: Path):
    typed = "\n".join(
        ["help@acme.example", "", "", "mail.acme.example", "", "", "", "", "", "", "geheim", "anna=anna@acme.example", "", "n", ""]
    )
    result = run_init(tmp_path / "desk", typed=typed)
    assert result.exit_code == 0, result.output
    loaded = load_settings(tmp_path / "desk").settings
    assert loaded is not None
    assert loaded.mailboxes["help"].host == "mail.acme.example"
    assert loaded.mailboxes["help"].password.reveal() == "geheim"
    assert "geheim" not in (tmp_path / "desk" / "maild.yaml").read_text(encoding="utf-8")
    assert "geheim" not in result.output


def test_init_says_which_answer_it_lacks(tmp_path: Path):
    result = run_init(tmp_path / "desk", "--non-interactive")
    assert isinstance(result.exception, UsageError)
    assert "--address" in str(result.exception)


def test_init_tells_of_a_login_that_does_not_work(tmp_path: Path):
    port = ["--imap-port", "1"]  # nobody listens there
    flags = [*FLAGS, "--imap-host", "127.0.0.1", "--imap-security", "none", *port, "--password-env", "PATH", "--test-login"]
    result = run_init(tmp_path / "desk", *flags)
    assert result.exit_code == 1
    assert (tmp_path / "desk" / "maild.yaml").exists()
    assert "login does not work yet" in result.stderr


def test_check_accepts_what_init_writes(tmp_path: Path):
    write_initial(tmp_path / "desk", SOME_ANSWERS)
    result = run_check(tmp_path / "desk")
    assert result.exit_code == 0, result.output
    assert "valid (1 warning)" in result.stdout
    assert "W303" in result.stderr
    assert run_check(tmp_path / "desk", "--strict").exit_code == 1


def test_check_refuses_a_broken_desk_with_every_fault(tmp_path: Path):
    (tmp_path / "maild.yaml").write_text("desk: {name: Acme}\nqueue: {}\n")
    result = run_check(tmp_path)
    assert result.exit_code == 2
    assert result.stderr.count(" E108 ") == 3
    assert 'unknown key "queue" in maild.yaml (did you mean "queues"?)' in result.stderr
    assert "not valid" in result.stdout


def test_check_looks_into_rules_and_secrets_too(tmp_path: Path):
    desk = tmp_path / "desk"
    write_initial(desk, replace(SOME_ANSWERS, password="", password_file="elsewhere.pw"))
    (desk / "rules" / "20-broken.yaml").write_text("version: 1\nrules: [{id: x, whne: ticket.created, do: []}]\n")
    result = run_check(desk)
    assert result.exit_code == 2
    assert "maild.yaml:10:" in result.stderr
    assert "E323" in result.stderr
    assert "rules/20-broken.yaml:2:" in result.stderr


def test_check_prints_one_json_document(tmp_path: Path):
    (tmp_path / "maild.yaml").write_text("desk: {name: Acme}\n")
    result = run_check(tmp_path, "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 2
    assert document["valid"] is False
    assert document["errors"] == len([fault for fault in document["faults"] if fault["severity"] == "error"])
    assert document["faults"][0].keys() == {"file", "line", "column", "code", "severity", "message"}
