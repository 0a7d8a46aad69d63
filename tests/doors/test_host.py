"""What a desk rests on beside its servers: keys, disk, Python (OPERATIONS C12)."""

from dataclasses import replace
from pathlib import Path

from maild.config.settings import Settings
from maild.finding import MEBIBYTE, Finding
from maild.ingest.imap_wire import GIANT, SilentConnection, reads_literals_in_pieces
from maild.reports.host import check_disk, check_keys, check_python, judge_space
from maild.secret import Secret
from tests.builders import some_settings


def with_ring(folder: Path, content: str, mode: int = 0o600) -> Settings:
    (folder / "secret.key").write_text(content, encoding="ascii")
    (folder / "secret.key").chmod(mode)
    settings = some_settings()
    return replace(settings, desk=replace(settings.desk, secret=Secret("file", "secret.key", folder)))


def levels(findings: list[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def test_a_key_ring_is_counted_and_others_may_not_read_it(tmp_path: Path):
    (good,) = check_keys(with_ring(tmp_path, f"{'a' * 64}\n{'b' * 64}\n"))
    assert (good.level, "holds 2 keys" in good.text) == ("ok", True)
    _, warning = check_keys(with_ring(tmp_path, "a" * 64, 0o640))
    assert (warning.level, warning.remedy) == ("warn", f"chmod 600 {tmp_path}/secret.key")
    assert levels(list(check_keys(with_ring(tmp_path, "short\n")))) == ["fail"]


def test_a_disk_that_fills_is_told_before_mail_is_refused(tmp_path: Path):
    assert judge_space(tmp_path, 5000 * MEBIBYTE).level == "ok"
    assert judge_space(tmp_path, 500 * MEBIBYTE).level == "warn"
    assert judge_space(tmp_path, 50 * MEBIBYTE).level == "fail"
    read_only = judge_space(tmp_path, 5000 * MEBIBYTE, read_only=True)
    assert (read_only.level, "is read-only" in read_only.text) == ("fail", True)
    assert 1 <= len(list(check_disk(tmp_path / "not" / "there" / "yet"))) <= 2


def test_python_is_judged_by_what_it_does():
    assert check_python().level == ("ok" if reads_literals_in_pieces() else "warn")
    connection = SilentConnection()
    connection.read(7)
    connection.recv(GIANT)
    connection.read(8)
    assert connection.largest == GIANT
