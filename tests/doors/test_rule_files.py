"""Rule files as they are written to: whole, and as whoever reads them must find them."""

import os
from pathlib import Path

import pytest

from maild.rules.rule_files import replace_file


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for others")
def test_a_file_that_root_edits_stays_the_daemons(tmp_path: Path):
    file = tmp_path / "10.yaml"
    file.write_text("rules: []")
    os.chown(file, 65534, 65534)
    file.chmod(0o640)
    replace_file(file, b"version: 1\n")
    assert (file.stat().st_uid, file.stat().st_gid, file.stat().st_mode & 0o777) == (65534, 65534, 0o640)
    assert file.read_text() == "version: 1\n"
