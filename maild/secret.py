"""Secret: where a password or a key stands, in a file, the environment or a command's answer; read only where it is used."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from maild.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands. Revealed only where it is used, so that commands that need no password need no environment."""

    origin: Literal["plain", "env", "file", "command", "credential"]
    value: str = field(repr=False)
    directory: Path = Path()

    def reveal(self) -> str:
        """The secret itself, without its final line break.

        Raises:
            ConfigurationError: it cannot be had; the message says where it was looked for.
        """
        try:
            return self._read().removesuffix("\n").removesuffix("\r")
        except (OSError, subprocess.SubprocessError, KeyError, UnicodeError) as error:
            raise ConfigurationError(f"the secret {self.describe()} cannot be read: {_cause(error)}") from error

    def describe(self) -> str:
        """Where it stands, in words fit for a log."""
        return "given in the file" if self.origin == "plain" else f"{{{self.origin}: {self.value}}}"

    def _read(self) -> str:
        match self.origin:
            case "plain":
                return self.value
            case "env":
                return os.environ[self.value]
            case "file":
                return (self.directory / self.value).read_text(encoding="utf-8")
            case "credential":
                return (Path(os.environ["CREDENTIALS_DIRECTORY"]) / self.value).read_text(encoding="utf-8")
            case "command":
                shell = ["/bin/sh", "-c", self.value]
                return subprocess.run(shell, cwd=self.directory, capture_output=True, text=True, timeout=30, check=True).stdout


def _cause(error: Exception) -> str:
    match error:
        case KeyError():
            return f"the environment has no variable {error.args[0]}"
        case OSError():
            return error.strerror or str(error)
        case subprocess.CalledProcessError():
            return f"the command ended with status {error.returncode}"
        case subprocess.TimeoutExpired():
            return f"the command did not end within {error.timeout:.0f} seconds"
    return str(error)
