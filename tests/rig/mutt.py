"""mutt in a terminal of its own (tmux): what a person does in a mail client, by the keys he presses and by what he then sees.

Nothing waits for a time: every step ends when the screen shows what it leads to.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from tests.rig.dovecot import DovecotServer
from tests.rig.servers import ServerMissingError
from tests.rig.sink import SmtpSink

COLUMNS, ROWS = 80, 50
INDEX, PAGER, COMPOSE = "-Mutt: =INBOX", "-- (", "-- Mutt: Compose"
# As it comes, but for the questions that nobody here would answer otherwise.
CONFIGURATION = """\
set from="{address}" realname="{name}" imap_user="{address}" imap_pass={password}
set smtp_url="smtp://{host}:{smtp_port}/" folder=imap://{host}:{imap_port}/ spoolfile=+INBOX ssl_starttls=no ssl_force_tls=no
set copy=no timeout=1 mail_check=1 sleep_time=0 abort_unmodified=no fast_reply=yes include=yes mime_forward=ask-no bounce=yes
set sort=mailbox-order editor="{python} {home}/editor" signature="{home}/signature"
ignore *
unignore from: to: cc: subject: date:
"""
# Writes the words below the first line that ends in what stands in `place`, or above everything where nothing does.
EDITOR = """\
import sys
from pathlib import Path
place, words = (Path("{home}", name).read_text("utf-8") for name in ("place", "words"))
draft = Path(sys.argv[1])
lines = draft.read_text("utf-8").split("\\n")
at = next((number for number, line in enumerate(lines, 1) if place and line.endswith(place)), 0)
lines[at:at] = ["", *words.split("\\n"), ""] if at else [*words.split("\\n"), ""]
draft.write_text("\\n".join(lines), "utf-8")
"""


class Mutt:
    """One person's mutt, at the list of his mails: `read` opens the newest. Other actions begin with a mail open, and end at the list."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @classmethod
    def start(cls, name: str, address: str, dovecot: DovecotServer, sink: SmtpSink) -> Self:
        for program in ("tmux", "mutt"):
            if shutil.which(program) is None:
                raise ServerMissingError(f"{program} is not installed")
        home = Path(tempfile.mkdtemp(prefix="maild-mutt-"))
        servers = {
            "python": sys.executable,
            "host": dovecot.host,
            "password": dovecot.password,
            "imap_port": dovecot.port,
            "smtp_port": sink.port,
        }
        (home / "muttrc").write_text(CONFIGURATION.format(name=name, address=address, home=home, **servers), encoding="utf-8")
        (home / "editor").write_text(EDITOR.format(home=home), encoding="utf-8")
        (home / "signature").write_text(f"{name}\nRoom 4711\n", encoding="utf-8")
        mutt = cls(home)
        mutt._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), f"exec mutt -n -F {home}/muttrc")
        mutt.wait_for(INDEX)
        return mutt

    def stop(self) -> None:
        self._tmux("kill-server")
        shutil.rmtree(self._home, ignore_errors=True)

    def read(self, number: int) -> str:
        """Open the mail with this number once it is there; what its first page shows."""
        self.wait_for(INDEX, f"[Msgs:{number} ")
        self._type(str(number))
        self._press("Enter")
        return self.wait_for(PAGER, f" {number}/{number}: ")

    def answer(self, words: str, *, below: str = "") -> None:
        """Reply, with these words above what mutt quotes, or below the quoted line that ends so."""
        self._write(words, below)
        self._press("r")
        self._send()

    def write(self, to: str, subject: str) -> None:
        """A new mail, with nothing in it but a signature."""
        self._write("")
        self._press("m")
        self.wait_for(")\nTo:")
        self._type(to)
        self.wait_for(")\nSubject:")
        self._type(subject)
        self._send()

    def forward(self, to: str, words: str, *, as_attachment: bool) -> None:
        """Pass it on, with these words above it."""
        self._write(words)
        self._press("f")
        self.wait_for(")\nTo:")
        self._type(to)
        self.wait_for("Forward as attachment?")
        self._press("y" if as_attachment else "n")
        self._send()

    def bounce(self, to: str) -> None:
        """Send it once more, as it is."""
        self._press("b")
        self.wait_for("Bounce message to:")
        self._type(to)
        self.wait_for("Message bounced.")
        self._press("i")
        self.wait_for(INDEX)

    def wait_for(self, *words: str) -> str:
        """The screen, once all this stands on it.

        Raises:
            TimeoutError: it never does; the error shows the screen.
        """
        deadline = time.monotonic() + 20
        while not all(word in (shown := self._tmux("capture-pane", "-p")) for word in words):
            if time.monotonic() > deadline:
                raise TimeoutError(f"mutt does not show {words}, but:\n{shown}")
            time.sleep(0.02)
        return shown

    def _write(self, words: str, below: str = "") -> None:
        """What the editor is to do when mutt starts it."""
        (self._home / "words").write_text(words, encoding="utf-8")
        (self._home / "place").write_text(below, encoding="utf-8")

    def _send(self) -> None:
        self.wait_for(COMPOSE)
        self._press("y")
        self.wait_for(PAGER, "Mail sent.")
        self._press("i")
        self.wait_for(INDEX)

    def _type(self, line: str) -> None:
        self._tmux("send-keys", "-l", line)
        self._press("Enter")

    def _press(self, key: str) -> None:
        self._tmux("send-keys", key)

    def _tmux(self, *arguments: str) -> str:
        """A server of our own: nothing of the user's is read or met."""
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self._home), "TERM": "xterm"}
        environment.pop("TMUX", None)
        command = ["tmux", "-S", str(self._home / "socket"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=30).stdout
