"""The spam filter's checkup: it is shown a harmless mail, and must say something of it (OPERATIONS C12)."""

import ssl
from time import monotonic

from maild.config.settings import Rspamd
from maild.errors import FilterUnavailableError
from maild.finding import Finding, remedy_for_certificate
from maild.ingest.rspamd import ask_rspamd

SAMPLE = (
    b"From: maild doctor <doctor@maild.invalid>\r\nTo: maild doctor <doctor@maild.invalid>\r\nSubject: How are you?\r\n"
    b"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\nMessage-ID: <doctor@maild.invalid>\r\n\r\nThis mail asks whether the filter answers.\r\n"
)


def check_rspamd(rspamd: Rspamd) -> Finding:
    began = monotonic()
    try:
        opinion = ask_rspamd(rspamd, SAMPLE)
    except FilterUnavailableError as error:
        return Finding("fail", f"{error}; mail is read without it", _find_remedy(error))
    taken, allowed = monotonic() - began, rspamd.timeout.total_seconds()
    text = f"it answers in {taken * 1000:.0f} ms ({opinion.action})"
    if taken > allowed / 2:
        return Finding("warn", f"{text}, and has {allowed:g} s for each mail", "give it more time: `spam.rspamd.timeout`")
    return Finding("ok", text)


def _find_remedy(error: FilterUnavailableError) -> str:
    match error.__cause__:
        case ssl.SSLCertVerificationError() as untrusted:
            return remedy_for_certificate(untrusted)
        case _:
            return "see `spam.rspamd`, and whether it runs"
