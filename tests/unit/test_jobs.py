"""Whatever breaks in a scheduled job is logged under its name and costs one round."""

import pytest

from maild.errors import StoreUnavailableError
from maild.jobs import scheduled_job


@pytest.mark.parametrize("error", [StoreUnavailableError("no route to host"), ValueError("no route to host")])
def test_what_breaks_in_a_job_is_logged_and_goes_no_further(error: Exception, log: pytest.LogCaptureFixture):
    @scheduled_job("sweeping")
    def sweep() -> None:
        raise error

    for _ in range(2):
        sweep()
    events = [(record.levelname, record.__dict__["fields"]) for record in log.records]
    assert len(events) == 2
    assert all(level == "ERROR" and "sweeping" in str(fields) and "no route to host" in str(fields) for level, fields in events)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_an_order_to_end_is_no_trouble_of_a_job(end: type[BaseException]):
    with pytest.raises(end), scheduled_job("sweeping"):
        raise end
