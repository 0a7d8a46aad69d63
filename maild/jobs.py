"""The catch-all around one scheduled job (HOUSE.md 3); the other one stands around one message, in the clerk's room."""

from collections.abc import Iterator
from contextlib import contextmanager

from maild import maillog
from maild.errors import StoreUnavailableError


@contextmanager
def scheduled_job(name: str) -> Iterator[None]:
    """Whatever breaks inside is logged under the job's name and costs this round only: the next one may do better."""
    try:
        yield
    except StoreUnavailableError as error:
        maillog.store_unavailable(name, str(error))
    except Exception as error:
        maillog.job_failed(name, f"{type(error).__name__}: {error}")
