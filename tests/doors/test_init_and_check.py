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
from maild.canned.load import load_shelf
from maild.config.faults import Faults
from maild.config.initial import Answers, FirstAgent, Server, quoted, write_initial
from maild.config.load import load_keys, load_settings, require_settings
from maild.config.nodes import Scalar, Table, parse_yaml
from maild.config.settings import Mode
from maild.errors import ConfigurationError, UsageError
from maild.secret import Secret
from tests.rig.dovecot import DovecotServer

EXAMPLE_DESK = Path(__file__).parents[2] / "etc"
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
        "refund.en.md": 0o640,
        "refund.bg.md": 0o640,
        "support.pw": 0o600,
    }
    assert mode_of(desk) == 0o750


def test_a_new_desk_has_a_canned_answer_in_two_languages(tmp_path: Path):
    """PRODUCT 22."""
    write_initial(tmp_path / "desk", SOME_ANSWERS)
    loaded = load_shelf(require_settings(tmp_path / "desk"))
    answers = {answer.language: answer.fill({"order": "1234", "requester.first_name": "Ann"}).text for answer in loaded.shelf.answers()}
    assert (loaded.faults, loaded.shelf.names(), sorted(answers)) == ((), ("refund",), ["bg", "en"])
    assert answers["en"].startswith("Dear Ann,\n\nwe have paid order **1234** back")
    assert "по поръчка **1234**" in answers["bg"]
    for file in (tmp_path / "desk" / "canned").iterdir():
        assert (EXAMPLE_DESK / "canned" / file.name).read_text(encoding="utf-8") == file.read_text(encoding="utf-8")


def test_the_first_rules_say_how_an_editor_completes_them(tmp_path: Path):
    write_initial(tmp_path / "desk", SOME_ANSWERS)
    assert "# yaml-language-server: $schema=schema.json\n" in (tmp_path / "desk" / "rules" / "10-example.yaml").read_text(encoding="utf-8")


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


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--address", "Acme"], 'must be an address such as support@acme.example, not "Acme"'),
        (["--address", "Support <support@acme.example>"], "must be an address"),
        (["--domain", "foo bar"], 'must be a domain such as acme.example, not "foo bar"'),
        (["--imap-host", "mail server"], "must be a host name"),
        (["--agent", "anna=anna@"], 'must be an address such as support@acme.example, not "anna@"'),
        (["--agent", "Boris=Anna@acme.example"], "Anna@acme.example is the address of Anna Ivanova already"),
        (["--timezone", "Sofia"], 'must be a time zone such as Europe/Sofia, not "Sofia"'),
        (["--password-env", "A", "--password-file", "b"], "give --password-env or --password-file"),
    ],
)
def test_an_answer_that_can_be_none_is_refused_in_a_sentence(tmp_path: Path, flags: list[str], problem: str):
    result = run_init(tmp_path / "desk", *FLAGS, *flags)
    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)
    assert not (tmp_path / "desk").exists()


def test_agents_of_one_first_name_are_told_apart(tmp_path: Path):
    namesakes = ("Anna Boneva=ab@acme.example", "Anna Berova=berova@acme.example", "anna=a.n@acme.example", "Anna B=me@acme.example")
    others = ("Lead=lead@acme.example", "Анна Иванова=ivanova@acme.example")
    result = run_init(tmp_path / "desk", *FLAGS, *(word for agent in (*namesakes, *others) for word in ("--agent", agent)))
    assert result.exit_code == 0, result.output
    settings = load_settings(tmp_path / "desk").settings
    assert settings is not None
    assert {agent.key: agent.email.partition("@")[0] for agent in settings.agents.values()} == {
        "anna": "anna",
        "anna-b": "ab",
        "berova": "berova",
        "a.n": "a.n",
        "anna-2": "me",
        "lead-2": "lead",
        "анна": "ivanova",
    }
    assert settings.queues["support"].agents == tuple(settings.agents)


def test_a_person_is_asked_again_until_the_answer_can_be_one(tmp_path: Path):
    typed = "\n".join(
        [
            "Acme",
            "",
            "help@acme.example",
            "a domain",
            "127.0.0.1",
            "",
            "",
            "",
            "ssl",
            "",
            "0",
            "",
            "",
            "",
            "",
            "",
            "pw",
            "anna",
            "anna=anna@acme.example",
            "x",
            "",
            "n",
        ]
    )
    result = run_init(tmp_path / "desk", typed=typed)
    assert result.exit_code == 0, result.output
    for word in (
        'not "Acme"',
        "Address cannot be empty",
        "not the number of a host",
        'not "a domain"',
        '"ssl" is no way',
        '"0" is no port',
        '"anna" is no agent',
        'not "x"',
    ):
        assert word in result.stderr
    assert load_settings(tmp_path / "desk").settings is not None


def test_nobody_is_asked_in_a_folder_that_holds_a_desk(tmp_path: Path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/10-example.yaml").touch()
    result = run_init(tmp_path, typed="")
    assert isinstance(result.exception, UsageError)
    assert "holds rules/10-example.yaml already" in str(result.exception)
    assert result.stderr == ""


def test_a_passwords_file_is_named_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for number, (named, written) in enumerate(
        [
            ("desk0/a.pw", "a.pw"),
            ("a.pw", str(tmp_path / "a.pw")),
            (str(tmp_path / "desk2" / "a.pw"), "a.pw"),
            ("~/a.pw", str(tmp_path / "home/a.pw")),
        ]
    ):
        desk = Path(f"desk{number}")
        assert run_init(desk, *FLAGS, "--password-file", named).exit_code == 0
        loaded = load_settings(desk).settings
        assert loaded is not None
        assert loaded.mailboxes["support"].password == Secret("file", written, desk)
        where = Path(named).expanduser()
        where.parent.mkdir(exist_ok=True)
        where.write_text("geheim")
        assert loaded.mailboxes["support"].password.reveal() == "geheim"


def test_init_tells_of_a_login_that_does_not_work(tmp_path: Path):
    port = ["--imap-port", "1"]  # nobody listens there
    flags = [*FLAGS, "--imap-host", "127.0.0.1", "--imap-security", "none", *port, "--password-env", "PATH", "--test-login"]
    result = run_init(tmp_path / "desk", *flags)
    assert result.exit_code == 1
    assert (tmp_path / "desk" / "maild.yaml").exists()
    assert "login does not work yet" in result.stderr


def test_init_tells_of_a_login_that_works(tmp_path: Path, dovecot_server: DovecotServer):
    (tmp_path / "pw").write_text(dovecot_server.password)
    server = ["--imap-host", dovecot_server.host, "--imap-port", str(dovecot_server.port), "--imap-security", "none"]
    result = run_init(tmp_path / "desk", *FLAGS, *server, "--password-file", str(tmp_path / "pw"), "--test-login")
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("The login works.\nNext: ")


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
