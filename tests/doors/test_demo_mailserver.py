"""The demo's little mail provider: mail flows between its mailboxes, and clients see what they would see elsewhere."""

import smtplib
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from maild.demo.mailserver import Playground
from maild.ingest.imap import MailboxSession
from maild.ingest.imap_wire import USUAL_TIMING
from maild.ingest.mailbox_checkup import check_mailbox
from maild.ingest.watcher import Watcher
from tests.rig.mails import an_email
from tests.rig.shelf import Shelf

ANN, ANNA, SUPPORT = "ann@globex.example", "anna@acme.example", "support@acme.example"


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    playground = Playground.start([ANN, ANNA, SUPPORT])
    yield playground
    playground.stop()


def test_mail_flows_from_one_mailbox_to_another(playground):
    raw = an_email(sender=f"Ann <{ANN}>", to=SUPPORT, subject="Grüße")
    playground.send(ANN, raw)
    [received] = playground.mailbox(SUPPORT)
    assert received.endswith(raw)
    assert received.startswith(b"Return-Path: <ann@globex.example>\r\nDelivered-To: support@acme.example\r\n")
    assert playground.mailbox(ANNA) == []


def test_senders_are_judged_by_their_login(playground):
    def verdict(login: str, header_from: str) -> bool:
        playground.send(login, an_email(sender=header_from, to=ANNA))
        return b"Authentication-Results: mx.playground.example; dmarc=pass" in playground.mailbox(ANNA)[-1]

    assert verdict(ANN, f"Ann <{ANN}>")
    assert not verdict(ANN, f"Anna <{SUPPORT}>")
    assert not verdict("stranger@elsewhere.example", "stranger@elsewhere.example")
    assert not verdict("stranger@elsewhere.example", f"Ann <{ANN}>")


def test_plus_addresses_reach_their_owner_and_strangers_are_refused(playground):
    before = len(playground.mailbox(ANNA))
    playground.send(ANN, an_email(to="anna+desk@acme.example"))
    assert len(playground.mailbox(ANNA)) == before + 1
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        playground.send(ANN, an_email(to="nobody@acme.example"))


def test_a_wrong_password_opens_nothing(playground):
    with smtplib.SMTP(playground.host, playground.smtp_port) as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login(ANN, "wrong")


def test_a_desk_can_watch_its_mailbox_here(playground):
    shelf = Shelf()
    watcher = Watcher(playground.account(SUPPORT), shelf)
    watcher.start()
    try:
        known = len(shelf.wait_for(len(playground.mailbox(SUPPORT))))
        began = time.monotonic()
        playground.send(ANN, an_email(to=SUPPORT))
        shelf.wait_for(known + 1)
        assert time.monotonic() - began < 1
    finally:
        watcher.stop()


def test_a_mail_that_comes_just_before_idle_is_told_in_idle(playground):
    stop = threading.Event()
    with closing(MailboxSession(playground.account(ANN), replace(USUAL_TIMING, near_poll=0))) as session:
        session.select()
        session.idle(0, stop)
        playground.send(ANNA, an_email(to=ANN))
        began = time.monotonic()
        assert session.idle(60, stop)
        assert time.monotonic() - began < 30


def test_a_mail_client_finds_an_ordinary_server(playground):
    assert {finding.level for finding in check_mailbox(playground.account(ANN))} == {"ok"}
    with closing(MailboxSession(playground.account(ANN))) as session:
        session.append("INBOX", an_email(), ["\\Seen"])
        session.select()
        assert session.new_uids(0)


def test_nothing_is_left_behind():
    playground = Playground.start([ANN])
    child = playground._child
    threads = threading.active_count()
    playground.send(ANN, an_email(to=ANN))
    playground.stop()
    assert child.returncode is not None
    assert not Path(f"/proc/{child.pid}").exists()
    assert threading.active_count() < threads
