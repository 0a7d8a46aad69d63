"""The key ring: the tokens of its keys, and a new newest key in its file, written in one piece (INTERFACE.md; MAIL.md O1). Reading it is
`load.load_keys`'s.

The file has no dates, so no key expires by itself: one verifies as long as its line stands. Whoever wants to be rid of an old key takes its
line out, when letters minted with it need no answer any more.
"""

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from maild.config.load import load_keys
from maild.config.settings import Settings
from maild.errors import MaildError, UsageError
from maild.tokens import Tokens, key_id

PRIVATE = 0o600
_NEW_KEY_BYTES = 32
_MOST_TRIES = 10_000


@dataclass(frozen=True, slots=True)
class Rotated:
    """`key_id` is the new newest key's, `keys` how many the ring holds now."""

    file: Path
    key_id: str
    keys: int


def tokens_of(settings: Settings, keys: tuple[bytes, ...] | None = None) -> Tokens:
    """The desk's tokens, of these keys if they are known. Raises ConfigurationError where the secret cannot be read or is too short."""
    return Tokens(keys or load_keys(settings), settings.desk.domain, (settings.desk.tag,), settings.agents)


def rotate(settings: Settings) -> Rotated:
    """Put a new key before the ones there are. A crash leaves the old file or the new one, never a part.

    Raises:
        ConfigurationError: the ring cannot be read as it is.
        UsageError: it stands in no file of its own, or in one of another user's.
        MaildError: the file cannot be written.
    """
    file = _ring_file(settings)
    keys = load_keys(settings)
    new = _new_key(keys)
    try:
        _replace(file, f"{new}\n{file.read_text(encoding='utf-8')}")
    except OSError as error:
        raise MaildError(f"{file} cannot be written: {error.strerror}; nothing was changed") from error
    return Rotated(file, key_id(new.encode()), len(keys) + 1)


def _ring_file(settings: Settings) -> Path:
    secret = settings.desk.secret
    if secret.origin != "file":
        raise UsageError(
            f"the secret stands {secret.describe()}, where maild cannot write; put a new line of 64 hex digits before the others there"
        )
    file = (secret.directory / secret.value).resolve()
    with suppress(OSError):
        if os.geteuid() not in (0, file.stat().st_uid):
            raise UsageError(f"{file} belongs to another user; run this as its owner or as root")
    return file


def _new_key(keys: Sequence[bytes]) -> str:
    """64 hex digits whose key id is still free: two keys of one id could not be told apart."""
    taken = {key_id(key) for key in keys}
    candidates = (secrets.token_hex(_NEW_KEY_BYTES) for _ in range(_MOST_TRIES))
    new = next((candidate for candidate in candidates if key_id(candidate.encode()) not in taken), None)
    if new is None:
        raise UsageError("every key id is taken; take the oldest lines out of the secret file first")
    return new


def _replace(file: Path, text: str) -> None:
    """Beside the old file, with its owner, then in its place; on disk before this returns."""
    owner = file.stat()
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            if os.geteuid() == 0:
                os.fchown(opened.fileno(), owner.st_uid, owner.st_gid)
            os.fsync(opened.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
