"""What a mailbox's folders are called on its server, and which of them are for spam and for sent mail (OPERATIONS I21)."""

from collections.abc import Sequence

from maild.config.settings import Mailbox
from maild.errors import MailboxFolderMissingError
from maild.ingest.arrival import Part
from maild.ingest.data import words
from maild.ingest.imap_wire import ImapWire

SENT = "Sent"


class Folders:
    """The folders of a mailbox, by the names its server has for them."""

    def __init__(self, wire: ImapWire, mailbox: Mailbox) -> None:
        self._wire = wire
        self._mailbox = mailbox
        self._delimiter: str | None = None

    def find(self, part: Part) -> str | None:
        """The folder that is this part of the mailbox; None where it is off, where there is none, and where it is the mailbox's own."""
        wish, by_itself = _wish(self._mailbox, part)
        if wish == "off":
            return None
        found = self._guess(part) if wish == by_itself else self.server_name(wish)
        return None if found == self.server_name(self._mailbox.folder) else found

    def for_sent_mail(self) -> str:
        """The folder for copies of what was sent, also where it is not to be read; without one it is made."""
        return self.find(Part.SENT) or self._guess(Part.SENT) or self.ensure(SENT)

    def server_name(self, folder: str) -> str:
        """The configuration separates folders with `/`, the server with whatever it likes."""
        if folder.upper() == "INBOX":
            return "INBOX"
        if self._delimiter is None:
            with self._wire.speaking() as client:
                self._delimiter = _delimiter(client.list_folders("", ""))
        return folder.replace("/", self._delimiter)

    def ensure(self, folder: str) -> str:
        """The server's name of a folder, which is made where it is missing."""
        name = self.server_name(folder)
        if not self._exists(name):
            with self._wire.speaking() as client:
                client.create_folder(name)
        return name

    def special(self, attribute: bytes) -> str:
        """The folder with a use (`\\Trash`, RFC 6154). Raises MailboxFolderMissingError without one."""
        with self._wire.speaking() as client:
            name: str | None = client.find_special_folder(attribute)
        if name is None:
            raise MailboxFolderMissingError(f"{self._mailbox.host} has no folder {attribute.decode()}")
        return name

    def missing(self, name: str, folder: str) -> MailboxFolderMissingError | None:
        """The fault, if there is no folder of this name; `folder` is what the configuration calls it."""
        if name == "INBOX" or self._exists(name):
            return None
        return MailboxFolderMissingError(f"{self._mailbox.username} has no folder {folder} on {self._mailbox.host}")

    def _guess(self, part: Part) -> str | None:
        """I21: SPECIAL-USE (RFC 6154) first, names second."""
        with self._wire.speaking() as client:
            listing = [row for row in client.list_folders() if b"\\Noselect" not in row[0] and b"\\NonExistent" not in row[0]]
        use = f"\\{part.value.capitalize()}".encode()
        for flags, _, name in listing:
            if use in flags:
                return str(name)
        known = {word.casefold() for word in words("folders", part.value)}
        return next((str(name) for _, delimiter, name in listing if _below_inbox(name, delimiter).casefold() in known), None)

    def _exists(self, name: str) -> bool:
        with self._wire.speaking() as client:
            return any(found == name for _, _, found in client.list_folders("", name))


def _wish(mailbox: Mailbox, part: Part) -> tuple[str, str]:
    """What the configuration says of a folder beside the mailbox's own, and the word for "found by itself"."""
    return (mailbox.junk, "watch") if part is Part.JUNK else (mailbox.sent, "auto")


def _below_inbox(name: str, delimiter: bytes | None) -> str:
    """Some servers keep all folders below INBOX. A folder of this name deeper down is somebody's own."""
    return name.removeprefix(f"INBOX{delimiter.decode()}") if delimiter else name


def _delimiter(listing: Sequence[tuple[object, bytes | None, str]]) -> str:
    delimiter = listing[0][1] if listing else None
    return delimiter.decode() if delimiter else "/"
