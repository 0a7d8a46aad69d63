"""Finding: one line of `maild doctor` and `maild mailbox test`, and the findings that several rooms share. Plain values."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Level = Literal["ok", "warn", "fail"]
CERTIFICATE_NOTICE = timedelta(days=14)
TRANSFER_GROWTH = 1.4
"""Base64 and its line ends make four bytes of three; the rest is text."""
MEBIBYTE = 1024 * 1024
_EXPIRED, _OTHER_NAME = 10, (62, 64)
SKEW = timedelta(seconds=60)
"""OPERATIONS C12: a clock that is wrong by less is nobody's business."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How something fares, and `remedy`, what to do about it. `about` is what was looked at; "" where the caller says that."""

    level: Level
    text: str
    remedy: str = ""
    about: str = ""

    @property
    def passed(self) -> bool:
        return self.level != "fail"


def certificate_end(connection: socket.socket) -> datetime | None:
    """When the certificate of a verified TLS connection ends, None where there is none."""
    certificate = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    end = certificate.get("notAfter") if certificate else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if isinstance(end, str) else None


def judge_certificate(end: datetime, now: datetime) -> Finding:
    """A certificate that was accepted, by how long it still will be."""
    text = f"the certificate is good until {end:%Y-%m-%d}"
    if end - now < CERTIFICATE_NOTICE:
        return Finding("warn", text, "renew it on the server: afterwards no mail is read or sent over it")
    return Finding("ok", text)


def remedy_for_certificate(error: ssl.SSLCertVerificationError) -> str:
    """What to do about one that is not trusted, by OpenSSL's number for the reason."""
    if error.verify_code == _EXPIRED:
        return "renew it on the server"
    if error.verify_code in _OTHER_NAME:
        return "`host` must be a name that stands in the certificate"
    return "where the authority is your own, name the file of its certificate: `ca_file`, beside `host`"


def judge_clock(skew: timedelta, of_what: str) -> Finding:
    """`skew` is by how much another clock is ahead of ours (negative: behind)."""
    if abs(skew) <= SKEW:
        return Finding("ok", f"the clock agrees with {of_what}")
    by = f"{abs(skew).total_seconds():.0f} s {'behind' if skew > timedelta(0) else 'ahead of'}"
    return Finding("warn", f"this machine's clock is {by} {of_what}", "let both be set by NTP: `timedatectl set-ntp true`")
