"""The database's checkup (OPERATIONS C12)."""

from pathlib import Path

import pytest

from maild.finding import Finding
from maild.store import migrate
from maild.store.checkup import check_database, find_directory
from maild.store.engine import connect_store, open_store
from tests.rig.postgres import PostgresServer

SQLITE = "sqlite:///maild.db"


def check(url: str, folder: Path, *expected: tuple[str, str]) -> tuple[Finding, ...]:
    found = check_database(url, folder)
    assert [finding.level for finding in found] == [level for level, _ in expected], found
    for finding, (_, words) in zip(found, expected, strict=True):
        assert words in finding.text
    return tuple(found)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    open_store(SQLITE, tmp_path, create=True).close()
    return tmp_path


def test_a_good_database_is_current_and_whole(desk: Path):
    check(SQLITE, desk, ("ok", "has schema"), ("ok", "it is whole"))
    assert find_directory(SQLITE, desk) == desk


def test_a_database_on_a_server_is_asked_for_its_clock(postgres: PostgresServer, tmp_path: Path):
    url = postgres.create("checkup")
    check(url, tmp_path, ("ok", "is empty"))
    open_store(url, tmp_path, create=True).close()
    check(url, tmp_path, ("ok", "has schema"), ("ok", "the clock agrees with the database's"))
    assert find_directory(url, tmp_path) == tmp_path


def test_a_missing_database_is_no_fault_and_stays_missing(tmp_path: Path):
    check(SQLITE, tmp_path, ("ok", "does not exist yet"))
    assert list(tmp_path.iterdir()) == []


def test_an_older_schema_names_the_command_that_helps(tmp_path: Path):
    (tmp_path / "maild.db").touch(mode=0o600)
    store = connect_store(SQLITE, tmp_path, create=False)
    with store.writing() as tx:
        migrate.run_migrations(tx, "0002")
    store.close()
    (finding,) = check(SQLITE, tmp_path, ("fail", "has schema 0002"))
    assert finding.remedy == "maild db upgrade"


def test_a_damaged_file_is_a_fault(desk: Path):
    file = desk / "maild.db"
    content = bytearray(file.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    file.write_bytes(bytes(content))
    assert "fail" in {finding.level for finding in check_database(SQLITE, desk)}
    file.write_bytes(b"no database at all, whatever its name says" * 100)
    check(SQLITE, desk, ("fail", "not a database"))


def test_a_file_that_others_may_read_is_told(desk: Path):
    (desk / "maild.db").chmod(0o644)
    (_, _, finding) = check(SQLITE, desk, ("ok", ""), ("ok", ""), ("warn", "others may read"))
    assert finding.remedy == f"chmod 600 {desk}/maild.db"
