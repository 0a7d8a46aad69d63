"""Daemons forked from a process that has imported maild already, for sweeps that start dozens: most of a start is imports."""

import importlib
import multiprocessing
import os
import signal
from pathlib import Path

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["cli.main", "cli.run", "maild.daemon"])


class ForkedDaemon:
    """`maild run`, with these options, in a process of its own, to be signalled or killed like one that was launched. Its words go to the
    end of `log`.
    """

    def __init__(self, directory: Path, log: Path, options: tuple[str, ...], environment: dict[str, str]) -> None:
        log.touch()
        self._process = _FORKING.Process(target=_run, args=(directory, log, options, environment), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status, below zero for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise TimeoutError(f"daemon {self.pid} does not end")
        return status

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def _run(directory: Path, log: Path, options: tuple[str, ...], environment: dict[str, str]) -> None:
    """What the process does instead of starting an interpreter."""
    from cli.main import main
    from maild import killpoint

    with log.open("ab") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
    os.environ |= environment
    # It was imported before the environment said anything.
    importlib.reload(killpoint)
    main(["-c", str(directory), "run", *options])
