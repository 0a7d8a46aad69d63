"""The doctor: does everything a desk needs really work? One line a finding, each with its reason and what to do next (OPERATIONS C12).

Looks only: nothing is sent, stored or changed. Test mails are `maild.reports.round_trips`'.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from maild.config.settings import Mode, Queue, Settings
from maild.finding import Finding
from maild.ingest.mailbox_checkup import check_mailbox
from maild.ingest.rspamd_checkup import check_rspamd
from maild.outbox.account_checkup import check_account
from maild.outbox.queue import group_by_account
from maild.outbox.ways_back import unthreadable
from maild.reports.host import check_disk, check_keys, check_python
from maild.reports.ids import WAYS_BACK, find_round_trips
from maild.reports.life import check_daemon
from maild.reports.paused_rules import check_pauses
from maild.round_trip import RoundTrip
from maild.store.checkup import check_database, find_directory

SEND_TEST = "maild doctor --send-test"


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, as it is found: first this machine, then the servers."""
    url, directory = settings.storage.url, settings.directory
    yield from _about("keys", check_keys(settings))
    yield from _about("python", (check_python(),))
    yield from _about("disk", check_disk(find_directory(url, directory)))
    yield from _about("database", check_database(url, directory))
    yield from _about("daemon", check_daemon(settings, datetime.now(UTC)))
    yield from _about("rules", check_pauses(settings))
    for key, mailbox in settings.mailboxes.items():
        yield from _about(f"mailbox {key}", check_mailbox(mailbox))
    yield from _check_accounts(settings)
    if settings.spam and settings.spam.rspamd:
        yield from _about(settings.spam.rspamd.name, (check_rspamd(settings.spam.rspamd),))


def _about(what: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    return (replace(finding, about=what) for finding in findings)


def _check_accounts(settings: Settings) -> Iterator[Finding]:
    sending: set[str] = set()
    for account, queues in group_by_account(settings):
        sending |= queues
        senders = [settings.queues[key].address for key in sorted(queues)]
        findings = check_account(account, settings.desk.domain, senders, settings.desk.attach_max)
        yield from _about(f"smtp {account.host}:{account.port}", findings)
    for key, queue in settings.queues.items():
        if key not in sending and queue.mode is not Mode.OBSERVE:
            yield Finding("fail", "no account sends for this department", "see `smtp`", f"queue {key}")


def find_ways_back(settings: Settings) -> Iterator[Finding]:
    """What earlier test mails have shown, department by department."""
    trips = find_round_trips(settings)
    for key, queue in settings.queues.items():
        yield from _about(f"queue {key}", _judge_way_back(queue, trips.get(key), settings))


def _judge_way_back(queue: Queue, trip: RoundTrip | None, settings: Settings) -> Iterator[Finding]:
    mode = settings.desk.plus
    if trip is None or not trip.is_of(queue.address):
        was = "have not been tried yet" if trip is None else f"were tried for {trip.address}, not for {queue.address}"
        yield Finding("ok" if mode == "off" else "warn", f"plus addresses {was} (desk.plus: {mode})", SEND_TEST)
        return
    if trip.plus:
        use = "are switched off all the same" if mode == "off" else "are used"
        yield Finding("ok", f"plus addresses were seen to work on {trip.at:%Y-%m-%d} and {use} (desk.plus: {mode})")
    else:
        seen = f"plus addresses were seen not to work on {trip.at:%Y-%m-%d}"
        if mode == "on":
            yield Finding("fail", f"{seen} and are used all the same (desk.plus: on)", "set `desk.plus: auto`")
        else:
            yield Finding("ok", f"{seen} and are not used (desk.plus: {mode})")
    if reason := unthreadable(queue, trip, settings):
        yield Finding("fail", reason.text, WAYS_BACK)
