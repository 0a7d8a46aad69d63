"""The SMTP door against a scripted server, and against aiosmtpd."""

import ssl
import subprocess
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maild.config.settings import Smtp
from maild.errors import AccountUnavailableError
from maild.outbox.delivery import Deferred, Failed, Outcome, Sent, Unknown
from maild.outbox.smtp import Account, to_wire
from maild.secret import Secret
from maild.tokens import LetterKind
from tests.rig.fake_smtp import Action, Cut, FakeSmtp, Stall
from tests.rig.letters import NOW, a_delivery, a_letter, composed
from tests.rig.sink import SmtpSink

MINUTE = timedelta(minutes=1)


def an_account(server: FakeSmtp | SmtpSink, *, final_reply_seconds: float = 5.0, command_seconds: float = 5.0, **smtp: object) -> Account:
    account = replace(Smtp(server.host, server.port, "none"), **smtp)
    return Account(
        account,
        hello="acme.example",
        clock=lambda: NOW,
        unknown_retry=15 * MINUTE,
        jitter=lambda: 0.0,
        command_seconds=command_seconds,
        final_reply_seconds=final_reply_seconds,
    )


def sent(script: dict[str, list[Action]], **delivery: object) -> tuple[Outcome, FakeSmtp]:
    with FakeSmtp(script) as server:
        account = an_account(server, command_seconds=0.5, final_reply_seconds=0.5)
        outcome = account.send(a_delivery(**delivery))
        account.close()
    return outcome, server


def check(script: dict[str, list[Action]], kind: type[Outcome], **delivery: object) -> Outcome:
    outcome, _ = sent(script, **delivery)
    assert isinstance(outcome, kind), outcome
    return outcome


def test_a_letter_arrives_byte_by_byte():
    outcome, server = sent({})
    assert outcome == Sent("250 2.0.0 queued as 42")
    assert server.taken[0].raw == a_delivery().raw
    assert server.taken[0].recipients == ("<ann@globex.example>",)
    assert server.taken[0].sender.startswith("<support@acme.example>")
    assert server.commands[-1].upper() == "QUIT"


def test_only_a_loss_after_the_final_dot_leaves_the_outcome_open():
    for phase in ("GREETING", "EHLO", "MAIL", "RCPT", "DATA"):
        check({phase: [Cut(), Cut(), Cut()]}, Deferred)
    check({"DOT": [Cut()]}, Unknown)
    check({"DOT": [Cut(taken=True)]}, Unknown)


def test_silence_counts_like_a_loss():
    check({"RCPT": [Stall(1.5)]}, Deferred)
    check({"DOT": [Stall(1.5)]}, Unknown)


def test_a_slow_final_reply_is_waited_for():
    with FakeSmtp({"DOT": [Stall(0.7)]}) as server:
        account = an_account(server, command_seconds=0.3, final_reply_seconds=5.0)
        assert isinstance(account.send(a_delivery()), Sent)
        account.close()
        assert len(server.taken) == 1


def test_an_unknown_outcome_is_tried_once_more_and_then_no_more():
    outcome = check({"DOT": [Cut()]}, Unknown)
    assert isinstance(outcome, Unknown)
    assert outcome.retry_at == NOW + 15 * MINUTE
    outcome = check({"DOT": [Cut()]}, Unknown, was_unknown=True)
    assert isinstance(outcome, Unknown)
    assert outcome.retry_at is None


def test_refusals_are_permanent_or_not_in_every_phase():
    for phase in ("MAIL", "RCPT", "DATA", "DOT"):
        check({phase: ["550 5.1.1 no"]}, Failed)
        check({phase: ["451 4.7.1 later"]}, Deferred)


def test_a_deferred_letter_is_tried_by_the_schedule_and_given_up_after_two_days():
    outcome = check({"RCPT": ["451 4.7.1 greylisted"]}, Deferred, attempts=2)
    assert isinstance(outcome, Deferred)
    assert outcome.retry_at == NOW + 15 * MINUTE
    assert "451 4.7.1 greylisted" in outcome.error
    check({"RCPT": ["451 4.7.1 greylisted"]}, Failed, attempts=50, created=NOW - timedelta(hours=48))


def test_one_refusal_does_not_stop_the_next_letter():
    with FakeSmtp({"RCPT": ["550 5.1.1 no such user", "451 later"]}) as server:
        account = an_account(server)
        assert [type(account.send(a_delivery(id=number))) for number in range(3)] == [Failed, Deferred, Sent]
        account.close()
        assert server.connections == 1
        assert server.commands.count("RSET") == 2


def test_a_server_that_closes_after_three_letters_costs_no_letter_an_attempt():
    with FakeSmtp(close_after=3) as server:
        account = an_account(server)
        outcomes = [account.send(a_delivery(id=number)) for number in range(10)]
        account.close()
        assert {type(outcome) for outcome in outcomes} == {Sent}
        assert len(server.taken) == 10
        assert server.connections == 4


def test_a_connection_that_the_server_has_closed_is_renewed_before_a_letter_is_claimed_for_it():
    with FakeSmtp(close_after=1) as server:
        account = an_account(server)
        assert isinstance(account.send(a_delivery()), Sent)
        deadline = time.monotonic() + 10
        while server.connections < 2:
            assert time.monotonic() < deadline
            account.connect()
        account.connect()
        assert server.connections == 2
        account.close()


def test_421_at_mail_means_a_new_connection():
    with FakeSmtp({"MAIL": ["250 ok", "421 4.4.2 too long idle"]}) as server:
        account = an_account(server)
        assert [type(account.send(a_delivery())) for _ in range(2)] == [Sent, Sent]
        account.close()
        assert server.connections == 2


def check_trouble(reply: str, phase: str, pause: timedelta) -> None:
    with FakeSmtp({phase: [reply] * 2}) as server:
        account = an_account(server)
        outcome = account.send(a_delivery())
        account.close()
        assert isinstance(outcome, Deferred)
        assert account.trouble is not None
        assert account.trouble.pause == pause
        assert outcome.retry_at >= NOW + pause


def test_replies_that_concern_the_account_pause_it():
    check_trouble("550 5.4.5 Daily user sending limit exceeded", "DOT", timedelta(hours=1))
    check_trouble("530 5.7.0 Authentication required", "MAIL", timedelta(hours=1))
    check_trouble("432 4.3.2 Concurrent connections limit exceeded", "MAIL", MINUTE)
    check_trouble("421 4.7.0 go away", "RCPT", MINUTE)


def check_extensions(extensions: tuple[str, ...], mail: str, **delivery: object) -> None:
    with FakeSmtp(extensions=extensions) as server:
        account = an_account(server)
        outcome = account.send(a_delivery(**delivery))
        account.close()
        said = next((command for command in server.commands if command.startswith("MAIL")), type(outcome).__name__)
        assert said == mail


def test_what_the_server_offers_decides_how_the_letter_is_announced():
    size = len(a_delivery().raw)
    check_extensions((), "MAIL FROM:<support@acme.example>")
    check_extensions(("SIZE 100000",), f"MAIL FROM:<support@acme.example> SIZE={size}")
    check_extensions(("SIZE",), f"MAIL FROM:<support@acme.example> SIZE={size}")
    check_extensions(("SIZE 20",), "Failed")
    check_extensions(("SMTPUTF8",), "MAIL FROM:<support@acme.example> SMTPUTF8", recipient="jürgen@globex.example")
    check_extensions((), "Failed", recipient="jürgen@globex.example")
    check_extensions((), "Failed", recipient="a@b> SIZE=1\r\nRCPT TO:<x@y")
    check_extensions((), "Failed", raw=b"Subject: a\0b\r\n\r\n")
    check_extensions((), "MAIL FROM:<>", envelope_sender="")


def check_envelope(extensions: tuple[str, ...], mail: str, rcpt: str, **delivery: object) -> None:
    with FakeSmtp(extensions=extensions) as server:
        account = an_account(server)
        account.send(a_delivery(**delivery))
        account.close()
        assert [command for command in server.commands if command.startswith(("MAIL", "RCPT"))] == [mail, rcpt]


def test_where_the_server_knows_dsn_it_is_asked_for_reports_with_our_id_and_the_address_as_we_wrote_it():
    plain, id_ = "MAIL FROM:<support@acme.example>", "b77.1.abc"
    check_envelope(("DSN",), f"{plain} RET=HDRS ENVID={id_}", RCPT, envelope_id=id_)
    check_envelope((), plain, "RCPT TO:<ann@globex.example>", envelope_id=id_)
    odd = "RCPT TO:<a+b=c@globex.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@globex.example"
    check_envelope(("DSN",), f"{plain} RET=HDRS ENVID={id_}", odd, envelope_id=id_, recipient="a+b=c@globex.example")
    utf8 = "RCPT TO:<jürgen@globex.example> NOTIFY=FAILURE,DELAY"
    check_envelope(("DSN", "SMTPUTF8"), f"{plain} SMTPUTF8 RET=HDRS ENVID={id_}", utf8, envelope_id=id_, recipient="jürgen@globex.example")


def test_no_report_is_asked_for_where_none_could_come_back():
    check_envelope(("DSN",), "MAIL FROM:<>", "RCPT TO:<ann@globex.example>", envelope_sender="", envelope_id="b77.1.abc")


RCPT = "RCPT TO:<ann@globex.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann@globex.example"


def test_a_domain_outside_ascii_travels_as_punycode():
    outcome, server = sent({}, recipient="ann@bücher.example")
    assert isinstance(outcome, Sent)
    assert server.taken[0].recipients == ("<ann@xn--bcher-kva.example>",)


ENDINGS = [before + b"." + after for before in (b"\n", b"\r", b"\r\n", b"\n\n") for after in (b"\r\n", b"\n", b"\r")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_line_ending_smuggles_a_second_message(ending: bytes):
    raw = b"Subject: one\r\n\r\nhello" + ending + b"MAIL FROM:<evil@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: two\r\n\r\n.\r\n"
    outcome, server = sent({}, raw=raw)
    assert isinstance(outcome, Sent)
    assert len(server.taken) == 1
    assert not [command for command in server.commands if "evil" in command]


def test_dots_are_doubled_and_lines_end_in_crlf():
    def check_wire(raw: bytes, expected: bytes) -> None:
        assert to_wire(raw) == expected

    check_wire(b"a\r\n", b"a\r\n.\r\n")
    check_wire(b".\r\n..\r\n", b"..\r\n...\r\n.\r\n")
    check_wire(b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n")
    check_wire(b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n")
    check_wire(b"", b"\r\n.\r\n")


def test_a_hostile_server_gives_an_outcome_and_no_hang():
    check({"EHLO": ["250-" + "x" * 20_000]}, Deferred)
    check({"MAIL": ["\r\n".join(["250-more"] * 500)]}, Deferred)
    check({"RCPT": ["garbage"]}, Deferred)
    check({"DOT": ["garbage"]}, Unknown)
    check({"GREETING": ["554 no service"]}, Deferred)


def test_an_aborted_account_stops_waiting():
    with FakeSmtp({"DOT": [Stall(20)]}) as server:
        account = an_account(server, final_reply_seconds=60)
        outcomes: list[Outcome] = []
        thread = threading.Thread(target=lambda: outcomes.append(account.send(a_delivery())))
        thread.start()
        while not any(command == "DATA" for command in server.commands):
            time.sleep(0.01)
        time.sleep(0.1)
        account.abort()
        thread.join(2.0)
        assert [type(outcome) for outcome in outcomes] == [Unknown]


# TLS (OPERATIONS T8)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*command.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True)
    return folder


def a_tls_server(certificate: Path, **fields: object) -> FakeSmtp:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return FakeSmtp(tls=context, **fields)


LOGIN = {"username": "desk", "password": Secret("plain", "s3cret")}


def check_tls(server: FakeSmtp, expected: str, **smtp: object) -> None:
    with server:
        account = an_account(server, **{"host": "localhost", **LOGIN, **smtp})
        if expected == "sent":
            assert isinstance(account.send(a_delivery()), Sent)
            assert any(command.startswith("AUTH") for command in server.commands)
        else:
            with pytest.raises(AccountUnavailableError, match=expected):
                account.connect()
            assert not [command for command in server.commands if command.startswith(("AUTH", "MAIL"))]
        account.close()


def test_a_verified_certificate_is_required_before_the_first_secret(certificate: Path):
    ca = certificate / "cert.pem"
    offers = ("STARTTLS", "AUTH PLAIN LOGIN")
    check_tls(a_tls_server(certificate, extensions=offers), "sent", security="starttls", ca_file=ca)
    check_tls(a_tls_server(certificate, extensions=offers, implicit_tls=True), "sent", security="tls", ca_file=ca)
    check_tls(a_tls_server(certificate, extensions=offers), "self-signed", security="starttls")
    check_tls(a_tls_server(certificate, extensions=offers, implicit_tls=True), "self-signed", security="tls")
    check_tls(a_tls_server(certificate, extensions=offers), "mismatch|not valid", security="starttls", ca_file=ca, host="127.0.0.1")
    check_tls(a_tls_server(certificate, extensions=("AUTH PLAIN",)), "does not offer STARTTLS", security="starttls", ca_file=ca)
    check_tls(
        a_tls_server(certificate, extensions=offers, script={"STARTTLS": ["220 go\r\n250 injected"]}),
        "plain text",
        security="starttls",
        ca_file=ca,
    )


def test_authorities_are_read_only_where_a_connection_is_encrypted(certificate: Path):
    """Those of the system are some hundred, and to read them takes longer than to send a letter. Here the file is none."""
    missing = certificate / "missing.pem"
    check_tls(FakeSmtp(extensions=("AUTH PLAIN",)), "sent", security="none", host="127.0.0.1", ca_file=missing)
    for security in ("starttls", "tls"):
        server = a_tls_server(certificate, extensions=("STARTTLS", "AUTH PLAIN"), implicit_tls=security == "tls")
        check_tls(server, "No such file", security=security, ca_file=missing)


def test_a_refused_login_is_the_accounts_trouble():
    with FakeSmtp({"AUTH": ["535 5.7.8 wrong password"] * 3}, extensions=("AUTH PLAIN",)) as server:
        account = an_account(server, **LOGIN)
        with pytest.raises(AccountUnavailableError, match=r"535 5\.7\.8 wrong password"):
            account.connect()


# aiosmtpd


def test_real_letters_reach_a_real_server_unchanged(sink: SmtpSink):
    account = an_account(sink)
    letters = [composed(a_letter(kind)) for kind in LetterKind]
    for letter in letters:
        outcome = account.send(a_delivery(raw=letter.raw, envelope_sender=letter.envelopes[0].sender))
        assert isinstance(outcome, Sent)
    account.close()
    assert [mail.raw for mail in sink.wait_for(len(letters))] == [letter.raw for letter in letters]


def test_each_recipient_has_his_own_fate(sink: SmtpSink):
    sink.refuse("bob@globex.example", "550 5.1.1 unknown")
    sink.refuse("eve@globex.example", "451 4.7.1 later")
    account = an_account(sink)
    people = ("ann@globex.example", "bob@globex.example", "eve@globex.example")
    outcomes: dict[str, Outcome] = {person: account.send(a_delivery(recipient=person)) for person in people}
    account.close()
    assert [type(outcome) for outcome in outcomes.values()] == [Sent, Failed, Deferred]
    assert [mail.recipients for mail in sink.wait_for(1)] == [("ann@globex.example",)]


def test_a_login_is_made_where_the_server_wants_one():
    sink = SmtpSink(login=("desk", "s3cret")).start()
    try:
        account = an_account(sink, **LOGIN)
        assert isinstance(account.send(a_delivery()), Sent)
        account.close()
        assert sink.logins == ["desk"]
    finally:
        sink.stop()
