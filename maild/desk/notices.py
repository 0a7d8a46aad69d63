"""Which notice of a change of state the customer gets: PRODUCT 5, MAIL.md A14. Pure."""

from maild.config.settings import Settings
from maild.desk.tiers import is_handed_up
from maild.ticket import Status, TicketView

_SWITCHES = {
    "waiting": "waiting",
    "closed": "closed",
    "reopened": "reopened",
    "passed-on": "passed_on",
    "passed-to-specialist": "passed_on",
}
"""Under which word of `statuses` a department's customers get each notice."""


def notice_for(before: TicketView | None, after: TicketView, was_answered: bool, settings: Settings) -> str | None:
    """The template of the one notice this change deserves, None if it deserves none.

    `was_answered`: the same event already sends the customer an answer, so a notice would be the second mail.
    """
    kind = _change(before, after)
    queue = settings.queues.get(after.queue)
    if kind is None or queue is None or _SWITCHES[kind] not in queue.statuses:
        return None
    return None if was_answered else kind


def _change(before: TicketView | None, after: TicketView) -> str | None:
    if before is None:
        return None
    if before.status is not after.status:
        was_closed = before.status is Status.CLOSED
        match after.status:
            case Status.CLOSED:
                return "closed"
            case Status.WAITING:
                return "waiting"
            case Status.OPEN if was_closed:
                return "reopened"
    if is_handed_up(before, after):
        return "passed-to-specialist"
    return "passed-on" if before.queue != after.queue else None
