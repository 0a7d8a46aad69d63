"""A reading worker's own program: errands come through a pipe, answers go back, until the other end closes.

Run as `python -m maild.ingest.reading_process FD CPU_SECONDS MEMORY_BYTES` by `maild.ingest.worker`, never by hand.
"""

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

from maild.ingest.errand import OUT_OF_MEMORY, Answer, Errand, Failure
from maild.ingest.parse import open_message


def main(perform: Callable[[Errand], Answer]) -> None:
    """Serve with the limits of the command line."""
    descriptor, cpu_seconds, memory_bytes = map(int, sys.argv[1:4])
    # Ctrl-C on a terminal reaches the whole process group; the daemon ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        serve(Connection(descriptor), perform, cpu_seconds)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # The daemon has gone, or wants this worker no more.


def serve(connection: "Connection[Answer, list[Errand]]", perform: Callable[[Errand], Answer], cpu_seconds: int) -> None:
    """Answer every errand of every batch, each with a CPU allowance of its own. Raises EOFError when the pipe closes."""
    while True:
        for errand in connection.recv():
            allow_cpu(cpu_seconds)
            connection.send(_answer(perform, errand))


def allow_cpu(seconds: int) -> None:
    """Let this process use so much more CPU from now on; then the kernel ends it (SIGXCPU)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + seconds + 1, hard))


def _answer(perform: Callable[[Errand], Answer], errand: Errand) -> Answer:
    """The catch-all around one message. Memory that ran out ends the process: nothing can be trusted after that."""
    try:
        return perform(errand)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception:
        return Failure(traceback.format_exc())


def _perform(errand: Errand) -> Answer:
    return open_message(errand.raw, reply=errand.reply, with_files=errand.with_files, with_look=errand.with_look)


if __name__ == "__main__":
    main(_perform)
