"""A headless Chromium, driven by its DevTools protocol over a pipe: how a letter looks, measured by what the browser itself computed."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.rig.servers import ServerMissingError

PROGRAMS = ("chromium", "google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--disable-dev-shm-usage"),
)
# The protocol wants its pipes at 3 and 4; nothing else of the browser's may get into them.
_START = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1'


class Browser:
    """One browser with one page."""

    def __init__(self, process: subprocess.Popen[bytes], profile: Path) -> None:
        self._process = process
        self._profile = profile
        self._number = 0
        self._heard = b""
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._frame = self._ask("Page.getFrameTree")["frameTree"]["frame"]["id"]

    @classmethod
    def start(cls) -> Self:
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise ServerMissingError("chromium is not installed")
        profile = Path(tempfile.mkdtemp(prefix="maild-chromium-"))
        command = [program, *QUIET, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        process = subprocess.Popen(["sh", "-c", _START, "sh", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return cls(process, profile)

    def show(self, html: str, *, width: int, dark: bool) -> None:
        """Lay a page out in a window of that width, in the light or the dark theme of the system."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._resize(width, 844)
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._ask("Page.setDocumentContent", frameId=self._frame, html=html)

    def evaluate(self, script: str) -> Any:
        """What an expression of JavaScript gives, as JSON."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG."""
        self._resize(self.evaluate("innerWidth"), self.evaluate("document.scrollingElement.scrollHeight"))
        return base64.b64decode(self._ask("Page.captureScreenshot")["data"])

    def stop(self) -> None:
        with suppress(OSError):
            self._ask("Browser.close", of_page=False)
        self._process.wait(30)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _resize(self, width: int, height: int) -> None:
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _ask(self, method: str, *, of_page: bool = True, **parameters: object) -> Mapping[str, Any]:
        """One command and its answer; events in between are nobody's business here."""
        self._number += 1
        command: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session and of_page:
            command["sessionId"] = self._session
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\0")
        self._process.stdin.flush()
        while True:
            answer = json.loads(self._read())
            if answer.get("id") == self._number:
                break
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        found: Mapping[str, Any] = answer["result"]
        return found

    def _read(self) -> bytes:
        """One message: up to the next NUL."""
        assert self._process.stdout is not None
        while b"\0" not in self._heard:
            piece = os.read(self._process.stdout.fileno(), 65536)
            if not piece:
                raise BrokenPipeError("the browser is gone")
            self._heard += piece
        message, _, self._heard = self._heard.partition(b"\0")
        return message
