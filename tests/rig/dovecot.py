"""A Dovecot of our own (Debian's dovecot-imapd 2.3): unprivileged, on loopback, Maildir in a temporary directory, one password for all.

Where root starts it, it runs as `nobody`: Dovecot refuses to serve mail as root. Users exist as soon as somebody logs in with their name.
"""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from imapclient import IMAPClient

from tests.rig.servers import ServerMissingError, free_port, wait_for_file, wait_for_port

PASSWORD = "secret"
CONFIGURATION = """\
protocols = imap
listen = 127.0.0.1
base_dir = {base}/run
state_dir = {base}/run
log_path = {base}/log
instance_name = {base}
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
mail_home = {base}/mail/%u
mail_location = maildir:~/Maildir
mail_max_userip_connections = {connections}
disable_plaintext_auth = no
auth_failure_delay = 0 secs
auth_username_chars =
auth_username_format = %Lu
ssl = {ssl}
namespace inbox {{
  inbox = yes
  separator = {separator}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Junk {{
    special_use = \\Junk
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u allow_all_users=yes
}}
service anvil {{
  chroot =
  # No waiting after failed logins: everybody here comes from the same address.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = {ssl}
  }}
}}
service imap {{
  process_limit = 100
}}
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as it stands on the server."""

    uid: int
    raw: bytes
    flags: tuple[str, ...]
    date: datetime


@dataclass(slots=True)
class DovecotServer:
    """`capabilities` replaces what the server offers after login; `separator` is the folders' delimiter; `tls` adds a second listener."""

    tls: bool = False
    separator: str = "."
    capabilities: str = ""
    connections: int = 50
    host: str = "127.0.0.1"
    password: str = PASSWORD
    port: int = field(default_factory=free_port)
    tls_port: int = 0
    base: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="maild-dovecot-")))

    def start(self) -> Self:
        if shutil.which("dovecot", path=_path()) is None:
            raise ServerMissingError("Dovecot is not installed (Debian: dovecot-imapd)")
        (self.base / "mail").mkdir(exist_ok=True)
        if self.tls:
            self.tls_port = free_port()
            make_certificates(self.base)
        (self.base / "dovecot.conf").write_text(self._configuration(), encoding="utf-8")
        if _is_root():
            subprocess.run(["chown", "-R", _user(), str(self.base)], check=True)
        self._launch()
        return self

    @property
    def ca_file(self) -> Path:
        """The authority that signed the TLS listener's certificate."""
        return self.base / "ca.pem"

    def append(
        self,
        user: str,
        raw: bytes,
        folder: str = "INBOX",
        flags: Sequence[str] = (),
        date: datetime | None = None,
    ) -> None:
        """Deliver one message."""
        with self.connect(user) as client:
            client.append(folder, raw, flags, date)

    def append_all(self, user: str, mails: Iterable[bytes], folder: str = "INBOX", date: datetime | None = None) -> None:
        """Deliver many messages over one connection."""
        with self.connect(user) as client:
            for raw in mails:
                client.append(folder, raw, (), date)

    def create(self, user: str, folder: str) -> None:
        with self.connect(user) as client:
            client.create_folder(folder)

    def folders(self, user: str) -> list[str]:
        with self.connect(user) as client:
            return sorted(name for _, _, name in client.list_folders())

    def messages(self, user: str, folder: str = "INBOX") -> list[Stored]:
        """Everything in the folder, in order of UID; looking changes nothing."""
        with self.connect(user) as client:
            client.select_folder(folder, readonly=True)
            client.normalise_times = False
            found = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
        return [
            Stored(uid, data[b"BODY[]"], tuple(flag.decode() for flag in data[b"FLAGS"]), data[b"INTERNALDATE"])
            for uid, data in sorted(found.items())
        ]

    @contextmanager
    def connect(self, user: str) -> Iterator[IMAPClient]:
        """A mail client's connection, logged in."""
        client = IMAPClient(self.host, self.port, ssl=False, timeout=30)
        try:
            client.login(user, self.password)
            yield client
        finally:
            client.shutdown()

    def wipe_indexes(self, user: str) -> None:
        """Lose what Dovecot knows of the mailbox: UIDVALIDITY changes and UIDs start again at 1."""
        # UIDVALIDITY is the time in seconds, and a test is faster than that.
        time.sleep(1.01)
        for path in (self.base / "mail" / user / "Maildir").glob("dovecot*"):
            if path.is_file():
                path.unlink()

    def wipe(self, user: str) -> None:
        """Lose the whole mailbox."""
        shutil.rmtree(self.base / "mail" / user, ignore_errors=True)

    def log(self) -> str:
        return (self.base / "log").read_text(encoding="utf-8", errors="replace")

    def restart(self) -> None:
        self._signal(signal.SIGTERM)
        self._launch()

    def kill(self) -> None:
        """SIGKILL the whole server: connections are cut where they stand."""
        self._signal(signal.SIGKILL)

    def ensure_running(self) -> None:
        """Start it again after a kill."""
        if not (self.base / "run" / "master.pid").exists():
            self._launch()

    def stop(self) -> None:
        """Stop the server and leave nothing behind."""
        self._signal(signal.SIGTERM)
        shutil.rmtree(self.base, ignore_errors=True)

    def _configuration(self) -> str:
        user = _user()
        group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
        text = CONFIGURATION.format(
            base=self.base,
            user=user,
            group=group,
            password=self.password,
            port=self.port,
            tls_port=self.tls_port,
            separator=self.separator,
            connections=self.connections,
            ssl="yes" if self.tls else "no",
        )
        if self.tls:
            text += f"ssl_cert = <{self.base}/server.pem\nssl_key = <{self.base}/server.key\n"
        if self.capabilities:
            text += f"protocol imap {{\n  imap_capability = {self.capabilities}\n}}\n"
        return text

    def _launch(self) -> None:
        command = [str(shutil.which("dovecot", path=_path())), "-c", str(self.base / "dovecot.conf")]
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(_unprivileged(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", timeout=30)
            output.seek(0)
            if done.returncode:
                raise RuntimeError(f"dovecot does not start: {output.read().decode(errors='replace')}")
        wait_for_port(self.port)
        # It listens before it writes its PID, which `ensure_running` and `restart` go by.
        wait_for_file(self.base / "run" / "master.pid")

    def _signal(self, number: signal.Signals) -> None:
        pid_file = self.base / "run" / "master.pid"
        if not pid_file.exists():
            return
        master = int(pid_file.read_text(encoding="utf-8"))
        family = [master, *_children(master)]
        for pid in family if number == signal.SIGKILL else [master]:
            _send(pid, number)
        _wait_until_gone(family)
        pid_file.unlink(missing_ok=True)


def make_certificates(directory: Path) -> None:
    """An authority of our own (ca.pem) and a certificate by it for localhost and 127.0.0.1 (server.pem, server.key)."""
    (directory / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="utf-8")
    new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for command in (
        f"req -x509 {new_key} -keyout ca.key -out ca.pem -subj /CN=maild-rig-ca -days 2",
        f"req {new_key} -keyout server.key -out server.csr -subj /CN=localhost",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names",
    ):
        subprocess.run(["openssl", *command.split()], cwd=directory, check=True, capture_output=True)


def _path() -> str:
    """Debian installs dovecot where only root's PATH looks."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def _is_root() -> bool:
    return os.geteuid() == 0


def _user() -> str:
    return "nobody" if _is_root() else pwd.getpwuid(os.geteuid()).pw_name


def _unprivileged(command: list[str]) -> list[str]:
    if not _is_root():
        return command
    nobody = pwd.getpwnam(_user())
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *command]


def _children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in found.read_text(encoding="ascii").split()] if found.exists() else []


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_until_gone(pids: list[int], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(_is_alive(pid) for pid in pids):
        time.sleep(0.01)
    for pid in pids:
        _send(pid, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    """A zombie that nobody reaps (no init in a container) is not alive."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in {"Z", "X"}
