"""What the desk rests on beside its servers: keys, disk, Python (OPERATIONS C12)."""

import platform
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from maild.config.load import load_keys
from maild.config.settings import Settings
from maild.errors import ConfigurationError
from maild.finding import MEBIBYTE, Finding
from maild.ingest.imap_wire import reads_literals_in_pieces
from maild.writable import is_read_only

SCARCE, FULL = 1024 * MEBIBYTE, 100 * MEBIBYTE
NOT_THE_OWNERS = 0o077


def check_keys(settings: Settings) -> Iterator[Finding]:
    """Whoever reads the key ring can answer as every agent."""
    secret = settings.desk.secret
    try:
        keys = load_keys(settings)
    except ConfigurationError as error:
        yield Finding("fail", str(error), "`maild check` names the place")
        return
    count = "1 key" if len(keys) == 1 else f"{len(keys)} keys"
    yield Finding("ok", f"the secret {secret.describe()} holds {count}")
    file = secret.directory / secret.value
    if secret.origin == "file" and file.stat().st_mode & NOT_THE_OWNERS:
        yield Finding("warn", f"others may read {file}, and with it answer as every agent", f"chmod 600 {file}")


def check_disk(database: Path) -> Iterator[Finding]:
    """Where the database grows, and where large mails are put together."""
    for folder, device in _devices((database, Path(tempfile.gettempdir()))):
        yield judge_space(folder, shutil.disk_usage(device).free, read_only=is_read_only(device))


def judge_space(folder: Path, free: int, *, read_only: bool = False) -> Finding:
    """By what is free, in bytes."""
    if read_only:
        remedy = "`findmnt --target` shows how it is mounted; a disk with errors is made so by the kernel: see `dmesg`"
        return Finding("fail", f"the file system of {folder} is read-only: mail will not be stored", remedy)
    text = f"{free // MEBIBYTE} MiB are free for {folder}"
    if free >= SCARCE:
        return Finding("ok", text)
    remedy = f"make room: `du -xh --max-depth 1 {folder}` shows what is large"
    return Finding("warn", text, remedy) if free >= FULL else Finding("fail", f"{text}: mail will not be stored", remedy)


def check_python() -> Finding:
    version = platform.python_version()
    if reads_literals_in_pieces():
        return Finding("ok", f"Python {version}")
    text = f"Python {version} reserves as much memory as a mail server announces, before a byte has come (cpython#119511)"
    return Finding("warn", text, "install a later patch release; with servers you trust it is no danger")


def _devices(folders: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Each folder with what is there of it, once for each file system."""
    seen: set[int] = set()
    for folder in folders:
        there = next(path for path in (folder, *folder.resolve().parents) if path.exists())
        device = there.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield folder, there
