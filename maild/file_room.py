"""The file room: the bytes of files that earlier mail has brought, for letters that carry them once more (MAIL.md A7).

They lie in the stored mails as these came, so each is read in a worker like any mail (P1), one after the other, and in no transaction that
others wait for.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator

from maild.errors import MaildError, NotFoundError
from maild.ingest.worker import Reader
from maild.known import StoredFile
from maild.store import received_mail
from maild.store.engine import Store
from maild.writing_desk import Fetched


def fetch(store: Store, reader: Reader, files: Collection[StoredFile]) -> Fetched:
    """Each file with its bytes, None where they are not to be had any more."""
    found: dict[StoredFile, bytes | None] = dict.fromkeys(files)
    for incoming in dict.fromkeys(item.incoming for item in files):
        found |= _read(store, reader, incoming, [item for item in files if item.incoming == incoming])
    return found


def _read(store: Store, reader: Reader, incoming: int, wanted: Iterable[StoredFile]) -> Iterator[tuple[StoredFile, bytes]]:
    try:
        with store.reading() as tx:
            raw = received_mail.raw(tx, incoming)
    except NotFoundError:
        return
    (opened,) = reader.open_ahead([raw]).result()
    if isinstance(opened, MaildError):
        return
    for item in wanted:
        content = opened.files.get(item.file.part)
        # The same bytes, however mail is taken apart by now.
        if content is not None and hashlib.sha256(content).hexdigest() == item.file.sha256:
            yield item, content
