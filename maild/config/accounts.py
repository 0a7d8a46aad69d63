"""Accounts on mail servers, as written: default ports, and what INTERFACE.md forbids to write."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from maild.config.findings import Reading
from maild.config.nodes import Table
from maild.config.settings import Mailbox, Rspamd, Security, Smtp

IMAP_PORTS: dict[Security, int] = {"tls": 993, "starttls": 143, "none": 143}
SMTP_PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 25}


def build_mailbox(host: str, username: str = "", security: Security | None = None, port: int | None = None, **rest: Any) -> Mailbox:
    """A mailbox whose `key`, and `username` if need be, are filled in by the queue above it. A port alone tells its usual security."""
    security = security or ("starttls" if port == IMAP_PORTS["starttls"] else "tls")
    return Mailbox(key="", host=host, username=username, port=port or IMAP_PORTS[security], security=security, **rest)


def build_smtp(host: str, security: Security | None = None, port: int | None = None, **rest: Any) -> Smtp:
    """The account that sends. A port alone tells its usual security."""
    security = security or ("tls" if port == SMTP_PORTS["tls"] else "starttls")
    return Smtp(host=host, port=port or SMTP_PORTS[security], security=security, **rest)


def refuse_plaintext(account: Mailbox | Smtp, table: Table, reading: Reading) -> None:
    """Passwords and mail go unencrypted to this machine only, unless somebody insists."""
    if account.security != "none" or account.allow_plaintext or is_loopback(account.host):
        return
    node = table.get("security")
    message = f'"security: none" sends passwords to {account.host} in the clear; use tls or starttls, or set allow_plaintext: true'
    reading.refuse(node.place if node else reading.place, "E320", message)


def refuse_plain_http(filter_: Rspamd, table: Table, reading: Reading) -> None:
    """Mail goes unencrypted to this machine only, unless somebody insists."""
    host = urlsplit(filter_.url).hostname or ""
    node = table.get("url")
    if filter_.url.startswith("http://") and not filter_.allow_plaintext and not is_loopback(host) and node:
        reading.refuse(node.place, "E320", f'"http:" sends mail to {host} in the clear; use https, or set allow_plaintext: true')


def refuse_half_login(account: Smtp, table: Table, reading: Reading) -> None:
    """A user name without a password, or the other way round."""
    for given, missing in (("username", "password"), ("password", "username")):
        key = table.key(given)
        if key and getattr(account, given) is not None and getattr(account, missing) is None and table.get(missing) is None:
            reading.refuse(key.place, "E108", f'"{given}" stands in {reading.where} without "{missing}"')


def is_loopback(name: str) -> bool:
    """Whether a host is this machine, by its name alone."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.casefold() == "localhost" or name.casefold().endswith(".localhost")
