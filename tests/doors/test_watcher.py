"""A watched mailbox against a real Dovecot, a line that fails, and servers that lie."""

import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maild.config.settings import After, Mailbox
from maild.errors import MailboxFolderMissingError, MailboxProtocolError, StoreUnavailableError
from maild.ingest.arrival import Part, Place
from maild.ingest.backoff import retry_delay
from maild.ingest.progress import MailboxState
from maild.ingest.watcher import Watcher
from tests.rig.dovecot import DovecotServer
from tests.rig.fake_imap import OWN_SCRIPTS, FakeImap, Mail, fetch
from tests.rig.fault_proxy import Fault, FaultProxy
from tests.rig.mailboxes import HASTY, a_mailbox
from tests.rig.mails import APOLOGY, an_email
from tests.rig.shelf import Shelf

SUPPORT, JUNK = Place("support"), Place("support", Part.JUNK)
WITHHELD = b"* # FETCH (UID @UID@ BODY[] NIL)\r\n"
GARBLED_ANSWER = b"* # FETCH (UID @UID@ BODY[] {5}\r\nabcde FLAGS (\r\n"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def fake() -> Iterator[FakeImap]:
    server = FakeImap().start()
    yield server
    server.stop()


@pytest.fixture
def proxy(dovecot: DovecotServer) -> Iterator[FaultProxy]:
    proxy = FaultProxy((dovecot.host, dovecot.port)).start()
    yield proxy
    proxy.stop()


@contextmanager
def watching(mailbox: Mailbox, shelf: Shelf, **more: object) -> Iterator[Watcher]:
    watcher = Watcher(mailbox, shelf, **({"timing": HASTY} | more))
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.stop()
    assert not watcher.is_alive


def poll(mailbox: Mailbox, shelf: Shelf, **more: object) -> int:
    return Watcher(mailbox, shelf, **({"timing": HASTY} | more)).poll_once()


def until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_new_mail_is_stored_with_its_place_on_the_server(dovecot, user, shelf):
    raw = an_email()
    dovecot.append(user, raw, date=datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    assert poll(a_mailbox(dovecot, user), shelf) == 1
    [arrival] = shelf.arrivals.values()
    assert (arrival.mailbox, arrival.raw, arrival.uid, arrival.answered, arrival.quiet) == ("support", raw, 1, False, False)
    assert arrival.received == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert shelf.reached["support"].watermark == 1
    assert poll(a_mailbox(dovecot, user), shelf) == 0


def test_a_thousand_messages_are_read_in_batches_while_somebody_else_flips_flags(dovecot, user, shelf):
    dovecot.append_all(user, [an_email() for _ in range(1000)])
    stop = threading.Event()
    flipped: dict[int, bool] = {}

    def flip() -> None:
        chance = random.Random(1)
        with dovecot.connect(user) as client:
            client.select_folder("INBOX")
            while not stop.is_set():
                uid, seen = chance.randint(1, 1000), chance.random() < 0.5
                (client.add_flags if seen else client.remove_flags)([uid], ["\\Seen"], silent=True)
                flipped[uid] = seen

    other = threading.Thread(target=flip)
    other.start()
    try:
        assert poll(a_mailbox(dovecot, user), shelf) == 1000
    finally:
        stop.set()
        other.join()
    assert shelf.uids == list(range(1, 1001))
    assert max(len(commit) for commit in shelf.commits) == 50
    assert {stored.uid for stored in dovecot.messages(user) if "\\Seen" in stored.flags} == {uid for uid, seen in flipped.items() if seen}


def test_messages_expunged_under_us_cost_nothing_else(dovecot, user, shelf):
    dovecot.append_all(user, [an_email() for _ in range(300)])
    gone = set(random.Random(2).sample(range(1, 301), 40))

    def expunge() -> None:
        with dovecot.connect(user) as client:
            client.select_folder("INBOX")
            for uid in gone:
                client.delete_messages([uid])
                client.uid_expunge([uid])

    other = threading.Thread(target=expunge)
    other.start()
    poll(a_mailbox(dovecot, user), shelf)
    other.join()
    poll(a_mailbox(dovecot, user), shelf)
    assert set(range(1, 301)) - gone <= set(shelf.uids)
    assert shelf.reached["support"].watermark >= max(set(range(1, 301)) - gone)


def test_first_contact_takes_only_what_is_young_enough(dovecot, user, shelf):
    now = datetime.now(UTC)
    for days in (30, 3, 2):
        dovecot.append(user, an_email(), date=now - timedelta(days=days))
    for hours in (23, 1):
        dovecot.append(user, an_email(), date=now - timedelta(hours=hours), flags=["\\Answered"] if hours == 1 else [])
    assert poll(a_mailbox(dovecot, user, start=timedelta(hours=24)), shelf) == 2
    assert [(arrival.uid, arrival.answered, arrival.quiet) for arrival in shelf.arrivals.values()] == [(4, False, False), (5, True, False)]


def test_starting_now_takes_nothing_that_is_there_already(dovecot, user, shelf):
    dovecot.append(user, an_email())
    mailbox = a_mailbox(dovecot, user, start=timedelta(0))
    assert poll(mailbox, shelf) == 0
    dovecot.append(user, an_email())
    assert poll(mailbox, shelf) == 1
    assert shelf.uids == [2]


def test_starting_with_all_takes_old_mail_quietly(dovecot, user, shelf):
    now = datetime.now(UTC)
    dovecot.append(user, an_email(), date=now - timedelta(days=400))
    dovecot.append(user, an_email(), date=now)
    assert poll(a_mailbox(dovecot, user, start=None), shelf) == 2
    assert [arrival.quiet for arrival in shelf.arrivals.values()] == [True, False]


def test_a_baseline_survives_a_restart_before_the_first_message(dovecot, user, shelf):
    mailbox = a_mailbox(dovecot, user, start=timedelta(0))
    poll(mailbox, shelf)
    dovecot.append(user, an_email())
    assert poll(mailbox, shelf) == 1


def test_a_new_uidvalidity_starts_a_new_generation_without_the_mail_from_before_the_desk(dovecot, user, shelf):
    now = datetime.now(UTC)
    mailbox = a_mailbox(dovecot, user, start=timedelta(hours=24))
    for days in (30, 20):
        dovecot.append(user, an_email(), date=now - timedelta(days=days))
    dovecot.append(user, an_email(), date=now - timedelta(hours=2))
    assert poll(mailbox, shelf) == 1
    [old] = shelf.arrivals.values()
    dovecot.wipe_indexes(user)
    dovecot.append(user, an_email(), date=datetime.now(UTC) + timedelta(minutes=1))
    assert poll(mailbox, shelf) == 2
    generation = [arrival for arrival in shelf.arrivals.values() if arrival.uid_validity != old.uid_validity]
    assert [arrival.quiet for arrival in generation] == [True, False]
    assert generation[0].raw == old.raw


def test_server_copies_are_moved_only_after_the_commit(dovecot, user, shelf):
    dovecot.append_all(user, [an_email() for _ in range(60)])
    mailbox = a_mailbox(dovecot, user, after=After("move", "Done"))
    shelf.dies_after = 2
    with pytest.raises(StoreUnavailableError):
        poll(mailbox, shelf)
    assert len(shelf.uids) == 50
    assert len(dovecot.messages(user)) == 10
    shelf.down, shelf.dies_after = False, None
    assert poll(mailbox, shelf) == 10
    assert dovecot.messages(user) == []
    assert len(dovecot.messages(user, "Done")) == 60


def test_what_was_stored_but_not_moved_is_moved_later_and_old_mail_stays(dovecot, user, shelf):
    now = datetime.now(UTC)
    mailbox = a_mailbox(dovecot, user, start=timedelta(hours=24))
    dovecot.append(user, an_email(), date=now - timedelta(days=9))
    dovecot.append(user, an_email(), date=now)
    poll(mailbox, shelf)
    poll(replace(mailbox, after=After("delete")), shelf)
    assert [stored.uid for stored in dovecot.messages(user)] == [1]


def test_what_is_not_stored_whole_stays_on_the_server(dovecot, user, shelf):
    """MAIL.md P13: the ticket has its beginning, and only the server the rest."""
    dovecot.append_all(user, [an_email(), an_email(body="x" * 5000), an_email()])
    mailbox = a_mailbox(dovecot, user, after=After("delete"), max_size=4000)
    assert poll(mailbox, shelf) == 3
    assert poll(mailbox, shelf) == 0
    assert [stored.uid for stored in dovecot.messages(user)] == [2]


def test_a_mailbox_that_is_only_observed_is_never_changed(dovecot, user, shelf):
    dovecot.append_all(user, [an_email() for _ in range(3)])
    before = dovecot.messages(user)
    assert poll(a_mailbox(dovecot, user, after=After("delete")), shelf, touch=False) == 3
    assert dovecot.messages(user) == before


@pytest.mark.parametrize(("near_poll", "limit"), [(0.0, 1.0), (0.15, 0.3)])
def test_mail_that_comes_while_watching_is_stored_at_once_and_the_walk_is_woken(dovecot, user, shelf, near_poll, limit):
    woken = threading.Event()
    with watching(a_mailbox(dovecot, user), shelf, wake=woken.set, timing=replace(HASTY, near_poll=near_poll)):
        until(lambda: "support" in shelf.reached)
        time.sleep(0.2)
        dovecot.append(user, an_email())
        began = time.monotonic()
        shelf.wait_for(1)
        assert time.monotonic() - began < limit
        assert woken.wait(1)


def test_asking_a_server_nearby_often_costs_next_to_nothing(dovecot, user, shelf):
    with watching(a_mailbox(dovecot, user), shelf, timing=replace(HASTY, near_poll=0.15)):
        until(lambda: "support" in shelf.reached)
        busy = time.process_time()
        time.sleep(1.5)
        assert time.process_time() - busy < 0.03


def test_a_server_nearby_that_answered_late_at_first_is_asked_often_later(shelf, fake):
    """Seen in practice: a desk that was started upon a full mailbox heard of mail half a second late until the connection was renewed."""

    def answer_late_once(connection, tag, arguments):
        fake.scripts.pop(b"NOOP")
        time.sleep(0.05)
        connection.send(tag + b" OK done\r\n")

    fake.scripts[b"NOOP"] = answer_late_once
    with watching(a_mailbox(fake), shelf, timing=replace(HASTY, idle=0.3, near_poll=0.02)):
        until(lambda: any(b"IDLE" in line for line in fake.commands))
        until(lambda: all(b"NOOP" in line for line in fake.commands[-4:]))


def test_without_idle_the_folder_is_polled(shelf, fake):
    fake.capabilities = b"IMAP4rev1"
    with watching(a_mailbox(fake), shelf):
        until(lambda: "support" in shelf.reached)
        fake.mails[1] = Mail(an_email())
        shelf.wait_for(1, 2)
    assert not any(b"IDLE" in line for line in fake.commands)


def test_mail_announced_in_the_answer_to_a_search_that_missed_it_is_looked_for_at_once(shelf, fake):
    """It came after the search and before its answer ended, and no IDLE will speak of it (I8)."""

    def search_too_early(connection, tag, arguments):
        came = arguments.startswith(b"UID ") and not fake.mails
        if came:
            fake.mails[1] = Mail(an_email())
        connection.send(b"* SEARCH\r\n" + b"* 1 EXISTS\r\n" * came + tag + b" OK done\r\n")
        if came:
            fake.scripts.pop(b"UID SEARCH")

    fake.scripts[b"UID SEARCH"] = search_too_early
    with watching(a_mailbox(fake), shelf, timing=replace(HASTY, idle=60)):
        shelf.wait_for(1, 2)


def test_stopping_is_quick_and_says_goodbye(shelf, fake):
    with watching(a_mailbox(fake), shelf) as watcher:
        until(lambda: any(b"IDLE" in line for line in fake.commands))
        began = time.monotonic()
        watcher.stop()
        assert time.monotonic() - began < 1.5
    assert fake.commands[-1].endswith(b"LOGOUT")


def test_a_connection_that_ends_in_idle_is_renewed_within_two_seconds_and_without_spinning(dovecot, proxy, user, shelf):
    with watching(a_mailbox(proxy, user), shelf):
        until(lambda: "support" in shelf.reached)
        time.sleep(0.2)
        proxy.close_all()
        dovecot.append(user, an_email())
        began, busy = time.monotonic(), time.process_time()
        shelf.wait_for(1, 2)
        time.sleep(max(0.0, 1.5 - (time.monotonic() - began)))
        assert time.process_time() - busy < 0.5
    assert proxy.accepted == 2


def test_a_black_hole_costs_at_most_refresh_and_read_timeout(dovecot, proxy, user, shelf):
    timing = replace(HASTY, idle=1, read=1)
    with watching(a_mailbox(proxy, user), shelf, timing=timing):
        until(lambda: "support" in shelf.reached)
        proxy.fault = Fault.BLACK_HOLE
        dovecot.append(user, an_email())
        time.sleep(0.5)
        proxy.fault = Fault.NONE
        shelf.wait_for(1, 5)


def test_a_server_that_restarts_is_found_again(dovecot, user, shelf):
    states: list[MailboxState] = []
    with watching(a_mailbox(dovecot, user), shelf, tell=lambda _, state, __: states.append(state)):
        until(lambda: MailboxState.WATCHING in states)
        dovecot.kill()
        until(lambda: MailboxState.UNREACHABLE in states)
        dovecot.ensure_running()
        dovecot.append(user, an_email())
        shelf.wait_for(1)
    assert states[-1] is MailboxState.STOPPED


def test_a_deleted_folder_is_said_to_be_missing_and_read_again_when_it_is_back(dovecot, user, shelf):
    states: list[MailboxState] = []
    dovecot.create(user, "Desk")
    with watching(a_mailbox(dovecot, user, folder="Desk"), shelf, tell=lambda _, state, __: states.append(state)):
        until(lambda: MailboxState.WATCHING in states)
        with dovecot.connect(user) as client:
            client.delete_folder("Desk")
        until(lambda: MailboxState.FOLDER_MISSING in states)
        assert "Desk" not in dovecot.folders(user)
        dovecot.create(user, "Desk")
        dovecot.append(user, an_email(), folder="Desk")
        shelf.wait_for(1)


def test_a_missing_folder_is_raised_when_polling_once(dovecot, user, shelf):
    with pytest.raises(MailboxFolderMissingError):
        poll(a_mailbox(dovecot, user, folder="Nowhere"), shelf)


def test_a_database_that_is_down_leaves_everything_on_the_server(dovecot, user, shelf):
    states: list[MailboxState] = []
    dovecot.append(user, an_email())
    shelf.down = True
    mailbox = a_mailbox(dovecot, user, after=After("delete"))
    with watching(mailbox, shelf, tell=lambda _, state, __: states.append(state)):
        until(lambda: MailboxState.STORE_DOWN in states)
        assert len(dovecot.messages(user)) == 1
        shelf.down = False
        shelf.wait_for(1)
        until(lambda: not dovecot.messages(user))


def test_a_throttling_server_is_left_alone_for_as_long_as_it_asks(fake, shelf):
    heard: list[tuple[MailboxState, str]] = []
    fake.scripts[b"LOGIN"] = lambda connection, tag, _: connection.send(
        tag + b" NO Request is throttled. Suggested Backoff Time: 60000 milliseconds\r\n"
    )
    with watching(a_mailbox(fake), shelf, tell=lambda _, state, words: heard.append((state, words))):
        until(lambda: any(state is MailboxState.THROTTLED for state, _ in heard))
        time.sleep(0.7)
    assert fake.connections == 1
    assert "next try in 60 s" in next(words for state, words in heard if state is MailboxState.THROTTLED)


def test_a_refused_login_is_not_tried_again_at_once(fake, shelf):
    heard: list[tuple[MailboxState, str]] = []
    fake.scripts[b"LOGIN"] = lambda connection, tag, _: connection.send(tag + b" NO [AUTHENTICATIONFAILED] Authentication failed.\r\n")
    with watching(
        a_mailbox(fake), shelf, timing=replace(HASTY, first_retry=60, longest_retry=900), tell=lambda _, *what: heard.append(what)
    ):
        until(lambda: any(state is MailboxState.AUTH_REQUIRED for state, _ in heard))
        time.sleep(1.2)
    assert fake.connections == 1
    words = next(words for state, words in heard if state is MailboxState.AUTH_REQUIRED)
    assert re.search(r": \[AUTHENTICATIONFAILED\] Authentication failed; next try in [456]\d s$", words), words


def test_a_message_without_a_body_holds_nobody_up_and_is_tried_again(fake, shelf):
    fake.mails = {uid: Mail(an_email()) for uid in range(1, 6)}
    fake.mails[3].body_answer = WITHHELD
    moments = [datetime(2026, 11, 20, 12, 0, tzinfo=UTC)]
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=lambda: moments[-1])
    assert watcher.poll_once() == 4
    assert shelf.uids == [1, 2, 4, 5]
    assert shelf.reached["support"].watermark == 2
    assert watcher.poll_once() == 0
    fake.mails[3].body_answer = None
    moments.append(moments[-1] + timedelta(minutes=2))
    assert watcher.poll_once() == 1
    assert shelf.uids == [1, 2, 3, 4, 5]
    assert shelf.reached["support"].watermark == 5


@pytest.mark.parametrize("jump", [timedelta(hours=-5), timedelta(hours=5)])
def test_a_clock_that_is_set_keeps_no_message_waiting(fake, shelf, jump):
    fake.mails[1] = Mail(an_email(), body_answer=WITHHELD)
    moments = [datetime(2026, 11, 20, 12, 0, tzinfo=UTC)]
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=lambda: moments[-1])
    assert watcher.poll_once() == 0
    fake.mails[1].body_answer = None
    moments.append(moments[-1] + jump)
    assert watcher.poll_once() == 1


def test_mail_is_acknowledged_though_the_clock_was_ahead_at_first_contact(fake, shelf):
    """`start: now` takes older mail quietly, and once the clock is right again all mail of the next five hours would be older."""
    moments = [datetime(2026, 11, 20, 15, 0, tzinfo=UTC)]
    watcher = Watcher(a_mailbox(fake, start=timedelta(0)), shelf, timing=HASTY, now=lambda: moments[-1])
    watcher.poll_once()
    moments.append(datetime(2026, 11, 20, 10, 1, tzinfo=UTC))
    fake.mails[1] = Mail(an_email())
    watcher.poll_once()
    assert [arrival.quiet for arrival in shelf.arrivals.values()] == [False], "it came at 10:02 by the server's clock"


@pytest.mark.parametrize("uid", [1, 2, 3])
def test_a_message_that_is_listed_and_not_described_is_asked_for_again(fake, shelf, uid):
    """I6, I12: the watermark does not pass what SEARCH lists, though the server once says nothing of its size."""
    fake.mails = {uid: Mail(an_email()) for uid in (1, 2, 3)}
    fake.mails[uid].size_answer = b""
    clock = Clock()
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=clock)
    assert watcher.poll_once() == 2
    assert shelf.reached["support"].watermark == uid - 1
    fake.mails[uid].size_answer = None
    assert clock.poll_for(watcher, 1) == 1
    assert (shelf.uids, shelf.reached["support"].watermark) == ([1, 2, 3], 3)


def test_a_message_that_goes_between_search_and_fetch_is_not_waited_for(fake, shelf):
    """I6: what SEARCH lists no longer is forgotten."""
    fake.mails = {uid: Mail(an_email()) for uid in (1, 2, 3)}
    fake.mails[2].size_answer = b""
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=Clock())
    watcher.poll_once()
    del fake.mails[2]
    assert watcher.poll_once() == 0
    assert (shelf.uids, shelf.reached["support"].watermark) == ([1, 3], 3)


def test_after_a_day_a_message_that_is_never_described_is_stored_as_withheld(fake, shelf):
    fake.mails = {1: Mail(an_email(subject="Please answer"), size_answer=b""), 2: Mail(an_email())}
    clock = Clock()
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=clock)
    assert watcher.poll_once() == 1
    assert clock.poll_for(watcher, 25) == 1
    withheld = next(arrival for arrival in shelf.arrivals.values() if arrival.uid == 1)
    assert (b"Subject: Please answer" in withheld.raw, bool(withheld.withheld)) == (True, True)
    assert shelf.reached["support"].watermark == 2


class Clock:
    """Tells the test's time: `fake` mail arrives at 10:02 of its first day."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, 3, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def poll_for(self, watcher: Watcher, hours: int) -> int:
        """Let so many hours go by, with a look into the mailbox in each; how many messages were stored."""
        stored = 0
        for _ in range(hours):
            self.now += timedelta(hours=1)
            stored += watcher.poll_once()
        return stored


def test_after_a_day_a_message_that_cannot_be_had_is_stored_as_withheld_with_its_header(fake, shelf):
    fake.mails = {1: Mail(an_email(subject="Please answer"), body_answer=WITHHELD), 2: Mail(an_email())}
    clock = Clock()
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=clock)
    assert watcher.poll_once() == 1
    assert clock.poll_for(watcher, 23) == 0
    assert clock.poll_for(watcher, 1) == 1
    withheld = next(arrival for arrival in shelf.arrivals.values() if arrival.uid == 1)
    assert b"Subject: Please answer" in withheld.raw
    assert withheld.withheld.startswith("message 1 in INBOX of support@acme.example on 127.0.0.1: ")
    assert withheld.full_size == len(fake.mails[1].raw)
    assert shelf.reached["support"].watermark == 2


@pytest.mark.parametrize("header_answer", [b"* # FETCH (UID @UID@ BODY[HEADER] NIL)\r\n", b"", GARBLED_ANSWER])
def test_a_message_is_stored_as_withheld_even_without_a_header(fake, shelf, header_answer):
    fake.mails = {1: Mail(an_email(), body_answer=WITHHELD, header_answer=header_answer), 2: Mail(an_email())}
    clock = Clock()
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=clock)
    watcher.poll_once()
    with suppress(MailboxProtocolError):
        clock.poll_for(watcher, 24)
    clock.poll_for(watcher, 1)
    withheld = next(arrival for arrival in shelf.arrivals.values() if arrival.uid == 1)
    assert (withheld.raw, bool(withheld.withheld)) == (b"", True)


def test_after_a_day_a_garbled_message_is_stored_as_withheld_too(fake, shelf):
    fake.mails = {1: Mail(an_email(), body_answer=GARBLED_ANSWER), 2: Mail(an_email())}
    clock = Clock()
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=clock)
    watcher.poll_once()
    clock.poll_for(watcher, 24)
    assert [(arrival.uid, bool(arrival.withheld)) for arrival in shelf.arrivals.values()] == [(2, False), (1, True)]
    assert shelf.reached["support"].watermark == 2


def test_a_restart_does_not_begin_the_day_anew_and_gives_nothing_up_at_once(fake, shelf):
    fake.mails = {1: Mail(an_email(), body_answer=WITHHELD)}
    clock = Clock()
    for _ in range(5):
        assert clock.poll_for(Watcher(a_mailbox(fake), shelf, timing=HASTY, now=clock), 6) == 0
    assert clock.poll_for(Watcher(a_mailbox(fake), shelf, timing=HASTY, now=clock), 8) == 1


def test_a_withheld_message_is_never_moved_or_deleted(fake, shelf):
    fake.mails = {1: Mail(an_email(), body_answer=WITHHELD), 2: Mail(an_email())}
    clock = Clock()
    watcher = Watcher(a_mailbox(fake, after=After("delete")), shelf, timing=HASTY, now=clock)
    watcher.poll_once()
    clock.poll_for(watcher, 26)
    assert {line.split()[3] for line in fake.commands if b"UID STORE" in line} == {b"2"}


def withheld(fake: FakeImap, shelf: Shelf, **more: object) -> Watcher:
    """A watcher that has given up message 1 and is asked for it again."""
    fake.mails = {1: Mail(an_email(), body_answer=WITHHELD)}
    clock = Clock()
    watcher = Watcher(a_mailbox(fake, **more), shelf, timing=HASTY, now=clock)
    clock.poll_for(watcher, 26)
    shelf.wanted.add((SUPPORT, 1))
    return watcher


def test_a_withheld_message_that_is_asked_for_again_is_had_if_the_server_hands_it_over(fake, shelf):
    watcher = withheld(fake, shelf, after=After("delete"))
    fake.mails[1].body_answer = None
    assert watcher.poll_once() == 1
    [arrival] = shelf.arrivals.values()
    assert (arrival.raw, arrival.withheld, arrival.full_size) == (fake.mails[1].raw, "", None)
    assert any(b"UID STORE 1 " in line for line in fake.commands)
    assert watcher.poll_once() == 0


def test_a_withheld_message_that_is_asked_for_again_in_vain_is_said_to_be_so(fake, shelf):
    watcher = withheld(fake, shelf)
    assert watcher.poll_once() == 0
    assert shelf.wanted == set()
    shelf.wanted.add((SUPPORT, 1))
    fake.mails[1].body_answer = GARBLED_ANSWER
    with pytest.raises(MailboxProtocolError):
        watcher.poll_once()
    [arrival] = shelf.arrivals.values()
    assert "answers what no server should" in arrival.withheld
    shelf.wanted.add((SUPPORT, 1))
    del fake.mails[1]
    assert watcher.poll_once() == 0
    [arrival] = shelf.arrivals.values()
    assert arrival.withheld.endswith("no longer there")


def test_what_exchange_hands_over_instead_of_a_message_is_not_the_message(fake, shelf):
    fake.mails = {1: Mail(APOLOGY), 2: Mail(an_email(body=APOLOGY.decode())), 3: Mail(APOLOGY)}
    clock = Clock()
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY, now=clock)
    assert watcher.poll_once() == 1
    assert shelf.uids == [2]
    fake.mails[1] = Mail(an_email())
    assert clock.poll_for(watcher, 25) == 2
    assert [(arrival.uid, bool(arrival.withheld)) for arrival in shelf.arrivals.values()] == [(2, False), (1, False), (3, True)]


def test_a_message_that_vanished_before_it_could_be_had_is_forgotten(fake, shelf):
    fake.mails = {1: Mail(an_email(), body_answer=b""), 2: Mail(an_email())}
    watcher = Watcher(a_mailbox(fake), shelf, timing=HASTY)
    assert watcher.poll_once() == 1
    del fake.mails[1]
    fake.mails[3] = Mail(an_email())
    assert watcher.poll_once() == 1
    assert shelf.reached["support"].watermark == 3


def test_twelve_garbled_answers_among_sixty_cost_no_other_message(fake, shelf):
    fake.mails = {uid: Mail(an_email()) for uid in range(1, 61)}
    garbled = set(range(3, 60, 5))
    for uid in garbled:
        fake.mails[uid].body_answer = GARBLED_ANSWER
    assert poll(a_mailbox(fake), shelf) == 60 - len(garbled)
    assert set(shelf.uids) == set(range(1, 61)) - garbled
    assert shelf.reached["support"].watermark == 2


def hang_up(connection, tag):
    connection.cut()


def refuse(connection, tag):
    connection.send(tag + b" NO [SERVERBUG] Internal error occurred\r\n")


@pytest.mark.parametrize("fail", [hang_up, refuse])
def test_messages_over_which_the_server_fails_cost_no_other_message(fake, shelf, fail):
    """Seen in practice: Dovecot hangs up over a message whose file it cannot read."""

    def fetch_unless_broken(connection, tag, arguments):
        if b"BODY.PEEK[]" in arguments.upper() and {5, 17} & set(fake.existing(arguments.partition(b" ")[0])):
            fail(connection, tag)
        else:
            fetch(connection, tag, arguments)

    fake.mails = {uid: Mail(an_email()) for uid in range(1, 31)}
    fake.scripts[b"UID FETCH"] = fetch_unless_broken
    assert poll(a_mailbox(fake), shelf) == 28
    assert set(shelf.uids) == set(range(1, 31)) - {5, 17}
    assert shelf.reached["support"].watermark == 4


def test_finding_broken_messages_does_not_make_a_watcher_wait_longer_each_time(fake, shelf):
    fake.mails = {uid: Mail(an_email()) for uid in range(1, 7)}
    for uid in range(1, 6):
        fake.mails[uid].body_answer = GARBLED_ANSWER
    with watching(a_mailbox(fake), shelf, timing=replace(HASTY, first_retry=2, longest_retry=900)):
        shelf.wait_for(1)
    assert shelf.uids == [6]


def test_a_server_that_answers_nonsense_to_everything_is_not_asked_for_ever(fake, shelf):
    fake.scripts[b"UID SEARCH"] = lambda connection, tag, _: connection.send(b"* SEARCH one two\r\n" + tag + b" OK done\r\n")
    with pytest.raises(MailboxProtocolError):
        poll(a_mailbox(fake), shelf)
    assert fake.connections == 1


def test_a_server_that_talks_all_the_time_does_not_keep_us_busy(fake, shelf):
    def idle(connection, tag, arguments):
        connection.lines.append(tag)
        connection.send(b"+ idling\r\n* OK Still here\r\n")

    fake.scripts[b"IDLE"] = idle
    with watching(a_mailbox(fake), shelf):
        time.sleep(1.5)
    assert sum(b"IDLE" in line for line in fake.commands) < 10


# The junk folder (S4)


def lay(shelf: Shelf) -> list[tuple[Part, int | None]]:
    """Where what is stored lay."""
    return [(arrival.part, arrival.uid) for arrival in shelf.arrivals.values()]


def test_the_junk_folder_is_read_too_and_left_as_it_is(dovecot, user, shelf):
    dovecot.create(user, "Junk")
    dovecot.append(user, an_email())
    dovecot.append_all(user, [an_email(), an_email()], folder="Junk")
    before = dovecot.messages(user, "Junk")
    mailbox = a_mailbox(dovecot, user, after=After("delete"))
    assert poll(mailbox, shelf) == 3
    assert lay(shelf) == [(Part.INBOX, 1), (Part.JUNK, 1), (Part.JUNK, 2)]
    assert {str(place) for place in (SUPPORT, JUNK)} == set(shelf.reached) == {"support", "support/junk"}
    assert (dovecot.messages(user), dovecot.messages(user, "Junk")) == ([], before)
    dovecot.append(user, an_email(), folder="Junk")
    assert poll(mailbox, shelf) == 1
    assert lay(shelf)[-1] == (Part.JUNK, 3)


def test_two_folders_of_one_mailbox_may_have_the_same_uids_in_the_same_generation(shelf, fake):
    fake.mails = {1: Mail(an_email(subject="the same bytes in both"))}
    assert poll(a_mailbox(fake, junk="Bad"), shelf) == 2
    assert lay(shelf) == [(Part.INBOX, 1), (Part.JUNK, 1)]


def test_a_mailbox_without_a_junk_folder_or_with_one_nobody_wants_read_has_nothing_to_look_into(dovecot, user, shelf):
    assert poll(a_mailbox(dovecot, user), shelf) == 0
    dovecot.create(user, "Junk")
    dovecot.append(user, an_email(), folder="Junk")
    assert poll(a_mailbox(dovecot, user, junk="off"), shelf) == 0
    assert set(shelf.reached) == {"support"}


def test_the_sent_folder_is_read_beside_the_others_and_left_as_it_is(dovecot, user, shelf):
    """MAIL.md A15."""
    for folder in ("Junk", "Sent"):
        dovecot.create(user, folder)
        dovecot.append(user, an_email(), folder=folder)
    dovecot.append(user, an_email())
    before = dovecot.messages(user, "Sent")
    assert poll(a_mailbox(dovecot, user, after=After("delete")), shelf) == 3
    assert lay(shelf) == [(Part.INBOX, 1), (Part.JUNK, 1), (Part.SENT, 1)]
    assert dovecot.messages(user, "Sent") == before
    assert poll(a_mailbox(dovecot, user, sent="off"), shelf) == 0


def test_a_sent_folder_that_cannot_be_read_keeps_nobody_from_the_mailbox_and_the_junk_folder(dovecot, user, shelf):
    dovecot.create(user, "Junk")
    heard: list[str] = []
    with watching(a_mailbox(dovecot, user, sent="Nowhere"), shelf, tell=lambda _, __, words: heard.append(words)):
        until(lambda: any("the sent folder cannot be read" in words for words in heard))
        dovecot.append(user, an_email())
        shelf.wait_for(1)
    assert "support/junk" in shelf.reached


def test_of_junk_nobody_wants_years_even_where_he_wants_all_mail(dovecot, user, shelf):
    now = datetime.now(UTC)
    dovecot.create(user, "Junk")
    for days in (400, 0):
        dovecot.append(user, an_email(), date=now - timedelta(days=days))
        dovecot.append(user, an_email(), folder="Junk", date=now - timedelta(days=days))
    assert poll(a_mailbox(dovecot, user, start=None), shelf) == 3
    assert lay(shelf) == [(Part.INBOX, 1), (Part.INBOX, 2), (Part.JUNK, 2)]


def test_junk_that_comes_while_watching_is_found_at_the_next_look_and_mail_at_once(dovecot, user, shelf):
    dovecot.create(user, "Junk")
    with watching(a_mailbox(dovecot, user), shelf, timing=replace(HASTY, junk=0.3, near_poll=0.1)):
        until(lambda: "support/junk" in shelf.reached)
        dovecot.append(user, an_email(), folder="Junk")
        shelf.wait_for(1, 3)
        dovecot.append(user, an_email())
        shelf.wait_for(2, 3)
    assert lay(shelf) == [(Part.JUNK, 1), (Part.INBOX, 1)]


def test_a_junk_folder_that_cannot_be_read_is_told_of_and_keeps_nobody_from_the_mailbox(dovecot, user, shelf):
    heard: list[tuple[MailboxState, str]] = []
    with watching(a_mailbox(dovecot, user, junk="Bad"), shelf, tell=lambda _, state, words: heard.append((state, words))):
        until(lambda: any(words for _, words in heard))
        dovecot.append(user, an_email())
        shelf.wait_for(1)
    assert heard[2][0] is MailboxState.WATCHING
    assert "the junk folder cannot be read" in heard[2][1]
    assert "no folder Bad" in heard[2][1]


def test_after_a_junk_folder_has_broken_the_connection_it_is_left_alone_for_a_while(shelf, fake):
    fake.mails = {1: Mail(an_email())}
    fake.scripts[b"EXAMINE"] = lambda connection, tag, arguments: (
        connection.cut() if b"Bad" in arguments else OWN_SCRIPTS[b"EXAMINE"](connection, tag, arguments)
    )
    states: list[MailboxState] = []
    with watching(a_mailbox(fake, junk="Bad"), shelf, tell=lambda _, state, __: states.append(state)):
        until(lambda: states.count(MailboxState.CONNECTING) == 2 and states[-1] is MailboxState.WATCHING)
        fake.mails[2] = Mail(an_email())
        fake.cut_all()
        shelf.wait_for(2)
    assert sum(b"EXAMINE" in line and b"Bad" in line for line in fake.commands) == 1
    assert lay(shelf) == [(Part.INBOX, 1), (Part.INBOX, 2)]


def test_a_watcher_that_is_called_looks_at_once_into_every_folder(shelf, fake):
    """OPERATIONS I12."""
    fake.mails = {1: Mail(an_email())}
    with watching(a_mailbox(fake, junk="Bad"), shelf) as watcher:
        shelf.wait_for(2)
        fake.mails[2] = Mail(an_email())
        watcher.look()
        shelf.wait_for(4, 3)
    assert lay(shelf)[2:] in ([(Part.INBOX, 2), (Part.JUNK, 2)], [(Part.JUNK, 2), (Part.INBOX, 2)])


def test_a_garbled_message_among_junk_costs_no_other(shelf, fake):
    fake.mails = {uid: Mail(an_email()) for uid in range(1, 6)}
    fake.mails[3].body_answer = GARBLED_ANSWER
    with watching(a_mailbox(fake, junk="Bad"), shelf, timing=replace(HASTY, junk=0.1)):
        shelf.wait_for(8)
    assert sorted(uid for _, uid in lay(shelf)) == [1, 1, 2, 2, 4, 4, 5, 5]


def test_a_withheld_message_among_junk_is_said_to_lie_there_and_is_had_when_asked_for_again(shelf, fake):
    fake.mails = {1: Mail(an_email(), body_answer=WITHHELD)}
    clock = Clock()

    def is_given_up() -> bool:
        clock.now += timedelta(hours=1)
        return len(shelf.arrivals) == 2

    with watching(a_mailbox(fake, junk="Bad"), shelf, timing=replace(HASTY, junk=0.05), now=clock):
        until(is_given_up)
        assert shelf.arrivals[(JUNK, 1, 1)].withheld.startswith("message 1 in Bad of ")
        fake.mails[1].body_answer = None
        shelf.wanted.add((JUNK, 1))
        until(lambda: not shelf.wanted)
    assert [(place, bool(arrival.withheld)) for (place, _, _), arrival in shelf.arrivals.items()] == [(SUPPORT, True), (JUNK, False)]


def test_waiting_grows_and_never_ends():
    def check(failures, expected):
        assert retry_delay(failures, 5, 900, 0.0) == expected

    check(1, 0.5)
    check(2, 5)
    check(3, 10)
    check(4, 20)
    check(12, 900)
    check(100_000, 900)
    assert retry_delay(100_000, 5, 900, 1.0) == pytest.approx(600)
    assert retry_delay(1, 5, 900, 0.5, asked=300) == 302.5
