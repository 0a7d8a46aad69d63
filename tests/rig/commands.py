"""The command line in the tests' own process: the same `main`, at a tenth of what a process of its own costs."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main


def run_here(directory: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command for a desk: its exit status and what it prints. `text`: its standard input. Not `run`, which takes over logging."""
    with CliRunner().isolation(text) as (stdout, stderr, _):
        with pytest.raises(SystemExit) as end:
            main(["-c", str(directory), *arguments])
        printed, complaint = (stream.getvalue().decode("utf-8", "replace") for stream in (stdout, stderr))
    return subprocess.CompletedProcess(arguments, int(end.value.code or 0), printed, complaint)
