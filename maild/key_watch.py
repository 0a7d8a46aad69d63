"""The key watch: a daemon knows what the command line signs with a new key before any mail about it comes in, without being reloaded.

Only a file is watched. What the environment or a command gives is read at a reload.
"""

from dataclasses import dataclass

from maild import maillog
from maild.config.load import load_keys
from maild.errors import ConfigurationError
from maild.office import Office, with_keys
from maild.secret import Secret
from maild.tokens import key_id


@dataclass(frozen=True, slots=True)
class _Mark:
    """By what a file is told from the one before; without numbers there is none. `maild secret rotate` puts another in its place."""

    name: str
    numbers: tuple[int, ...] = ()


class KeyWatch:
    """Asked before each batch of mail, so that one look at the file must be enough."""

    def __init__(self) -> None:
        self._seen: _Mark | None = None

    def renew(self, office: Office) -> Office:
        """The office with the keys that the file holds now; the same one where they are the same. One that cannot be used changes nothing,
        and is told of once."""
        mark = _mark_of(office.desk.settings.desk.secret)
        if mark == self._seen:
            return office
        self._seen = mark
        try:
            keys = load_keys(office.desk.settings)
        except ConfigurationError as error:
            maillog.keys_refused(str(error))
            return office
        if office.desk.tokens.has_keys(keys):
            return office
        maillog.keys_changed(len(keys), key_id(keys[0]))
        return with_keys(office, keys)


def _mark_of(secret: Secret) -> _Mark | None:
    if secret.origin != "file":
        return None
    file = secret.directory / secret.value
    try:
        found = file.stat()
    except OSError:
        return _Mark(str(file))
    return _Mark(str(file), (found.st_ino, found.st_mtime_ns, found.st_size))
