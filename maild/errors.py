"""The error tree. A class's docstring is its message; `permanent` says whether trying again can help."""


class MaildError(Exception):
    """Something went wrong."""

    permanent = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or (self.__doc__ or "").strip())


class ConfigurationError(MaildError):
    """The configuration is not valid."""

    permanent = True


class UsageError(MaildError):
    """The request makes no sense as it stands."""

    permanent = True


class NotFoundError(MaildError):
    """There is no such thing."""

    permanent = True


class SchemaMismatchError(MaildError):
    """The database belongs to another version of maild."""

    permanent = True


class StoreUnavailableError(MaildError):
    """The database does not answer."""


class ReadingError(MaildError):
    """A message could not be read."""

    permanent = True


class WorkerDiedError(MaildError):
    """A reading worker died over a message."""


class DeliveryError(MaildError):
    """A mail could not be handed over."""


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


class MailboxProtocolError(MailboxError):
    """The mail server speaks something we do not understand."""
