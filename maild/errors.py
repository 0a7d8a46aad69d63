"""The error tree. A class's docstring is its message; `permanent` says whether trying again can help."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maild.config.faults import Fault
    from maild.known import StoredFile


def plain_words(error: Exception) -> str:
    """What an error says, without the system's number for it."""
    said = error.strerror if isinstance(error, OSError) and error.errno is not None else None
    return said or str(error) or type(error).__name__


class MaildError(Exception):
    """Something went wrong."""

    permanent = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or (self.__doc__ or "").strip())


class ConfigurationError(MaildError):
    """The configuration is not valid."""

    permanent = True

    def __init__(self, detail: str = "", faults: "tuple[Fault, ...]" = ()) -> None:
        """`faults`: everything that is wrong and where, if whole files were read."""
        super().__init__(detail)
        self.faults = faults


class UsageError(MaildError):
    """The request makes no sense as it stands."""

    permanent = True


class NotFoundError(MaildError):
    """There is no such thing."""

    permanent = True


class WrongStateError(MaildError):
    """The thing is in no state for that."""

    permanent = True


class AlreadyRunningError(MaildError):
    """maild runs already on this database."""

    permanent = True


class SchemaMismatchError(MaildError):
    """The database belongs to another version of maild."""

    permanent = True


class StoreUnavailableError(MaildError):
    """The database does not answer."""


class FilterUnavailableError(MaildError):
    """The spam filter does not answer."""


class ReadingError(MaildError):
    """A message could not be read."""

    permanent = True


class WorkerDiedError(MaildError):
    """A reading worker died over a message."""


class TemplateError(MaildError):
    """A template cannot be rendered."""

    permanent = True


class FilesLackingError(MaildError):
    """A letter is to carry files of earlier mail, whose bytes are not at hand yet."""

    def __init__(self, detail: str = "", files: "tuple[StoredFile, ...]" = ()) -> None:
        """`files`: all that the letter is to carry."""
        super().__init__(detail)
        self.files = files


class LeakError(MaildError):
    """A letter to a customer would show what only agents may see."""

    permanent = True

    def __init__(self, detail: str = "", *, author: str | None = None, ticket: int | None = None) -> None:
        """`author`: the key of the agent whose answer it is, None of an automatic letter; `ticket`: the number of its ticket."""
        super().__init__(detail)
        self.author = author
        self.ticket = ticket


class DeliveryError(MaildError):
    """A mail could not be handed over."""


class AccountUnavailableError(DeliveryError):
    """The mail relay cannot be used at the moment."""


class MailboxError(MaildError):
    """A mailbox cannot be read at the moment."""


class MailboxUnreachableError(MailboxError):
    """The mail server does not answer."""


class MailboxAuthError(MailboxError):
    """The mail server refuses the login."""


class MailboxFolderMissingError(MailboxError):
    """The folder does not exist on the mail server."""


class MailboxThrottledError(MailboxError):
    """The mail server asks us to slow down."""

    def __init__(self, detail: str = "", *, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class MailboxProtocolError(MailboxError):
    """The mail server speaks something we do not understand."""
