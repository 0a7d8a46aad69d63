"""The examples of the documentation, as a reader would try them: files are loaded, console examples are run.

A yaml block is a whole file if it begins as one does, with `desk:` or `version:`. A console block marked `run=NAME` is run in the place of
that name, in order; what it shows must be what is printed, blanks aside, `…` standing for anything.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from maild.canned.load import load_shelf
from maild.config.load import load_settings
from maild.rules.load import load_rules
from maild.store.engine import open_store
from tests.rig.dovecot import PASSWORD, DovecotServer
from tests.rig.mails import an_email
from tests.rig.pages import MANUAL, ROOT, Block, all_blocks, blocks, transcript
from tests.rig.sink import SmtpSink

ETC = ROOT / "etc"
CONFIGURATIONS = [block for block in all_blocks("yaml") if block.text.startswith("desk:")]
RULE_FILES = [block for block in all_blocks("yaml") if block.text.startswith("version:")]
_numbers = count(1)
Change = Callable[[str], str]


def place_of(block: Block) -> str:
    return block.place


def write_secrets(folder: Path, text: str) -> None:
    """Every secret file that a configuration names, private."""
    for name in re.findall(r"\{file: ([^}]+)\}", text):
        file = folder / name
        file.write_text(("k" * 64 if name == "secret.key" else PASSWORD) + "\n", encoding="utf-8")
        file.chmod(0o600)


def unchanged(text: str) -> str:
    return text


def run_all(examples: list[Block], folder: Path, change: Change = unchanged, **environment: str) -> None:
    """Run the commands of console blocks, each in a shell of its own; every one must succeed and print what is shown."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in examples:
        for command, shown in transcript(block):
            run = subprocess.run(
                ["/bin/sh", "-c", change(command)],
                cwd=folder,
                env=os.environ | {"PATH": path} | environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert run.returncode == 0, f"{block.place}: {command}\n{run.stdout}{run.stderr}"
            if shown:
                assert_shown(change("\n".join(shown)), run.stdout, f"{block.place}: {command}")


def assert_shown(shown: str, printed: str, where: str) -> None:
    """`…` stands for any text; runs of blanks are one."""
    pattern = r"\s+".join(".*".join(map(re.escape, word.split("…"))) for word in shown.split())
    assert re.fullmatch(pattern, printed.strip(), re.DOTALL), f"{where}\nshown:\n{shown}\nprinted:\n{printed}"


def marked(page: Path, mark: str) -> list[Block]:
    found = [block for block in blocks(page, "console") if mark in block.marks]
    assert found, f"{page} has no example marked {mark}"
    return found


def a_desk(folder: Path, *rules: str) -> Path:
    """The annotated desk of the distribution, with these rule files instead of its own."""
    text = (ETC / "maild.yaml").read_text(encoding="utf-8")
    (folder / "rules").mkdir(parents=True)
    (folder / "maild.yaml").write_text(text, encoding="utf-8")
    write_secrets(folder, text)
    for number, rule in enumerate(rules, 1):
        (folder / "rules" / f"{number}0-rules.yaml").write_text(rule, encoding="utf-8")
    return folder


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=place_of)
def test_a_configuration_that_is_shown_is_valid(block: Block, tmp_path: Path):
    (tmp_path / "maild.yaml").write_text(block.text, encoding="utf-8")
    write_secrets(tmp_path, block.text)
    loaded = load_settings(tmp_path)
    assert [fault.describe(tmp_path) for fault in loaded.faults if not fault.code.startswith("W303")] == []


@pytest.mark.parametrize("block", RULE_FILES, ids=place_of)
def test_rules_that_are_shown_are_valid_and_pass_their_own_tests(block: Block, tmp_path: Path):
    desk = a_desk(tmp_path / "desk", block.text)
    settings = load_settings(desk).settings
    assert settings is not None
    loaded = load_rules(desk, settings)
    assert loaded.faults == ()
    assert loaded.rules is not None
    assert loaded.rules.cases
    maild = [sys.executable, "-m", "cli.main", "-c", str(desk)]
    subprocess.run([*maild, "rules", "test"], check=True, timeout=60, capture_output=True)


def test_the_examples_of_the_rules_page_run(tmp_path: Path):
    first = next(block.text for block in RULE_FILES if block.page == MANUAL / "rules.md")
    desk = a_desk(tmp_path / "desk", first)
    run_all(marked(MANUAL / "rules.md", "run=rules"), desk, MAILD_CONFIG=str(desk), SUPPORT_PASSWORD="x", MAILD_SMTP_PASSWORD="x")


def test_the_examples_of_the_operations_page_run(tmp_path: Path):
    desk = a_desk(tmp_path / "desk")
    open_store("sqlite:///maild.db", desk, create=True).close()
    run_all(marked(MANUAL / "operations.md", "run=desk"), desk)


def test_the_canned_answers_of_the_configuration_page_are_listed_as_shown(tmp_path: Path):
    page, desk = MANUAL / "configuration.md", a_desk(tmp_path / "desk")
    (desk / "canned").mkdir()
    for block in blocks(page, "markdown"):
        (name,) = block.marks
        (desk / name).write_text(block.text, encoding="utf-8")
    settings = load_settings(desk).settings
    assert settings is not None
    assert load_shelf(settings).faults == ()
    run_all(marked(page, "run=canned"), desk, MAILD_CONFIG=str(desk))


def test_the_first_desk_of_the_readme_works(tmp_path: Path, dovecot: DovecotServer, sink: SmtpSink):
    """Its servers are replaced by the rig's, and its domain by one that no other test uses."""
    domain = f"readme{next(_numbers)}-{os.getpid()}.example"
    imap, smtp = (f"{{host: 127.0.0.1, port: {port}, security: none}}" for port in (dovecot.port, sink.port))
    login = "username: support@acme.example, password: {file: support.pw}"
    replaced = {
        "{host: imap.acme.example, port: 993, security: tls}": imap,
        f"{{host: smtp.acme.example, port: 587, security: starttls, {login}}}": smtp,
        "imap.acme.example": dovecot.host,
        "smtp.acme.example": sink.host,
        "the password": PASSWORD,
        "acme.example": domain,
    }

    def change(text: str) -> str:
        for theirs, rig in replaced.items():
            text = text.replace(theirs, rig)
        return text

    readme = ROOT / "README.md"
    first, second = marked(readme, "run=quickstart")
    run_all([first], tmp_path, change)
    (written,) = (block for block in blocks(readme, "yaml") if "desk/maild.yaml" in block.marks)
    assert all(theirs in written.text for theirs in list(replaced)[:2])
    (tmp_path / "desk" / "maild.yaml").write_text(change(written.text), encoding="utf-8")
    dovecot.append(f"support@{domain}", an_email(to=f"support@{domain}", subject="The printer is on fire"))
    run_all([second], tmp_path, change)
    assert [len(sink.to(address)) for address in ("ann@globex.example", f"anna@{domain}", f"boris@{domain}")] == [1, 1, 1]
