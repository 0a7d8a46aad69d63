"""Trouble: a broken configuration, servers that are down, mails that break a step. Nothing is lost, the rest goes on (issue: Bad input)."""

import re
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from maild.ingest.arrival import Arrival
from maild.store import incoming
from maild.store.engine import open_store
from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.office import RunningDesk, an_answer_to, eventually, text_of
from tests.rig.postgres import PostgresServer
from tests.rig.servers import free_port
from tests.rig.sink import SmtpSink

DeskMaker = Callable[..., RunningDesk]
_numbers = count(1)


def a_request(desk: RunningDesk, **more: Any) -> bytes:
    return an_email(sender="ann@trouble.example", to=desk.at("support"), subject=more.pop("subject", f"Trouble {next(_numbers)}"), **more)


# Configuration


def test_a_broken_configuration_is_refused_with_every_fault_and_nothing_starts(make_desk: DeskMaker):
    desk = make_desk(support="agents: [ana], led: boris", extra="limitz: {}")
    desk.put(a_request(desk))
    process = desk.launch()
    assert process.wait(timeout=20) == 2
    said = desk.log()
    for fault in ("limitz", "led", "ana", "anna"):
        assert fault in said
    assert "Traceback" not in said
    assert not (desk.directory / "maild.db").exists()
    assert desk.maild("check", status=2) is not None


def test_a_broken_rule_file_and_a_broken_template_are_refused_too(make_desk: DeskMaker):
    desk = make_desk(rules="version: 1\nrules: [{id: x, when: ticket.created, if: {subjct: x}, do: [{tag: [x]}]}]\n")
    assert desk.launch().wait(timeout=20) == 2
    assert "10-test.yaml:2" in desk.log()
    (desk.directory / "rules" / "10-test.yaml").unlink()
    own = desk.directory / "templates" / "en"
    own.mkdir(parents=True)
    (own / "received.body.txt").write_text("Dear {{ custmer }}\n", encoding="utf-8")
    assert desk.launch().wait(timeout=20) == 2
    assert "custmer" in desk.log()


# A daemon that is down


def test_a_killed_daemon_is_noticed(make_desk: DeskMaker):
    desk = make_desk()
    process = desk.launch_and_wait()
    running = desk.ask("status")["daemon"]
    assert (running["state"], running["pid"], running["last_sign"] is not None) == ("running", process.pid, True)
    assert f"daemon: running (process {process.pid} on " in desk.maild("status", status=None)
    process.kill()
    process.wait()
    assert f"daemon: no daemon is running: process {process.pid} on " in desk.maild("status", status=1)
    gone = desk.ask("status")
    assert (gone["daemon"]["state"], gone["daemon"]["last_sign"]) == ("gone", running["last_sign"])
    assert any("died" in trouble for trouble in gone["troubles"])
    assert "fail  daemon: no daemon is running" in desk.maild("doctor", status=1)


def test_a_stopped_daemon_is_noticed_until_one_runs_again_or_is_not_needed(make_desk: DeskMaker):
    desk = make_desk()
    process = desk.launch_and_wait()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert "was stopped" in desk.maild("status", status=1)
    desk.maild_process("run", "--once")
    assert "the last `maild run --once` was" in desk.maild("status", status=0)
    desk.start()
    assert desk.ask("status")["daemon"]["state"] == "running"


# Servers that are down


def test_a_second_daemon_is_refused_and_a_killed_one_hinders_nobody(make_desk: DeskMaker):
    desk = make_desk()
    first = desk.launch_and_wait()
    eventually(lambda: desk.mailbox_states() == {"sales": "watching", "support": "watching"})
    second = desk.launch()
    assert second.wait(timeout=60) == 1
    refusal = rf"^maild: maild runs already on this database: process {first.pid}, since \d{{4}}-\d\d-\d\d [\d:]{{8}}; stop it first$"
    assert re.search(refusal, desk.log(), re.MULTILINE)
    desk.maild_process("run", "--once")
    assert desk.ask("status")["daemon"]["pid"] == first.pid
    assert set(desk.mailbox_states().values()) == {"watching"}
    first.kill()
    third = desk.fork()
    eventually(lambda: desk.ask("status")["daemon"]["pid"] == third.pid, seconds=60)
    third.send_signal(signal.SIGTERM)
    assert third.wait(40) == 0
    fourth = desk.fork()
    eventually(lambda: desk.ask("status")["daemon"]["pid"] == fourth.pid, seconds=60)


def test_imap_down_at_the_start_and_later_is_said_and_caught_up_with(make_desk: DeskMaker, dovecot_server: DovecotServer):
    desk = make_desk()
    desk.put(a_request(desk))
    dovecot_server.kill()
    desk.start()
    eventually(lambda: set(desk.mailbox_states().values()) == {"unreachable"})
    eventually(lambda: any("unreachable" in trouble for trouble in desk.ask("status")["troubles"]))
    dovecot_server.ensure_running()
    desk.letter("ann@trouble.example")
    dovecot_server.kill()
    eventually(lambda: "unreachable" in desk.mailbox_states().values())
    dovecot_server.ensure_running()
    desk.put(a_request(desk))
    desk.letter("ann@trouble.example", 2, 30)
    assert len(desk.tickets()) == 2


def test_smtp_down_keeps_the_letters_and_sends_them_later(make_desk: DeskMaker):
    sink = SmtpSink(port=free_port())
    desk = make_desk()
    desk.sink = sink
    desk.configure()
    desk.start()
    eventually(lambda: desk.mailbox_states().get("support") == "watching")
    desk.put(a_request(desk))
    eventually(lambda: bool(desk.tickets()))
    eventually(lambda: desk.ask("status")["outbox"].get("queued") == 2)
    eventually(lambda: any(str(sink.port) in trouble for trouble in desk.ask("status")["troubles"]))
    sink.start()
    try:
        sink.wait_for(2, seconds=60)
        desk.settle()
        assert {row["state"] for row in desk.ask("outbox", "list")} == {"sent"}
    finally:
        desk.stop()
        sink.stop()


def test_one_of_three_recipients_refused_does_not_stop_the_others_and_later_is_tried_again(make_desk: DeskMaker, sink: SmtpSink):
    desk = make_desk().start()
    row = desk.receive(a_request(desk, headers={"Cc": "gone@trouble.example, busy@trouble.example"}))
    sink.refuse("gone@trouble.example", "550 5.1.1 unknown")
    sink.refuse("busy@trouble.example", "451 4.7.1 later", times=1)
    desk.receive(an_answer_to(desk.letters("anna")[0], desk.at("anna"), "For all three of you.\n"))
    states = {item["to"]: (item["state"], item["error"]) for item in desk.ask("outbox", "list") if item["kind"] == "answer"}
    assert {to: state for to, (state, _) in states.items()} == {
        "ann@trouble.example": "sent",
        "gone@trouble.example": "failed",
        "busy@trouble.example": "deferred",
    }
    assert "5.1.1" in states["gone@trouble.example"][1]
    (deferred,) = desk.ask("outbox", "list", "--state", "deferred")
    assert deferred["next_attempt"]
    desk.maild("outbox", "retry", str(deferred["id"]))
    retried = desk.letter("busy@trouble.example")
    assert retried["Message-ID"].strip("<>") == deferred["message_id"].strip("<>")
    assert retried.as_string() == desk.letters("ann@trouble.example")[-1].as_string(), "the same bytes for everybody (O6)"
    assert row["state"] == "done"


def test_an_answer_that_failed_and_is_delivered_after_all_is_no_longer_undeliverable(make_desk: DeskMaker, sink: SmtpSink):
    desk = make_desk().start()
    number = desk.receive(a_request(desk, headers={"Cc": "gone@trouble.example, full@trouble.example"}))["ticket"]
    for address in ("gone@trouble.example", "full@trouble.example"):
        sink.refuse(address, "550 5.7.1 not now", times=1)
    desk.ask("ticket", "reply", str(number), "For all three of you.", "--as", "anna")
    desk.settle()
    failed = {row["to"]: row["id"] for row in desk.ask("outbox", "list", "--state", "failed")}
    assert (len(failed), desk.ticket(number)["tags"]) == (2, ["undeliverable"])
    for address, tags in (("gone@trouble.example", ["undeliverable"]), ("full@trouble.example", [])):
        desk.maild("outbox", "retry", str(failed[address]))
        desk.letter(address)
        eventually(lambda address=address: desk.ticket(number)["events"][-1]["text"] == f"answer to {address} was delivered after all")
        assert desk.ticket(number)["tags"] == tags


def test_a_mailbox_with_a_wrong_password_does_not_disturb_the_other(make_desk: DeskMaker, dovecot_server: DovecotServer):
    desk = make_desk()
    configuration = (desk.directory / "maild.yaml").read_text(encoding="utf-8")
    wrong = configuration.replace(
        f"username: {desk.at('sales')}, password: {dovecot_server.password}", f"username: {desk.at('sales')}, password: no"
    )
    (desk.directory / "maild.yaml").write_text(wrong, encoding="utf-8")
    desk.start()
    eventually(lambda: desk.mailbox_states()["sales"] == "auth_required")
    assert desk.receive(a_request(desk))["state"] == "done"
    eventually(lambda: any("sales" in trouble for trouble in desk.ask("status")["troubles"]))


def test_while_the_database_is_down_nothing_is_fetched_away_and_afterwards_nothing_is_missing(
    own_postgres: PostgresServer, make_desk: DeskMaker
):
    desk = make_desk(storage=own_postgres.create("trouble"), mailbox=", after: delete").start()
    desk.receive(a_request(desk))
    own_postgres.kill()
    try:
        for _ in range(3):
            desk.put(a_request(desk))
        eventually(lambda: len(desk.dovecot.messages(desk.at("support"))) == 3)
    finally:
        own_postgres.restart()
    eventually(lambda: len(desk.tickets()) == 4, 40)
    desk.settle()
    assert len(desk.letters("ann@trouble.example")) == 4
    eventually(lambda: desk.dovecot.messages(desk.at("support")) == [])


# Mails that break a step


def test_a_mail_that_breaks_a_step_is_held_with_its_traceback_and_the_others_go_on(make_desk: DeskMaker):
    """The desk's own template divides by nothing for a subject of 33 characters, which `maild check` cannot foresee."""
    desk = make_desk()
    own = desk.directory / "templates" / "en"
    own.mkdir(parents=True)
    template = own / "received.body.txt"
    template.write_text("{{ 1 // (ticket.subject|length - 33) }} {{ ticket.number }}\n", encoding="utf-8")
    (own / "received.subject.txt").write_text("Received\n", encoding="utf-8")
    desk.start()
    broken = desk.receive(a_request(desk, subject="x" * 33))
    good = desk.receive(a_request(desk, subject="x" * 34))
    assert (broken["state"], broken["ticket"], good["state"]) == ("held", None, "done")
    assert [row["id"] for row in desk.ask("message", "list", "--state", "held")] == [broken["id"]]
    assert "Traceback" in desk.ask("message", "show", str(broken["id"]))["error"]
    assert any("held" in trouble for trouble in desk.ask("status")["troubles"])
    assert len(desk.tickets()) == 1

    template.write_text("{{ ticket.number }}\n", encoding="utf-8")
    assert desk.app is not None
    assert desk.app.reload().done
    desk.maild("message", "retry", str(broken["id"]))
    desk.letter("ann@trouble.example", 2)
    assert len(desk.tickets()) == 2
    assert desk.ask("message", "list", "--state", "held") == []


# A mailbox that is made anew, a queue that is renamed


def test_after_a_change_of_uidvalidity_nothing_is_done_a_second_time(make_desk: DeskMaker, dovecot_server: DovecotServer):
    """Dovecot loses its indexes and all mail comes once more: an agent's `#close`, which left no message, does not run again (I2, F1)."""
    desk = make_desk().start()
    number = int(desk.receive(a_request(desk, subject="Index lost"))["ticket"])
    notice = desk.letter_about("anna", "Index lost")
    desk.receive(an_answer_to(notice, f"Anna <{desk.at('anna')}>", "#close\n"))
    assert desk.ticket(number)["status"] == "closed"
    desk.maild("ticket", "reopen", str(number))
    desk.stop()
    before = desk.ticket(number)["messages"]
    dovecot_server.wipe_indexes(desk.at("support"))
    desk.start()
    desk.receive(a_request(desk, subject="And a new one"))
    assert [row["state"] for row in desk.incoming()] == ["done", "duplicate", "duplicate", "done", "done"]
    assert (desk.ticket(number)["status"], len(desk.tickets())) == ("open", 2)
    assert desk.ticket(number)["messages"] == before
    assert len(desk.letters_about("ann@trouble.example", "Index lost")) == 2, "acknowledged and told of the closing, once each"


def test_a_renamed_queue_loses_neither_tickets_nor_letters(make_desk: DeskMaker):
    desk = make_desk().start()
    number = int(desk.receive(a_request(desk, subject="Renamed"))["ticket"])
    notice = desk.letter_about("anna", "Renamed")
    desk.maild("outbox", "pause")
    desk.maild("ticket", "reply", str(number), "--as", "anna", "We look at it.")
    configuration = desk.directory / "maild.yaml"
    renamed = (
        configuration.read_text(encoding="utf-8")
        .replace("  support: {", "  helpdesk: {")
        .replace("mailbox: support,", "mailbox: helpdesk,")
    )
    configuration.write_text(renamed, encoding="utf-8")
    assert desk.app is not None
    assert desk.app.reload().done
    assert any("1 unfinished ticket in queue support, which is no longer configured" in told for told in desk.ask("status")["troubles"])
    desk.maild("outbox", "resume")
    desk.put(an_answer_to(notice, f"Anna <{desk.at('anna')}>", "Here you are.\n"))
    eventually(lambda: len(desk.letters_about("ann@trouble.example", "Renamed")) == 3)
    assert desk.ticket(number)["queue"] == "helpdesk"
    assert "there is no queue support any more" in str(desk.ticket(number)["events"])
    assert not any("no longer configured" in told for told in desk.ask("status")["troubles"])


def test_a_mail_the_server_withheld_is_held_and_fetched_again_at_a_persons_word(make_desk: DeskMaker, storage: str):
    """OPERATIONS I12. That the day of tries is over is written into the store here; the server hands the mail over by now."""
    desk = make_desk(storage=storage, mailbox=", after: delete")
    raw = a_request(desk, subject="Withheld")
    desk.put(raw)
    with desk.dovecot.connect(desk.at("support")) as client:
        uid_validity = client.select_folder("INBOX")[b"UIDVALIDITY"]
    store = open_store(desk.storage, desk.directory, create=True)
    header = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    withheld = Arrival("support", header, datetime.now(UTC), uid_validity, 1, full_size=len(raw), withheld="not handed over for a day")
    with store.writing() as tx:
        incoming.store_arrivals(tx, [withheld], datetime.now(UTC))
    store.close()
    desk.start()
    held = desk.settled_after(0)
    assert (held["state"], held["reason"], held["from"], held["subject"], held["ticket"]) == (
        "held",
        "withheld: not handed over for a day",
        "ann@trouble.example",
        "Withheld",
        None,
    )
    assert any("held" in trouble for trouble in desk.ask("status")["troubles"])
    eventually(lambda: desk.mailbox_states().get("support") == "watching")
    assert (desk.tickets(), len(desk.dovecot.messages(desk.at("support")))) == ([], 1)
    desk.maild("message", "retry", str(held["id"]))
    desk.letter("ann@trouble.example", seconds=30)
    assert [row["state"] for row in desk.incoming()] == ["done"]
    eventually(lambda: desk.dovecot.messages(desk.at("support")) == [])


def test_a_mail_too_large_is_a_tagged_ticket_and_its_sender_is_told_once(make_desk: DeskMaker):
    """MAIL.md P13: never skipped silently."""
    desk = make_desk(mailbox=", max_size: 20KiB").start()
    body = "The plans are attached.\n" + "x" * 70 + "\n"
    files = [("plans.bin", "application/octet-stream", b"\0" * 30_000)]
    row = desk.receive(an_email_with_files(files, body=body, sender="ann@trouble.example", to=desk.at("support"), subject="Plans"))
    ticket = desk.ticket(row["ticket"])
    assert (row["state"], ticket["tags"]) == ("done", ["oversize"])
    assert "The plans are attached." in ticket["messages"][0]["text"]
    (notice,) = desk.letters("ann@trouble.example")
    assert "at most 20 KiB" in text_of(notice)
    assert (notice["Auto-Submitted"], ticket["tag"] in notice["Subject"]) == ("auto-replied", True)
    (told,) = desk.letters_about("anna", "Plans")
    assert "only its beginning was fetched" in " ".join(text_of(told).split())


# Coming and going


def test_run_once_does_all_there_is_to_do_and_exits(make_desk: DeskMaker):
    desk = make_desk()
    for _ in range(3):
        desk.put(a_request(desk))
    desk.maild_process("run", "--once")
    assert len(desk.tickets()) == 3
    assert len(desk.letters("ann@trouble.example")) == 3
    desk.maild_process("run", "--once")
    assert len(desk.tickets()) == 3


def test_sigterm_finishes_what_is_begun_and_a_new_daemon_does_the_rest_exactly_once(make_desk: DeskMaker, dovecot_server: DovecotServer):
    desk = make_desk()
    dovecot_server.append_all(desk.at("support"), [a_request(desk) for _ in range(30)])
    process = desk.launch_and_wait()
    eventually(lambda: bool(desk.incoming()))
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=35) == 0
    assert desk.ask("status")["outbox"].get("sending", 0) == 0
    desk.start()
    eventually(lambda: len(desk.tickets()) == 30)
    desk.settle()
    subjects = [letter["Subject"] for letter in desk.letters("ann@trouble.example")]
    assert (len(subjects), len(set(subjects))) == (30, 30)
