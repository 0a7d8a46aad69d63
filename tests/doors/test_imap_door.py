"""The IMAP door against a real Dovecot, and against servers no one should meet."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maild.config.settings import After
from maild.errors import (
    MailboxAuthError,
    MailboxError,
    MailboxFolderMissingError,
    MailboxProtocolError,
    MailboxThrottledError,
    MailboxUnreachableError,
)
from maild.ingest.arrival import Part
from maild.ingest.imap import MailboxSession
from maild.ingest.imap_wire import Timing
from maild.ingest.mailbox_checkup import check_login
from maild.secret import Secret
from tests.rig.dovecot import DovecotServer
from tests.rig.fake_imap import Connection, FakeImap, Mail
from tests.rig.fault_proxy import FaultProxy
from tests.rig.mailboxes import HASTY, Server, a_mailbox
from tests.rig.mails import an_email, an_email_with_files


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
def session(server: Server, user: str = "support@acme.example", *, timing: Timing = HASTY, **more: object) -> Iterator[MailboxSession]:
    """A session with its folder selected."""
    with closing(MailboxSession(a_mailbox(server, user, **more), timing)) as door:
        door.select(readonly=False)
        yield door


def test_a_copy_of_sent_mail_is_kept_once_and_read(dovecot, user):
    """O10. The folder is made where there is none; what the server has put there itself stays alone."""
    first, second = an_email(message_id="s.1@acme.example"), an_email(message_id="s.2@acme.example")
    with session(dovecot, user) as door:
        for _ in range(2):
            door.keep_sent(first, "s.1@acme.example")
    assert [(mail.raw, mail.flags) for mail in dovecot.messages(user, "Sent") if "\\Seen" in mail.flags] == [
        (first, dovecot.messages(user, "Sent")[0].flags)
    ]
    dovecot.append(user, second, "Sent")
    with session(dovecot, user) as door:
        door.keep_sent(second, "s.2@acme.example")
    assert [mail.raw for mail in dovecot.messages(user, "Sent")] == [first, second]


def test_a_message_is_fetched_byte_for_byte_and_no_flag_is_touched(dovecot, user):
    raw = an_email(subject="Grüße")
    dovecot.append(user, raw, flags=["\\Answered"])
    with session(dovecot, user) as door:
        [fetched] = door.fetch(door.describe(door.new_uids(0)))
    assert (fetched.raw, fetched.whole, fetched.listed.answered) == (raw, True, True)
    assert "\\Seen" not in dovecot.messages(user)[0].flags


def test_only_uids_above_the_watermark_are_new_even_where_the_server_answers_with_the_last(dovecot, user):
    dovecot.append_all(user, [an_email() for _ in range(5)])
    with session(dovecot, user) as door:
        assert door.select().uid_next == 6
        assert door.new_uids(3) == [4, 5]
        assert door.new_uids(500) == []


def test_a_large_backlog_is_searched_in_windows(fake):
    fake.mails = {uid: Mail(b"a: b\r\n\r\n") for uid in (1, 20_000, 20_001, 45_000)}
    with session(fake) as door:
        assert door.new_uids(0, 45_001) == [1, 20_000, 20_001, 45_000]
    searches = [line.split()[-1] for line in fake.commands if b"SEARCH" in line]
    assert searches == [b"1:20000", b"20001:40000", b"40001:*"]


def test_two_hundred_thousand_uids_are_read_where_one_line_would_be_too_long(fake):
    fake.mails = dict.fromkeys(range(1_000_000, 1_200_000), Mail(b"a: b\r\n\r\n"))
    with session(fake) as door:
        assert len(door.new_uids(999_999, 1_200_000)) == 200_000


def test_a_message_expunged_by_somebody_else_is_simply_not_among_the_fetched(dovecot, user):
    dovecot.append_all(user, [an_email() for _ in range(4)])
    with session(dovecot, user) as door:
        listed = door.describe(door.new_uids(0))
        with dovecot.connect(user) as other:
            other.select_folder("INBOX")
            other.delete_messages([2])
            other.expunge()
        assert [fetched.listed.uid for fetched in door.fetch(listed)] == [1, 3, 4]


@pytest.mark.parametrize(
    "answer",
    [
        b"* # FETCH (UID @UID@ BODY[] NIL)\r\n",
        b'* # FETCH (UID @UID@ BODY[] "")\r\n',
        b"* # FETCH (UID @UID@ BODY[] {0}\r\n)\r\n",
        b"* # FETCH (UID @UID@)\r\n",
        b"* # FETCH (UID @UID@ FLAGS (\\Seen))\r\n",
        b"",
    ],
)
def test_a_body_the_server_does_not_hand_over_is_no_message(fake, answer):
    fake.mails = {1: Mail(b"a: b\r\n\r\none"), 2: Mail(b"a: b\r\n\r\n", body_answer=answer), 3: Mail(b"a: b\r\n\r\nthree")}
    with session(fake) as door:
        assert [fetched.listed.uid for fetched in door.fetch(door.describe([1, 2, 3]))] == [1, 3]


@pytest.mark.parametrize(
    "answer",
    [
        b"* # FETCH (UID @UID@ BODY[] {5}\r\nabc)\r\nx\r\n",
        b"* # FETCH UID @UID@ BODY[]\r\n",
        b"* # FETCH (UID abc BODY[] {3}\r\nabc)\r\n",
        b'* # FETCH (UID @UID@ BODY[] "unfinished\r\n',
        b"* # FETCH " + b"(" * 5000 + b"\r\n",
        b"no line of IMAP at all\r\n",
        b"* # FETCH (UID @UID@ BODY[] {99999999999999999999}\r\n",
        b"\x00\xff\xfe\r\n",
        b"* BYE going down\r\n",
    ],
)
def test_nonsense_is_a_mailbox_error_and_nothing_else(fake, answer):
    fake.mails = {1: Mail(b"a: b\r\n\r\n", body_answer=answer)}
    with session(fake) as door:
        try:
            found = door.fetch(door.describe([1]))
        except (MailboxProtocolError, MailboxUnreachableError):
            found = []
        assert found == []


def test_a_garbled_date_costs_no_message(fake):
    fake.mails = {1: Mail(b"a: b\r\n\r\n"), 2: Mail(b"a: b\r\n\r\n", received=b"99-Foo-2026 xx")}
    with session(fake) as door:
        first, second = door.describe([1, 2])
        assert (first.received, second.received) == (datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC), None)
        assert len(door.fetch([first, second])) == 2


def test_mail_over_the_limit_comes_as_header_and_first_text(dovecot, user):
    raw = an_email_with_files([("film.mp4", "video/mp4", b"x" * 200_000)], body="Look at this film!\n", subject="A film")
    dovecot.append(user, raw)
    with session(dovecot, user, max_size=100_000) as door:
        [fetched] = door.fetch(door.describe([1]))
    assert not fetched.whole
    assert fetched.listed.size == len(raw)
    assert b"Subject: A film" in fetched.raw
    assert b"Look at this film!" in fetched.raw
    assert b"multipart" not in fetched.raw
    assert len(fetched.raw) < 2000


def test_large_mail_comes_in_pieces_and_whole(dovecot, user):
    raw = an_email_with_files([("data.bin", "application/octet-stream", bytes(range(256)) * 20_000)])
    dovecot.append(user, raw)
    with session(dovecot, user) as door:
        [fetched] = door.fetch(door.describe([1]))
    assert fetched.whole
    assert fetched.raw == raw


def test_the_first_uid_young_enough_is_found_by_the_servers_date(dovecot, user):
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    for hours in (240, 25, 23, 1):
        dovecot.append(user, an_email(), date=now - timedelta(hours=hours))
    with session(dovecot, user) as door:
        assert door.first_uid_since(now - timedelta(hours=24)) == 3
        assert door.first_uid_since(now) is None


def test_stored_mail_is_moved_and_the_folder_made_where_it_is_missing(dovecot, user):
    dovecot.append_all(user, [an_email(subject=str(number)) for number in range(3)])
    with session(dovecot, user, after=After("move", "Größe & 日本/ä b")) as door:
        door.act_after([1, 3])
        door.act_after([1, 3])
    assert [stored.uid for stored in dovecot.messages(user)] == [2]
    assert len(dovecot.messages(user, "Größe & 日本.ä b")) == 2


def test_deleting_spares_what_other_people_marked(dovecot, user):
    dovecot.append_all(user, [an_email() for _ in range(3)])
    with dovecot.connect(user) as other:
        other.select_folder("INBOX")
        other.delete_messages([2])
    with session(dovecot, user, after=After("delete")) as door:
        door.act_after([1])
    assert [(stored.uid, "\\Deleted" in stored.flags) for stored in dovecot.messages(user)] == [(2, True), (3, False)]


def test_without_uidplus_nothing_is_ever_expunged(fake):
    fake.capabilities = b"IMAP4rev1"
    with session(fake, after=After("delete")) as door:
        door.act_after([1])
    assert any(b"\\Deleted" in line for line in fake.commands)
    assert not any(b"EXPUNGE" in line for line in fake.commands)


def test_without_move_a_copy_is_made_first(fake):
    fake.capabilities = b"IMAP4rev1 UIDPLUS"
    fake.scripts[b"LIST"] = lambda connection, tag, _: connection.send(b'* LIST () "/" Done\r\n' + tag + b" OK done\r\n")
    with session(fake, after=After("move", "Done")) as door:
        door.act_after([7])
    verbs = [b" ".join(line.split()[1:3]) for line in fake.commands[-4:-1]]
    assert verbs == [b"UID COPY", b"UID STORE", b"UID EXPUNGE"]


def test_idle_ends_at_once_when_mail_comes(dovecot, user):
    with session(dovecot, user) as door:
        threading.Timer(0.3, dovecot.append, (user, an_email())).start()
        began = time.monotonic()
        assert door.idle(5, threading.Event())
        assert time.monotonic() - began < 2
        assert door.new_uids(0) == [1]


def test_idle_sees_what_came_in_the_same_packet_as_its_confirmation(fake):
    def idle(connection: Connection, tag: bytes, arguments: bytes) -> None:
        connection.lines.append(tag)
        connection.send(b"+ idling\r\n* 1 EXISTS\r\n")

    fake.scripts[b"IDLE"] = idle
    with session(fake) as door:
        began = time.monotonic()
        assert door.idle(5, threading.Event())
        assert time.monotonic() - began < 1


def test_idle_survives_a_server_that_speaks_byte_by_byte(fake):
    with session(fake) as door:
        fake.byte_pause = 0.02

        def idle(connection: Connection, tag: bytes, arguments: bytes) -> None:
            connection.lines.append(tag)
            connection.send(b"+ idling\r\n")
            connection.send(b"* 1 EXISTS\r\n")

        fake.scripts[b"IDLE"] = idle
        assert door.idle(5, threading.Event())
        assert door.idle(5, threading.Event())


def test_idle_ends_when_asked_to_stop(dovecot, user):
    stop = threading.Event()
    with session(dovecot, user) as door:
        threading.Timer(0.2, stop.set).start()
        began = time.monotonic()
        assert not door.idle(30, stop)
        assert time.monotonic() - began < 1.5


def test_a_connection_that_dies_in_idle_is_noticed_at_once(proxy, user):
    with session(proxy, user) as door:
        threading.Timer(0.2, proxy.reset_all).start()
        began = time.monotonic()
        with pytest.raises(MailboxUnreachableError):
            door.idle(30, threading.Event())
        assert time.monotonic() - began < 2


def test_bytes_that_drip_for_ever_do_not_hold_a_command_longer_than_its_deadline(fake):
    fake.mails = {1: Mail(b"x" * 1000)}
    with session(fake, timing=replace(HASTY, command=1)) as door:
        [listed] = door.describe([1])
        fake.byte_pause = 0.05
        began = time.monotonic()
        with pytest.raises(MailboxUnreachableError):
            door.fetch([listed])
        assert time.monotonic() - began < 3


def test_a_slow_line_is_given_the_time_a_large_mail_needs(dovecot, proxy, user):
    raw = an_email(body="word " * 200_000)
    dovecot.append(user, raw)
    with session(proxy, user, timing=replace(HASTY, command=1)) as door:
        listed = door.describe([1])
        proxy.bytes_per_second = 500_000
        assert door.fetch(listed)[0].raw == raw


def test_tls_is_verified_and_a_sites_own_authority_is_enough(dovecot, user):
    tls = a_mailbox(dovecot, user, port=dovecot.tls_port, security="tls")
    assert "not trusted" in str(check_login(tls))
    assert check_login(replace(tls, ca_file=dovecot.ca_file)) is None
    assert check_login(a_mailbox(dovecot, user, security="starttls", ca_file=dovecot.ca_file)) is None


def test_starttls_is_required_where_it_is_asked_for(fake):
    assert "STARTTLS" in str(check_login(a_mailbox(fake, security="starttls")))
    assert not any(b"LOGIN" in line for line in fake.commands)


def test_idle_over_tls_sees_new_mail(dovecot, user):
    with session(dovecot, user, port=dovecot.tls_port, security="tls", ca_file=dovecot.ca_file) as door:
        threading.Timer(0.2, dovecot.append, (user, an_email())).start()
        assert door.idle(5, threading.Event())
        assert door.new_uids(0) == [1]


def test_a_refused_login_says_so(dovecot, user):
    mailbox = a_mailbox(dovecot, user, password=Secret("plain", "wrong"))
    with pytest.raises(MailboxAuthError, match="refuses the login"):
        MailboxSession(mailbox, HASTY)
    assert "refuses the login" in str(check_login(mailbox))


def test_a_password_that_cannot_be_had_is_an_auth_error(dovecot, user):
    with pytest.raises(MailboxAuthError, match="NO_SUCH_VARIABLE"):
        MailboxSession(a_mailbox(dovecot, user, password=Secret("env", "NO_SUCH_VARIABLE")), HASTY)


def test_passwords_may_hold_any_letter(dovecot, user):
    with pytest.raises(MailboxAuthError, match="AUTHENTICATIONFAILED"):
        MailboxSession(a_mailbox(dovecot, user, password=Secret("plain", "pässwörd")), HASTY)


@pytest.mark.parametrize(
    ("refusal", "expected", "wait"),
    [
        (b"NO [UNAVAILABLE] Temporary authentication failure.", MailboxThrottledError, None),
        (b"NO [ALERT] Too many simultaneous connections. (Failure)", MailboxThrottledError, None),
        (b"NO Request is throttled. Suggested Backoff Time: 299961 milliseconds", MailboxThrottledError, 299.961),
        (b"BAD User is authenticated but not connected.", MailboxThrottledError, None),
        (b"NO [AUTHENTICATIONFAILED] Invalid credentials", MailboxAuthError, None),
        (b"BAD no such thing", MailboxAuthError, None),
    ],
)
def test_refusals_are_told_apart(fake, refusal, expected, wait):
    fake.scripts[b"LOGIN"] = lambda connection, tag, _: connection.send(tag + b" " + refusal + b"\r\n")
    with pytest.raises(expected) as caught:
        MailboxSession(a_mailbox(fake), HASTY)
    assert getattr(caught.value, "retry_after_seconds", None) == wait


def test_a_connection_that_breaks_during_the_login_is_no_refusal(fake):
    fake.scripts[b"LOGIN"] = lambda connection, tag, _: connection.cut()
    with pytest.raises(MailboxUnreachableError):
        MailboxSession(a_mailbox(fake), HASTY)


def test_capabilities_are_asked_for_again_after_the_login(fake):
    def login(connection: Connection, tag: bytes, arguments: bytes) -> None:
        fake.capabilities = b"IMAP4rev1 IDLE"
        connection.send(tag + b" OK done\r\n")

    fake.greeting, fake.capabilities = b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", b"IMAP4rev1 STARTTLS"
    fake.scripts[b"LOGIN"] = login
    with session(fake) as door:
        assert door.can_idle


def test_a_server_that_is_not_there_is_unreachable(fake):
    fake.stop()
    assert "does not answer" in str(check_login(a_mailbox(fake)))


def test_a_missing_folder_is_named(dovecot, user):
    with pytest.raises(MailboxFolderMissingError, match="No/Such"), session(dovecot, user, folder="No/Such"):
        pass


def junk_folder(dovecot, user, **more):
    return found_folder(dovecot, user, Part.JUNK, **more)


def found_folder(dovecot, user, part, **more):
    with session(dovecot, user, **more) as door:
        return door.find_folder(part)


def test_the_junk_folder_is_the_one_the_server_marks_else_the_one_that_is_called_so(dovecot, user):
    assert junk_folder(dovecot, user) is None
    for name in ("Not Spam", "Projects.Spam"):
        dovecot.create(user, name)
    assert junk_folder(dovecot, user) is None
    dovecot.create(user, "Courrier indésirable")
    assert junk_folder(dovecot, user) == "Courrier indésirable"
    dovecot.create(user, "Junk")
    assert junk_folder(dovecot, user) == "Junk"


def test_the_configuration_may_name_the_junk_folder_or_switch_it_off(dovecot, user):
    dovecot.create(user, "Junk")
    assert junk_folder(dovecot, user, junk="off") is None
    assert junk_folder(dovecot, user, junk="Filter/Bad") == "Filter.Bad"
    assert junk_folder(dovecot, user, junk="INBOX") is None, "the mailbox's own folder is not read twice"


def test_the_sent_folder_is_found_or_named_likewise(dovecot, user):
    assert found_folder(dovecot, user, Part.SENT) is None
    dovecot.create(user, "Gesendete Elemente")
    assert found_folder(dovecot, user, Part.SENT) == "Gesendete Elemente"
    dovecot.create(user, "Sent")
    assert found_folder(dovecot, user, Part.SENT) == "Sent"
    assert found_folder(dovecot, user, Part.SENT, sent="off") is None
    assert found_folder(dovecot, user, Part.SENT, sent="Ours/Sent") == "Ours.Sent"


def test_a_keyword_of_the_server_copy_says_junk_unless_another_says_it_is_none(dovecot, user):
    for flags in ([], ["$Junk"], ["junk"], ["$Junk", "$NotJunk"], ["NonJunk"], ["\\Flagged"]):
        dovecot.append(user, an_email(), flags=flags)
    with session(dovecot, user) as door:
        assert [listed.junk for listed in door.describe(door.new_uids(0))] == [False, True, True, False, False, False]


def test_every_error_of_the_door_is_a_mailbox_error(fake):
    for answer in (b"* BAD\r\n", b"", b"{5}\r\n", b"+ what\r\n", b"* 1 FETCH\r\n", b"* SEARCH x y\r\n"):
        fake.scripts[b"UID SEARCH"] = lambda connection, tag, _, answer=answer: connection.send(answer) or connection.cut()
        with session(fake) as door, pytest.raises(MailboxError):
            door.new_uids(0)
