"""A PostgreSQL of our own, from Debian's package: a fresh cluster in a temporary directory on a free loopback port."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.rig.processes import children_of, wait_until_gone
from tests.rig.servers import ServerMissingError, free_port

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running cluster. PostgreSQL refuses to run as root, so root hands it over to an unprivileged user."""

    directory: Path
    programs: Path
    port: int

    @classmethod
    def start(cls) -> Self:
        server = cls(Path(tempfile.mkdtemp(prefix="maild-postgres-")), _find_programs(), free_port())
        owner = _owner()
        if owner:
            shutil.chown(server.directory, owner)
        server._run("initdb", "-D", str(server.data), "-U", "maild", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions")
        with (server.data / "postgresql.conf").open("a", encoding="utf-8") as config:
            config.writelines(f"{name} = '{value}'\n" for name, value in server._settings().items())
        server._run("pg_ctl", "-D", str(server.data), "-w", "-t", "30", "-l", str(server.directory / "log"), "start")
        return server

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def url(self, database: str = "postgres") -> str:
        """The URL maild is configured with."""
        return f"postgresql+psycopg://maild@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, like: str = "template1") -> str:
        """Make an empty database (an older one of that name goes), or a copy of one that nobody uses, and answer its URL."""
        self._run("dropdb", "--if-exists", "--force", *self._address(), database)
        self._run("createdb", "--template", like, *self._address(), database)
        return self.url(database)

    def kill(self) -> None:
        """As a power cut: no checkpoint, no goodbye."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def crash(self) -> None:
        """SIGKILL for every process of the server."""
        master = int((self.data / "postmaster.pid").read_text(encoding="ascii").split()[0])
        family = [master, *children_of(master)]
        for process in family:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        wait_until_gone(family)

    def restart(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.directory / "log"), "restart")

    def stop(self) -> None:
        """Stop the server and leave nothing behind."""
        if (self.data / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _settings(self) -> dict[str, str]:
        return SETTINGS | {"port": str(self.port), "unix_socket_directories": str(self.directory)}

    def _address(self) -> tuple[str, ...]:
        return ("-h", "127.0.0.1", "-p", str(self.port), "-U", "maild")

    def _run(self, program: str, *arguments: str) -> None:
        owner = _owner()
        prefix = ["setpriv", f"--reuid={owner}", f"--regid={pwd.getpwnam(owner).pw_gid}", "--clear-groups"] if owner else []
        command = [*prefix, str(self.programs / program), *arguments]
        # The server inherits what pg_ctl gets, so a pipe would never see its end: output goes to a file.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", timeout=90)
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"{program} failed: {output.read().decode(errors='replace')}")


def _find_programs() -> Path:
    """The newest installed version's programs; Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise ServerMissingError("PostgreSQL is not installed (Debian: postgresql)")
    return Path(on_path).resolve().parent


def _owner() -> str | None:
    """Who runs the server: we ourselves, or where we are root the package's user, else nobody."""
    if os.geteuid() != 0:
        return None
    return "postgres" if any(user.pw_name == "postgres" for user in pwd.getpwall()) else "nobody"
