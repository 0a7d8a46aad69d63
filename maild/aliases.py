"""Aliases: other ids of our letters, where a relay replaces the Message-ID we gave them (MAIL.md O1a). Pure.

An alias is no token: nobody can compute it, so only he may say it who cannot be anybody else. What our relay reports on taking a letter
is as good as the letter's own id, and so is what it wrote over the copy that it laid into our Sent folder itself. What a delivery report
returns is the word of whoever had the letter, and counts for no more than an id of foreign mail.
"""

import re

_AMAZON = re.compile(r"250 (?:2\.\d\.\d )?Ok ([0-9a-f]{16}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{6})", re.IGNORECASE)
_EXCHANGE = re.compile(r"250 (?:2\.\d\.\d )?(?:OK )?<([^<>\s@]{20,300}@[^<>\s@]{1,255})> \[(?:InternalId|Hostname)=", re.IGNORECASE)
_AMAZON_DOMAIN = "amazonses.com"

ORIGINAL_ID_FIELDS = ("X-Google-Original-Message-ID", "X-Microsoft-Original-Message-ID")
"""Where Gmail and outlook.com keep the Message-ID that they have replaced."""


def find_reported_id(reply: str) -> str | None:
    """The Message-ID in a relay's final reply; None where it names none in a form we know.

    What a relay calls the mail in its own queue is no Message-ID, and what stands in angle brackets may be an address.
    Seen in practice: Amazon SES `250 Ok 0100018c…-000000`, without the domain; Exchange, our own id where it was kept: `250 2.0.0 OK
    <DB9PR08…@DB9PR08MB1234.eurprd08.prod.outlook.com> [Hostname=DB9PR08MB1234…]`, `250 2.6.0 <…> [InternalId=7, Hostname=…] Queued mail`.
    """
    if match := _AMAZON.fullmatch(reply):
        return f"{match[1].lower()}@{_AMAZON_DOMAIN}"
    match = _EXCHANGE.match(reply)
    return match[1] if match else None


def canonical(message_id: str) -> str:
    """The form in which an id is compared: Amazon SES reports its ids without the domain, which differs by region."""
    local, _, domain = message_id.rpartition("@")
    is_amazon = domain.casefold() == _AMAZON_DOMAIN or domain.casefold().endswith(f".{_AMAZON_DOMAIN}")
    return f"{local.lower()}@{_AMAZON_DOMAIN}" if is_amazon else message_id
