"""An rspamd of our own (Debian's rspamd): on loopback, in a temporary directory, one worker, no DNS, no Redis, and no rules but two.

Its list of top-level domains is one line: to compile the real one takes it a quarter of a minute.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.rig.servers import ServerMissingError, free_port, wait_for_port

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""Every filter that is one rejects a mail with this line."""
CONFIGURATION = """\
options {{
  pidfile = "{base}/pid";
  cache_file = "{base}/symbols.cache";
  control_socket = "{base}/control mode=0600";
  tempdir = "{base}";
  url_tld = "{base}/domains";
  filters = "";
  disable_hyperscan = true;
  allow_raw_input = true;
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; sockets = 1; retransmits = 1; }}
}}
logging {{ type = "console"; level = "warning"; }}
actions {{ reject = 15; add_header = 6; }}
lua = "{base}/rules.lua";
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"""
RULES = """
local function says(word)
  return function(task) return string.find(task:get_subject() or "", word, 1, true) ~= nil end
end
rspamd_config.CHEAP_PILLS = { callback = says("pills"), score = 7.5, description = "sells pills" }
rspamd_config.POLITE = { callback = says("please"), score = -1, description = "asks politely" }
"""


@dataclass(slots=True)
class RspamdServer:
    """A running rspamd: `url` is what a desk is told."""

    url: str
    _process: subprocess.Popen[bytes]
    _base: Path

    @classmethod
    def start(cls) -> Self:
        """Raises ServerMissingError where it is not installed."""
        program = shutil.which("rspamd")
        if program is None:
            raise ServerMissingError("rspamd is not installed (Debian: rspamd)")
        base, port = Path(tempfile.mkdtemp(prefix="maild-rspamd-")), free_port()
        (base / "rspamd.conf").write_text(CONFIGURATION.format(base=base, port=port), encoding="ascii")
        (base / "rules.lua").write_text(RULES, encoding="ascii")
        (base / "domains").write_text("example\n", encoding="ascii")
        as_root = ["-i"] if os.geteuid() == 0 else []
        with (base / "log").open("wb") as log:
            process = subprocess.Popen([program, *as_root, "-f", "-c", str(base / "rspamd.conf")], stdout=log, stderr=log)
        server = cls(f"http://127.0.0.1:{port}", process, base)
        try:
            wait_for_port(port, seconds=30)
        except BaseException:
            server.stop()
            raise
        return server

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._base, ignore_errors=True)
