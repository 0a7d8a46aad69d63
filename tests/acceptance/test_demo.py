"""`maild demo` as a stranger runs it: the installed command, an empty home, no configuration. It tells its story and leaves nothing."""

import fcntl
import imaplib
import json
import os
import pty
import re
import signal
import smtplib
import struct
import subprocess
import sys
import termios
import unicodedata
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.demo import Terminal
from maild.demo.mail_client import Face
from maild.demo.narrator import Ink, Narrator
from maild.demo.story import SCENES
from tests.rig.mails import an_email
from tests.rig.office import eventually

MAILD = Path(sys.executable).parent / "maild"
TOLD = (
    "Subject: Re: [Acme #1001-",
    "Ticket 1001 is new.",
    "vielen Dank für Ihre Nachricht",
    "Gracias por su mensaje",
    "благодарим Ви за съобщението",
    "از پیام شما سپاسگزاریم",
    "the ticket is billing's",
    "→ queue set to billing by default",
    "Quarantined: the provider's filter calls it spam. Letters sent: 0.",
    "The ticket is anna's now, and waiting for the customer.",
    "Reply = internal note",
    "Anna is told, since the ticket is hers. Grace: no new mail.",
    "The same ticket 1001, open again.",
    "The answer went out without the command, and the ticket is closed.",
    "Kept on the ticket, which stays closed. Anna: no new mail.",
    "No machine answers a machine. Lukas: no new mail. The ticket is still waiting.",
    "did you mean #close?",
    "All or nothing: Boris has his draft back. Lucía: no new mail.",
    "The mail is quarantined, and the real Anna knows of it. Grace: no new mail.",
    "1001\tclosed\tsupport\tanna\tGrace Miller\tThe printer is on fire",
    "1005\tnew\tbilling\t-\tИрина Георгиева\tВъпрос за март",
    "office@prizes.example\tquarantined\t-",
    "5\tacknowledgements\tsent",
    "3\tanswers\tsent",
)


@dataclass(slots=True)
class Visit:
    """A stranger's machine, and the demo running on it in a session of its own."""

    home: Path
    process: "subprocess.Popen[str] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        places = {"HOME": str(self.home), "TMPDIR": str(self.home), "XDG_CONFIG_HOME": str(self.home)}
        return places | {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "100"}

    def start(self, *arguments: str, terminal: int | None = None) -> "subprocess.Popen[str]":
        """`terminal`: the one that controls it."""
        self.process = subprocess.Popen(
            [MAILD, "demo", *arguments],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=None if terminal is None else _take_terminal,
        )
        return self.process

    def read_until(self, words: str, *, whole: bool = False) -> str:
        """What is told up to the line with these words; `whole`: that is nothing else."""
        assert self.process
        assert self.process.stdout
        told = ""
        for line in self.process.stdout:
            told += line
            if line == words if whole else words in line:
                return told
        _, complaints = self.process.communicate(timeout=30)
        raise AssertionError(f"it ended without {words!r}:\n{told}\n{complaints}")

    def has_left_nothing(self) -> bool:
        return list(self.home.iterdir()) == [] and self._processes() == []

    def _processes(self) -> list[int]:
        """Processes of the demo's session, zombies not counted."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                state, _, _, session = stat.read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()[:4]
                if self.process and int(session) == self.process.pid and state != "Z":
                    found.append(int(stat.parent.name))
        return found


def _take_terminal() -> None:
    """As a shell does, also where the tests themselves run under `nohup`."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    visit = Visit(tmp_path)
    yield visit
    if visit.process and visit.process.poll() is None:
        visit.process.terminate()
        visit.process.communicate(timeout=30)


def test_the_whole_story_is_told_and_nothing_is_left(visit: Visit):
    told, complaints = visit.start().communicate(timeout=60)
    assert (visit.process and visit.process.returncode, complaints) == (0, "")
    one_line = " ".join(told.replace("\t", "\0").split()).replace("\0", "\t")
    missing = [words for words in (*(title for title, _ in SCENES), *TOLD) if words not in one_line]
    assert missing == []
    assert [character for character in told if unicodedata.category(character) == "Cc" and character not in "\n\t"] == []
    assert visit.has_left_nothing()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 1), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_an_interruption_leaves_nothing(visit: Visit, number: int, status: int):
    process = visit.start()
    visit.read_until("Re: [Acme #1001-")
    os.killpg(process.pid, number)
    _, complaints = process.communicate(timeout=30)
    assert process.returncode == status
    assert "Traceback" not in complaints
    assert visit.has_left_nothing()


def test_a_served_desk_can_be_played_with_until_interrupted(visit: Visit):
    process = visit.start("--serve")
    told = visit.read_until("The daemon's log from now on")
    imap_port, smtp_port = (int(re.search(rf"{name} +127\.0\.0\.1 port (\d+)", told)[1]) for name in ("IMAP", "SMTP"))
    for words in ("Thunderbird", f"port {imap_port}", "mutt -n -F /dev/null", "anna@acme.example", "Password         demo"):
        assert words in told

    with smtplib.SMTP("127.0.0.1", smtp_port) as client:
        client.login("grace@globex.example", "demo")
        mail = an_email(sender="Grace <grace@globex.example>", subject="My own question")
        client.sendmail("grace@globex.example", ["support@acme.example"], mail)
    eventually(lambda: any("My own question" in subject for subject in subjects_of("grace@globex.example", imap_port)))
    eventually(lambda: any("My own question" in subject for subject in subjects_of("anna@acme.example", imap_port)))

    admins_command = re.search(r"^\S+ -c (\S+ ticket list)$", told, re.MULTILINE)[1].split()
    listed = subprocess.run([MAILD, "-c", *admins_command], env=visit.environment, capture_output=True, text=True, check=True)
    assert "My own question" in listed.stdout

    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "nothing of it is left" in rest
    assert visit.has_left_nothing()


def test_a_script_gets_one_document_of_ports_and_logins_and_the_demo_ends_with_its_terminal(visit: Visit):
    ours, theirs = pty.openpty()
    process = visit.start("--serve", "--json", terminal=theirs)
    os.close(theirs)
    served = json.loads(visit.read_until("}\n", whole=True))
    assert list(served) == ["desk", "imap", "smtp", "password", "customers", "agents", "departments"]
    assert len(subjects_of(served["agents"][0]["address"], served["imap"]["port"])) > 0
    listed = subprocess.run(
        [MAILD, "-c", served["desk"], "ticket", "list", "--json"], env=visit.environment, capture_output=True, text=True, check=True
    )
    assert len(json.loads(listed.stdout)) > 1

    assert process.stderr
    process.send_signal(signal.SIGHUP)
    assert any("reloaded" in line for line in process.stderr), "as the daemon does, while the terminal is there"
    os.close(ours)
    rest, _ = process.communicate(timeout=30)
    assert (process.returncode, rest) == (128 + signal.SIGHUP, "")
    assert visit.has_left_nothing()


def test_a_story_is_no_document(visit: Visit):
    told, complaint = visit.start("--json").communicate(timeout=30)
    assert (visit.process and visit.process.returncode, told) == (2, "")
    assert complaint == "maild: a story is no document; --json goes with --serve\n"


def subjects_of(user: str, port: int) -> list[str]:
    """The subjects in somebody's INBOX, as a mail client asks for them."""
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login(user, "demo")
        client.select("INBOX", readonly=True)
        _, found = client.search(None, "ALL")
        parts = [client.fetch(number, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0] for number in found[0].decode().split()]
        return [part[1].decode() for part in parts if isinstance(part, tuple)]


def test_on_a_terminal_it_is_coloured_and_keeps_to_the_width(visit: Visit):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    environment = {name: value for name, value in visit.environment.items() if name != "COLUMNS"} | {"TERM": "xterm"}
    visit.process = subprocess.Popen(
        [MAILD, "demo"], cwd=visit.home, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, text=True, start_new_session=True
    )
    os.close(theirs)
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        shown = b""
        while b"Re: [Acme #1001-" not in shown and (piece := terminal.read(4096)):
            shown += piece
        visit.process.send_signal(signal.SIGINT)
        with suppress(OSError):
            while terminal.read(4096):
                pass
    visit.process.wait(timeout=30)
    assert b"\x1b[1m 1. A customer writes to support" in shown
    plain = re.sub(r"\x1b\[\d*m", "", shown.decode(errors="replace"))
    assert max(map(len, plain.splitlines())) <= 60
    assert visit.has_left_nothing()


def test_without_its_imap_server_it_names_the_remedy(visit: Visit):
    script = "import sys; sys.modules['pymap'] = None; sys.argv = ['maild', 'demo']; from cli.main import main; main()"
    run = subprocess.run([sys.executable, "-c", script], env=visit.environment, capture_output=True, text=True, timeout=30, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "maild: the demo needs the IMAP server pymap, which is not installed: pip install 'maild[demo]'\n"


def test_what_stands_in_a_mail_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]):
    hostile = "a\x1b]0;title\x07\x1b[2J\x9b31m\r\u202eb"
    Narrator(Terminal()).mail("caption", Face(hostile, hostile, hostile, (hostile,)), Ink.STRANGER)
    shown = capsys.readouterr().out
    assert [character for character in shown if unicodedata.category(character) in ("Cc", "Cf") and character != "\n"] == []
