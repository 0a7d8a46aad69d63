"""Rule files as they are written to: whole, and as whoever reads them must find them."""

import os
from pathlib import Path

from maild.rules.rule_files import replace_file

NOBODY = 65534


def test_a_file_that_somebody_edits_stays_whose_it_was(tmp_path: Path):
    """Root edits the daemon's, which could read it no more; everybody else can give his own to nobody."""
    uid, gid = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    file = tmp_path / "10.yaml"
    file.write_text("rules: []")
    os.chown(file, uid, gid)
    file.chmod(0o640)
    replace_file(file, b"version: 1\n")
    assert (file.stat().st_uid, file.stat().st_gid, file.stat().st_mode & 0o777) == (uid, gid, 0o640)
    assert file.read_text() == "version: 1\n"
