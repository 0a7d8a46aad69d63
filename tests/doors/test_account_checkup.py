"""A sending account's checkup against scripted servers and aiosmtpd: nothing is ever sent (OPERATIONS C12, T10)."""

import ssl
from dataclasses import replace
from pathlib import Path

from maild.config.settings import Smtp
from maild.finding import Finding
from maild.outbox.account_checkup import check_account
from maild.secret import Secret
from tests.rig.dovecot import make_certificates
from tests.rig.fake_smtp import Cut, FakeSmtp
from tests.rig.servers import free_port
from tests.rig.sink import SmtpSink

MIB = 1024 * 1024
SUPPORT = "support@acme.example"


def checked(server: FakeSmtp | SmtpSink, *senders: str, largest: int = 20 * MIB, **account: object) -> list[Finding]:
    return check_account(replace(Smtp(server.host, server.port, "none"), **account), "acme.example", senders, largest)


def texts(findings: list[Finding], level: str) -> str:
    return "\n".join(finding.text for finding in findings if finding.level == level)


def test_an_account_is_tried_for_every_department_and_nothing_is_sent():
    with FakeSmtp(extensions=("SIZE 52428800", "DSN", "AUTH PLAIN")) as server:
        found = checked(server, SUPPORT, "sales@acme.example", username="desk", password=Secret("plain", "x"))
        assert {finding.level for finding in found} == {"ok"}
        for words in ("login as desk", "it offers SIZE, DSN", "up to 50 MiB", f"takes mail from {SUPPORT}", "takes mail from sales@"):
            assert words in texts(found, "ok")
        assert [command for command in server.commands if command.startswith("DATA")] == []
        assert (server.taken, server.commands[-1]) == ([], "QUIT")
        assert server.commands.count("RSET") == 2


def test_a_real_server_is_tried_the_same(sink: SmtpSink):
    assert {finding.level for finding in checked(sink, SUPPORT)} == {"ok"}
    assert sink.mails == []


def test_a_department_the_login_may_not_send_as_is_a_fault():
    with FakeSmtp({"MAIL": ["250 ok", "553 5.7.1 not owned by user desk"]}) as server:
        found = checked(server, SUPPORT, "sales@acme.example", "billing@acme.example")
    assert "sales@acme.example: 553 5.7.1 not owned by user desk (to MAIL FROM)" in texts(found, "fail")
    assert "billing@acme.example" in texts(found, "ok")
    with FakeSmtp({"RCPT": ["451 4.7.1 greylisted"]}) as server:
        assert "451 4.7.1 greylisted (to RCPT TO)" in texts(checked(server, SUPPORT), "warn")


def test_a_limit_below_what_attachments_may_take_is_told_with_what_would_fit():
    with FakeSmtp(extensions=(f"SIZE {14 * MIB}",)) as server:
        (warning,) = (finding for finding in checked(server, SUPPORT) if finding.level == "warn")
        assert "attach_max: 10MiB" in warning.remedy
        assert texts(checked(server, SUPPORT, largest=9 * MIB), "warn") == ""


def test_an_account_that_cannot_be_used_is_one_fault():
    with FakeSmtp({"AUTH": ["535 5.7.8 wrong password"] * 3}, extensions=("AUTH PLAIN",)) as server:
        (fault,) = checked(server, SUPPORT, username="desk", password=Secret("plain", "x"))
    assert (fault.level, "535 5.7.8 wrong password" in fault.text) == ("fail", True)
    assert fault.remedy == "see username and password of `smtp`"
    (away,) = checked(server, SUPPORT, port=free_port())
    assert ("cannot be used" in away.text, away.remedy) == (True, "see host, port and security of `smtp`")


def test_a_certificate_that_is_not_trusted_names_the_key_for_an_authority_of_ones_own(tmp_path: Path):
    make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with FakeSmtp(tls=context, implicit_tls=True) as server:
        (fault,) = checked(server, SUPPORT, security="tls")
        assert f"the certificate of {server.host}:{server.port} is not trusted: " in fault.text
        assert "`ca_file`" in fault.remedy
        (missing,) = checked(server, SUPPORT, security="tls", ca_file=tmp_path / "none.pem")
        assert missing.remedy == "see `ca_file` of `smtp`"
        assert texts(checked(server, SUPPORT, security="tls", ca_file=tmp_path / "ca.pem"), "fail") == ""


def test_a_server_that_breaks_off_is_a_fault_and_no_crash():
    with FakeSmtp({"MAIL": [Cut()]}) as server:
        assert "the connection broke" in texts(checked(server, SUPPORT), "fail")
