"""Arrows point down only (HOUSE.md, section 2), and each outside library has one door."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = {
    "imapclient": ("maild.ingest.imap", "maild.ingest.imap_wire"),
    "mailparser": ("maild.ingest.parse",),
    "aiosmtpd": ("maild.ingest.lmtp", "maild.demo"),
    "pymap": ("maild.demo",),
    "sqlalchemy": ("maild.store",),
    "alembic": ("maild.store",),
    "psycopg": ("maild.store",),
    "jinja2": ("maild.templates",),
    "yaml": ("maild.config.nodes",),
    "re2": ("maild.rules.patterns",),
    "nh3": ("maild.ingest.clean_html",),
    "markdown_it": ("maild.canned.markdown",),
    "cronsim": ("maild.rules.schedules",),
    "apscheduler": ("maild.timetable",),
    "smtplib": ("maild.outbox.smtp", "maild.outbox.wire", "maild.outbox.account_checkup", "maild.demo"),
    "http": ("maild.ingest.rspamd",),
    "imaplib": (),
    "click": ("cli",),
}
IMPURE = ("maild.store", "maild.templates", "maild.daemon", "maild.pipeline", "maild.demo", "cli")
PURE = (
    *(
        "maild.message",
        "maild.ticket",
        "maild.waits",
        "maild.tokens",
        "maild.effects",
        "maild.decide",
        "maild.desk",
        "maild.reason",
        "maild.known",
        "maild.known_letter",
        "maild.question",
        "maild.background",
    ),
    *("maild.rules.engine", "maild.rules.conditions", "maild.rules.actions", "maild.rules.verdict", "maild.ingest.thread"),
    *(
        "maild.ingest.automated",
        "maild.ingest.signs",
        "maild.ingest.weak_signs",
        "maild.ingest.silence",
        "maild.ingest.sender",
        "maild.ingest.new_text",
        "maild.ingest.oversize",
        "maild.ingest.apology",
        "maild.ingest.backoff",
    ),
    *("maild.canned.shelf", "maild.canned.notation", "maild.canned.argument", "maild.paragraphs"),
)
BELOW_THE_WALK = (
    "maild.ingest",
    "maild.rules",
    "maild.desk",
    "maild.outbox",
    "maild.templates",
    "maild.config",
    "maild.store",
    "maild.canned",
)
LAZY = (
    "sqlalchemy",
    "alembic",
    "psycopg",
    "jinja2",
    "imapclient",
    "imaplib",
    "apscheduler",
    "aiosmtpd",
    "pymap",
    "yaml",
    "nh3",
    "re2",
    "markdown_it",
)


@cache
def modules() -> dict[str, set[str]]:
    """What each of our modules imports."""
    paths = sorted(path for top in ("maild", "cli") for path in (ROOT / top).rglob("*.py"))
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): imports(path.read_text(encoding="utf-8"))
        for path in paths
    }


def imports(source: str) -> set[str]:
    """Everything a module imports, also inside functions."""
    tree = ast.parse(source)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module} | {f"{node.module}.{alias.name}" for alias in node.names})
    return found


def is_in(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def violations(inside: tuple[str, ...], forbidden: tuple[str, ...], outside: tuple[str, ...] = ()) -> list[str]:
    """Imports of `forbidden` by modules that are `inside` and not `outside`."""
    return [
        f"{name} imports {imported}"
        for name, imported_by_it in modules().items()
        if is_in(name, inside) and not is_in(name, outside)
        for imported in sorted(imported_by_it)
        if is_in(imported, forbidden)
    ]


@pytest.mark.parametrize("library", DOORS)
def test_an_outside_library_is_imported_by_its_door_only(library):
    assert violations(("maild", "cli"), (library,), DOORS[library]) == []


def test_pure_rooms_import_no_door():
    assert violations(PURE, (*IMPURE, "maild.ingest.imap", "maild.outbox.smtp", "maild.outbox.queue", *DOORS)) == []


def test_rooms_do_not_know_the_walk_that_calls_them():
    assert violations(BELOW_THE_WALK, ("maild.pipeline", "maild.daemon", "maild.demo", "cli")) == []


def test_mail_in_and_mail_out_meet_only_in_the_store_and_the_walk():
    assert violations(("maild.ingest",), ("maild.outbox", "maild.store")) == []
    assert violations(("maild.outbox",), ("maild.store", "maild.ingest.imap", "maild.ingest.watcher")) == []


def test_the_command_line_never_touches_tables():
    assert violations(("cli",), ("maild.store.tables", "sqlalchemy", "alembic")) == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["ticket", "--help"]])
def test_asking_for_help_loads_nothing_heavy(arguments):
    script = (
        f"import sys; sys.argv = ['maild', *{arguments!r}]\nfrom cli.main import main\ntry:\n    main()\nfinally:\n    print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert loaded & set(LAZY) == set()
