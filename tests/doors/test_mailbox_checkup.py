"""A mailbox's checkup against a real Dovecot, and against a server that lacks this and that (OPERATIONS C12, I20)."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild.config.settings import After, Mailbox
from maild.finding import MEBIBYTE, Finding, judge_certificate, judge_clock, remedy_for_certificate
from maild.ingest.mailbox_checkup import check_mailbox
from maild.secret import Secret
from tests.rig.dovecot import DovecotServer
from tests.rig.fake_imap import FakeImap
from tests.rig.mailboxes import a_mailbox
from tests.rig.mails import an_email

NOW = datetime(2026, 11, 20, tzinfo=UTC)
KEYS = ("ca_file", "host", "port", "security", "username", "password")


@pytest.fixture
def fake() -> Iterator[FakeImap]:
    server = FakeImap().start()
    yield server
    server.stop()


def texts(findings: list[Finding], level: str) -> str:
    return "\n".join(finding.text for finding in findings if finding.level == level)


def test_a_mailbox_is_checked_without_changing_it(dovecot: DovecotServer, user: str):
    dovecot.append(user, an_email())
    dovecot.create(user, "Sent")
    found = check_mailbox(a_mailbox(dovecot, user, after=After("move", "Done")))
    assert {finding.level for finding in found} == {"ok"}
    for words in ("login as", "1 messages", "IDLE", "Sent is Sent, no Junk (by SPECIAL-USE)", "the clock agrees"):
        assert words in texts(found, "ok")
    assert "Done" not in dovecot.folders(user)
    assert "\\Seen" not in dovecot.messages(user)[0].flags


@pytest.mark.parametrize(("max_size", "words"), [(25, ("up to 25 MiB", "18 MiB")), (2, ("up to 2.0 MiB", "1.4 MiB"))])
def test_how_large_mail_may_be_is_told_with_the_files_it_may_hold(fake: FakeImap, max_size: int, words: tuple[str, str]):
    (told,) = (finding.text for finding in check_mailbox(a_mailbox(fake, max_size=max_size * MEBIBYTE)) if "max_size" in finding.text)
    assert all(each in told for each in words), told


def test_of_the_junk_folder_is_told_how_much_lies_in_it_and_that_it_is_missing(dovecot: DovecotServer, user: str):
    dovecot.create(user, "Junk")
    dovecot.append_all(user, [an_email(), an_email()], folder="Junk")
    found = check_mailbox(a_mailbox(dovecot, user))
    assert "junk folder Junk holds 2 messages" in texts(found, "ok")
    assert "Junk is Junk" in texts(found, "ok")
    assert "no folder Bad" in texts(check_mailbox(a_mailbox(dovecot, user, junk="Bad")), "warn")
    assert "unk folder" not in texts(check_mailbox(a_mailbox(dovecot, user, junk="off")), "ok")


def test_a_missing_folder_is_a_fault_and_the_rest_is_told(dovecot: DovecotServer, user: str):
    found = check_mailbox(a_mailbox(dovecot, user, folder="Nowhere"))
    assert "login as" in texts(found, "ok")
    assert "Nowhere" in texts(found, "fail")


def test_a_certificate_that_ends_soon_is_told_before_it_does(dovecot: DovecotServer, user: str):
    mailbox = a_mailbox(dovecot, user, security="tls", port=dovecot.tls_port, ca_file=dovecot.ca_file)
    assert "the certificate is good until" in texts(check_mailbox(mailbox), "warn"), "the rig's certificates live for two days"
    assert judge_certificate(NOW + timedelta(days=60), NOW).level == "ok"
    assert judge_certificate(NOW + timedelta(days=13), NOW).level == "warn"


def test_mail_from_the_future_shows_that_our_clock_is_behind(dovecot: DovecotServer, user: str):
    dovecot.append(user, an_email(), date=datetime.now(UTC) + timedelta(minutes=10))
    assert "behind the server's dates" in texts(check_mailbox(a_mailbox(dovecot, user)), "warn")
    assert "ahead of" in judge_clock(timedelta(minutes=-10), "x").text
    assert judge_clock(timedelta(seconds=-59), "x").level == "ok"


def test_what_a_server_lacks_is_told_where_it_matters(fake: FakeImap):
    fake.capabilities = b"IMAP4rev1"
    found = check_mailbox(a_mailbox(fake, after=After("delete")))
    assert "neither MOVE nor UIDPLUS" in texts(found, "warn")
    assert "no IDLE" in texts(found, "ok")
    assert texts(check_mailbox(a_mailbox(fake)), "warn") == ""


def test_gmail_is_known_by_its_extension(fake: FakeImap):
    fake.capabilities += b" X-GM-EXT-1"
    assert "this is Gmail" in texts(check_mailbox(a_mailbox(fake)), "warn")


def check_fault(mailbox: Mailbox, words: str, *keys: str) -> None:
    (fault,) = check_mailbox(mailbox)
    assert (fault.level, words in fault.text) == ("fail", True), fault
    assert [key for key in KEYS if key in fault.remedy] == list(keys), fault


def test_a_login_that_fails_is_one_fault_and_names_the_keys_it_rests_on(dovecot: DovecotServer, user: str, fake: FakeImap, tmp_path: Path):
    check_fault(a_mailbox(dovecot, user, password=Secret("plain", "wrong")), "refuses the login", "username", "password")
    tls = a_mailbox(dovecot, user, security="tls", port=dovecot.tls_port)
    check_fault(tls, "is not trusted", "ca_file", "host")
    check_fault(replace(tls, ca_file=tmp_path / "none.pem"), "No such file", "ca_file")
    fake.stop()
    check_fault(a_mailbox(fake), "does not answer", "host", "port", "security")


@pytest.mark.parametrize(("code", "remedy"), [(10, "renew it on the server"), (62, "`host`"), (64, "`host`"), (18, "`ca_file`")])
def test_what_to_do_about_a_certificate_depends_on_what_is_wrong_with_it(code: int, remedy: str):
    error = ssl.SSLCertVerificationError()
    error.verify_code = code
    assert remedy in remedy_for_certificate(error)
