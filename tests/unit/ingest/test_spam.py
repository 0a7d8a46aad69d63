"""Evidence of spam in headers (MAIL.md S4)."""

import pytest

from maild.ingest.spam import spam_evidence, spam_score
from tests.builders import a_message


def check(name: str, value: str, expected: bool) -> None:
    assert (spam_evidence(a_message(headers={name: value})) is not None) is expected, (name, value)


def test_only_what_speaks_for_spam_counts() -> None:
    check("X-Spam-Flag", "YES", True)
    check("X-Spam-Flag", "no", False)
    check("X-Spam-Status", "Yes, score=7.5 required=5.0 tests=A", True)
    check("X-Spam-Status", "No, score=-1.9 required=5.0", False)
    check("X-Spam-Status", "No, score=6.1 required=8.0", False)
    check("X-Spam-Score", "7.4", True)
    check("X-Spam-Score", "-7.4", False)
    check("X-Spam-Score", "about 9", False)
    check("X-Spam-Level", "*******", True)
    check("X-Spam-Level", "**", False)
    check("X-Rspamd-Action", "add header", True)
    check("X-Rspamd-Action", "no action", False)
    check("X-Spamd-Result", "default: True [15.10 / 6.00]", True)
    check("X-Spamd-Result", "default: False [-0.10 / 6.00]", False)
    check("X-SES-Spam-Verdict", "FAIL", True)
    check("X-SES-Spam-Verdict", "PASS", False)
    check("X-MS-Exchange-Organization-SCL", "6", True)
    check("X-MS-Exchange-Organization-SCL", "-1", False)
    check("X-Forefront-Antispam-Report", "CIP:192.0.2.1;CTRY:US;SCL:9;SRV:", True)
    check("X-Forefront-Antispam-Report", "CIP:192.0.2.1;CTRY:US;SCL:1;SRV:", False)
    check("Subject", "X-Spam-Flag: YES", False)


def test_the_highest_score_is_the_score() -> None:
    assert spam_score(a_message(headers={"X-Spam-Status": "No, score=3.2 required=5", "X-Rspamd-Score": "4.5"})) == pytest.approx(4.5)
    assert spam_score(a_message(headers={"X-Spam-Status": "No, hits=-2 required=5"})) == pytest.approx(-2)
    assert spam_score(a_message()) is None
