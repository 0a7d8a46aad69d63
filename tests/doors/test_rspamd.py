"""The door to rspamd: the real one, and scripted ones that misbehave. Whatever they do, it costs no more than its time."""

import ssl
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maild.config.settings import Rspamd
from maild.errors import FilterUnavailableError
from maild.ingest.opinion import Opinion
from maild.ingest.rspamd import MOST_BYTES, ask_rspamd
from maild.ingest.rspamd_checkup import check_rspamd
from maild.secret import Secret
from tests.rig.dovecot import make_certificates
from tests.rig.fake_rspamd import Answer, Drip, FakeRspamd, Flood, Stall, http, verdict
from tests.rig.mails import an_email
from tests.rig.rspamd import GTUBE, RspamdServer
from tests.rig.servers import free_port

SECOND = timedelta(seconds=1)


def ask(url: str, raw: bytes | None = None, **settings: Any) -> Opinion:
    return ask_rspamd(Rspamd(url, **{"timeout": SECOND, **settings}), raw or an_email())


# The real one


def test_the_line_every_filter_knows_is_rejected(rspamd: RspamdServer):
    found = ask(rspamd.url, an_email(body=GTUBE), timeout=10 * SECOND)
    assert (found.score, found.required, found.action, found.symbols) == (15, 15, "reject", ("GTUBE",))
    assert found.is_spam
    assert str(found) == f"rspamd at {rspamd.url.removeprefix('http://')}: reject, score 15 of 15 (GTUBE)"


def test_what_it_finds_comes_with_its_names_and_score(rspamd: RspamdServer):
    found = ask(rspamd.url, an_email(subject="pills, please"), timeout=10 * SECOND)
    assert (found.score, found.action, found.symbols) == (6.5, "add header", ("CHEAP_PILLS", "POLITE"))
    harmless = ask(rspamd.url, timeout=10 * SECOND)
    assert (harmless.score, harmless.action, harmless.symbols, harmless.is_spam) == (0, "no action", (), False)


@pytest.mark.parametrize("raw", [b"", b"\0\xff" * 500, b"no header at all", b"Subject: x\r\n\r\n" + b"long line " * 200_000])
def test_it_has_an_opinion_of_any_bytes(rspamd: RspamdServer, raw: bytes):
    assert ask_rspamd(Rspamd(rspamd.url, 10 * SECOND), raw).action


def test_the_doctor_shows_it_a_harmless_mail(rspamd: RspamdServer):
    finding = check_rspamd(Rspamd(rspamd.url, 10 * SECOND))
    assert (finding.level, finding.text.endswith("(no action)")) == ("ok", True)


# Others


def refused(answer: Answer, **settings: Any) -> str:
    with FakeRspamd([answer]) as fake:
        began = time.monotonic()
        with pytest.raises(FilterUnavailableError) as raised:
            ask(fake.url, **settings)
        assert time.monotonic() - began < 10
    return str(raised.value)


def test_nothing_is_sent_but_the_mail():
    raw = an_email(subject="Printer")
    with FakeRspamd() as fake:
        ask(f"{fake.url}/filter/", raw)
        ask(fake.url, raw, password=Secret("plain", "open sesame"))
        first, second = fake.requests
    assert first == f"POST /filter/checkv2 HTTP/1.0\r\nHost: 127.0.0.1:{fake.port}\r\nConnection: close\r\n".encode() + (
        b"Content-Length: %d\r\n\r\n" % len(raw) + raw
    )
    assert b"\r\nPassword: open sesame\r\n\r\n" in second


def test_a_password_that_would_be_a_header_of_its_own_is_not_sent():
    assert refused(verdict(), password=Secret("plain", "a\r\nX: b")) == "its password has characters that cannot stand in a header"


def test_silence_and_dripping_end_with_the_time_for_the_whole_question():
    for answer in (Stall(30), Drip(http(b"x" * 1000), 0.05), Drip(verdict(9, "reject"), 0.2)):
        assert refused(answer) == "no answer within 1 s"


def test_a_slow_answer_within_its_time_is_heard():
    with FakeRspamd([Stall(0.3, verdict(9, "reject", BAD=9))]) as fake:
        assert ask(fake.url).action == "reject"


def test_an_answer_without_end_is_cut_off():
    assert refused(Flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536)) == "its answer is larger than 1 MiB"
    assert refused(http(b"[" * MOST_BYTES)) == "its answer is larger than 1 MiB"


def test_nonsense_is_no_opinion():
    assert refused(http(b"<html>")) == "its answer is not JSON"
    assert refused(http(b"\xff\xfe")) == "its answer is not JSON"
    assert refused(http(b"[" * 100_000)) == "its answer is not JSON"
    assert refused(http(b'{"action": "reject", "score": ' + b"9" * 10_000 + b"}")) == "its answer is not JSON"
    for body in (b"[]", b"null", b"7", b"{}", b'{"score": 9}', b'{"action": "reject", "score": NaN}', b'{"action": 5, "score": 1}'):
        assert refused(http(body)) == "its answer has no score and action"
    assert refused(http({"score": True, "action": "reject"})) == "its answer has no score and action"
    assert refused(http({"score": 1e300, "action": "reject"})) == "its answer has no score and action"
    assert refused(b"SSH-2.0-OpenSSH_9.2\r\n") == "not HTTP: BadStatusLine"
    assert refused(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{") == "not HTTP: IncompleteRead"
    assert refused(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}") == "not HTTP: OverflowError"
    assert refused(b"") == "not HTTP: RemoteDisconnected"


def test_odd_symbols_are_left_out_and_long_ones_cut():
    found = {"GOOD": {"score": 1}, "ODD": 7, "LINES\r\nX: y": {"score": 2}, "L" * 500: {"score": "many"}}
    with FakeRspamd([http({"score": 3, "action": "reject\r\nnow", "symbols": found})]) as fake:
        opinion = ask(fake.url)
    assert opinion.symbols == ("LINES X: y", "GOOD", "L" * 100)
    assert (opinion.action, opinion.required) == ("reject now", None)


def test_other_statuses_are_told_and_redirects_are_not_followed():
    assert refused(http({"error": "x"}, "403 Unauthorized")) == "it answers 403 Unauthorized"
    with FakeRspamd() as elsewhere:
        said = refused(http(b"", "302 Found", f"Location: {elsewhere.url}/checkv2"))
        assert (said, elsewhere.requests) == ("it answers 302, and is not followed elsewhere", [])


def test_where_nothing_listens_it_is_told_at_once():
    with pytest.raises(FilterUnavailableError, match="Connection refused"):
        ask(f"http://127.0.0.1:{free_port()}")


def test_tls_is_verified_and_an_authority_of_ones_own_can_be_named(tmp_path: Path):
    make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with FakeRspamd([verdict(9, "reject")] * 3, tls=context) as fake:
        assert ask(fake.url, ca_file=tmp_path / "ca.pem").action == "reject"
        with pytest.raises(FilterUnavailableError, match="its certificate is not trusted"):
            ask(fake.url)
        finding = check_rspamd(Rspamd(fake.url, SECOND))
    assert (finding.level, "ca_file" in finding.remedy) == ("fail", True)


def test_the_doctor_says_what_is_wrong_and_what_to_do():
    with FakeRspamd([http(b"", "500 broken"), Stall(2.2, verdict())]) as fake:
        broken, slow = (check_rspamd(Rspamd(fake.url, 4 * SECOND)) for _ in range(2))
    assert (broken.level, broken.text) == ("fail", "it answers 500 broken; mail is read without it")
    assert (slow.level, slow.remedy) == ("warn", "give it more time: `spam.rspamd.timeout`")
