"""What a command loads, as `-X importtime` tells it: a person who asks for help waits for nothing he does not need (OPERATIONS 2.2)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maild.store.engine import open_store
from tests.rig.office import a_desk_without_servers

FOR_HELP = {
    "sqlalchemy",
    "pydantic",
    "jinja2",
    "imapclient",
    "rich",
    "prometheus_client",
    "alembic",
    "psycopg",
    "yaml",
    "apscheduler",
    "nh3",
    "markdown_it",
}
FOR_LISTS = {"imapclient", "jinja2", "nh3", "mailparser", "markdown_it", "apscheduler", "re2", "alembic"}
FOR_TABLES = {
    "cli.documents",
    "maild.effects",
    "maild.known",
    "maild.outbox",
    "maild.store.deliveries",
    "maild.store.letters",
    "maild.store.outbox",
    "maild.store.tables.mail_in",
    "maild.store.tables.mail_out",
    "maild.tokens",
}
"""What only documents and mail need, a seventh of what a list would take with it."""


def packages(*arguments: str, **environment: str) -> set[str]:
    """The top-level packages a command imports."""
    return {module.partition(".")[0] for module in modules(*arguments, **environment)}


def modules(*arguments: str, **environment: str) -> set[str]:
    """All modules a command imports."""
    command = [sys.executable, "-X", "importtime", "-m", "cli.main", *arguments]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env=os.environ | environment, capture_output=True, text=True, check=True, timeout=60)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_load_no_library_of_the_daemon(arguments: list[str]):
    loaded = packages(*arguments)
    assert "click" in loaded
    assert loaded & FOR_HELP == set()


@pytest.mark.parametrize("typed", ["maild t", "maild ticket a", "maild outbox list --state s"])
def test_completing_commands_loads_no_library_of_the_daemon(typed: str):
    position = str(typed.count(" "))
    loaded = packages(COMP_WORDS=typed, COMP_CWORD=position, _MAILD_COMPLETE="bash_complete")
    assert "click" in loaded
    assert loaded & FOR_HELP == set()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    a_desk_without_servers(tmp_path)
    open_store("sqlite:///maild.db", tmp_path, create=True).close()
    return tmp_path


@pytest.mark.parametrize("arguments", [["ticket", "list"], ["ticket", "list", "--json"]])
def test_listing_tickets_loads_no_library_of_mail_in_and_mail_out(desk: Path, arguments: list[str]):
    loaded = modules("-c", str(desk), *arguments)
    assert "sqlalchemy" in loaded
    assert {module.partition(".")[0] for module in loaded} & FOR_LISTS == set()
    assert not [module for module in loaded if module.startswith("sqlalchemy.dialects.postgresql")]


def test_a_table_of_tickets_loads_nothing_of_documents_and_mail(desk: Path):
    assert modules("-c", str(desk), "ticket", "list") & FOR_TABLES == set()
