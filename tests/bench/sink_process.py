"""An SMTP sink in a process of its own, so that it takes no time from those who are measured. It counts letters and keeps none.

Run as `python -m tests.bench.sink_process` by `SinkProcess`; the two talk in lines of JSON.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.rig.sink import Caught, SmtpSink


@dataclass(frozen=True, slots=True)
class Tally:
    """How many letters have come, how large they are together, and when the last one came (seconds since the epoch)."""

    letters: int
    size: int
    last: float


class SinkProcess:
    """The sink as its users see it: `host` and `port` to send to."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        command = [sys.executable, "-m", "tests.bench.sink_process"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port: int = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def clear(self) -> None:
        self._ask("clear")

    def tally(self) -> Tally:
        return Tally(*self._ask("tally"))

    def wait_for(self, recipient: str) -> float:
        """When the first letter to this address came (seconds since the epoch); waits for it.

        Raises:
            TimeoutError: it did not come within ten seconds.
        """
        at = self._ask("wait", recipient)
        if at is None:
            raise TimeoutError(f"no letter to {recipient}")
        return float(at)

    def _ask(self, *question: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class CountingSink(SmtpSink):
    """Forgets what letters say; `at` is in seconds since the epoch."""

    size = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        with self._arrived:
            self.size += len(envelope.original_content or b"")
            self.mails.append(Caught(envelope.mail_from or "", tuple(envelope.rcpt_tos), b"", time.time()))
            self._arrived.notify_all()
        return "250 2.0.0 counted"

    def tally(self) -> list[float]:
        with self._arrived:
            return [len(self.mails), self.size, self.mails[-1].at if self.mails else 0.0]

    def forget(self) -> None:
        self.clear()
        self.size = 0

    def find(self, recipient: str) -> float | None:
        try:
            return self.wait_for(1, recipient)[0].at
        except TimeoutError:
            return None


def main() -> None:
    """Serve until standard input ends."""
    sink = CountingSink().start()
    print(sink.port, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(sink, json.loads(line))), flush=True)
    sink.stop()


def _answer(sink: CountingSink, question: list[str]) -> object:
    match question:
        case ["tally"]:
            return sink.tally()
        case ["wait", recipient]:
            return sink.find(recipient)
        case _:
            return sink.forget()


if __name__ == "__main__":
    main()
