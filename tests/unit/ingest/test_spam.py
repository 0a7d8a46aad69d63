"""Evidence of spam (MAIL.md S4)."""

from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.config.settings import Provider, SpamFlag, SpamPolicy, SpamScore
from maild.ingest.spam import find_spam
from maild.ingest.witness import PROVIDERS, Witness
from maild.message import HeaderField, InboundMessage
from tests.builders import a_message

USUAL = SpamPolicy()
OURS = Witness(frozenset({"mx.acme.example"}))
OUR_MX, STRANGER = "Received: from out.example by mx.acme.example", "Received: from laptop by out.example"


def a_mail(*lines: str) -> InboundMessage:
    pairs = (line.partition(":") for line in lines)
    return replace(a_message(), headers=tuple(HeaderField(name, value.strip()) for name, _, value in pairs))


def check(line: str, expected: bool, policy: SpamPolicy | None = USUAL) -> None:
    assert (find_spam(a_mail(line), None, policy).reason is not None) is expected, line


def test_only_what_speaks_for_spam_counts() -> None:
    check("X-Spam-Flag: YES", True)
    check("X-Spam-Flag: no", False)
    check("X-Spam-Status: Yes, score=7.5 required=5.0 tests=A", True)
    check("X-Spam-Status: No, score=-1.9 required=5.0", False)
    check("X-Spam-Status: No, score=6.1 required=8.0", False)
    check("X-Spam-Score: 7.4", True)
    check("X-Spam-Score: -7.4", False)
    check("X-Spam-Score: about 9", False)
    check("X-Spam-Level: *******", True)
    check("X-Spam-Level: **", False)
    check("X-Spam-Level: ***** or so", False)
    check("X-Spamd-Bar: ++++++++", True)
    check("X-Spamd-Bar: ---", False)
    check("X-Rspamd-Action: add header", True)
    check("X-Rspamd-Action: no action", False)
    check("X-Spamd-Result: default: True [15.10 / 6.00]", True)
    check("X-Spamd-Result: default: False [-0.10 / 6.00]", False)
    check("X-SES-Spam-Verdict: FAIL", True)
    check("X-SES-Spam-Verdict: PASS", False)
    check("X-MS-Exchange-Organization-SCL: 6", True)
    check("X-MS-Exchange-Organization-SCL: -1", False)
    check("X-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:US;SCL:9;SRV:", True)
    check("X-Forefront-Antispam-Report: CIP:192.0.2.1;CTRY:US;SCL:1;SRV:;SFV:NSPM;", False)
    check("X-Forefront-Antispam-Report: CIP:192.0.2.1;SFV:SPM;CAT:SPM;", True)
    check("x-forefront-antispam-report: CIP:192.0.2.1;SFV:SKN;CAT:PHSH;DIR:INB", True)
    check("Subject: X-Spam-Flag: YES", False)


def test_each_filter_and_provider_says_it_in_its_own_words() -> None:
    check("X-Rspamd-Action: quarantine", True)
    check("X-Rspamd-Action: greylist", False)
    check("X-Gm-Spam: 1", True)
    check("X-Gm-Spam: 0", False)
    check("X-Mailgun-Sflag: Yes", True)
    check("X-Mailgun-Sscore: 6.1", True)
    check("X-Mailgun-Sscore: -0.1", False)
    check("X-Mras: PROBABLE_SPAM", True)
    check("X-Mras: Ok", False)
    check("X-YahooFilteredBulk: 192.0.2.7", True)
    check("X-YMailISG: vUVJ1uEWLDtRgnpYRKpThlix9osCqNA", False)
    check("X-NAI-Spam-Flag: YES", True)
    check("X-ASF-Spam-Status: No, hits=-0.0 required=10.0", False)
    check("X-Zone-Spam-Status: No, score=0.408099, required=15, tests=[MIME_GOOD=-0.1]", False)
    check("X-KLMS-AntiSpam-Status: spam", True)
    check("X-KLMS-AntiSpam-Status: not_detected", False)
    check("X-TM-AS-Result: Yes--14.277600-5.000000-31", True)
    check("X-TM-AS-Result: No--3.2-5.0-31", False)
    check("X-VR-SPAMSTATE: SPAM", True)
    check("X-VR-SPAMSTATE: OK", False)
    check("X-CLX-Spam: false", False)
    check("X-GMX-Antispam: 0 (Mail was not recognized as spam); Detail=V3;", False)
    check("X-Proofpoint-Spam-Details: rule=notspam policy=default score=0", False)
    check("X-Junkmail-Status: score=11/100, host=mx2.example", False)
    check("X-Spam-Hits: 7.1", True)
    check("X-Spam_score: 6.2", True)
    check("X-Spam_bar: ++++++", True)
    check("X-Spam_bar: /", False)
    for verdict in ("SFV:SKB", "CAT:SPM", "CAT:HSPM", "CAT:SPOOF", "CAT:UIMP"):
        check(f"X-Forefront-Antispam-Report: CIP:192.0.2.1;{verdict};DIR:INB;", True)
    check("X-Forefront-Antispam-Report: CIP:192.0.2.1;SFV:SKQ;CAT:BULK;DIR:INB;", False)


def test_the_reason_names_the_field_and_is_short() -> None:
    found = find_spam(a_mail("x-spam-status: Yes, " + "score=7 " * 100), None, USUAL).reason
    assert found is not None
    assert (found.code, found.text[:31], len(found.text)) == ("spam", "x-spam-status: Yes, score=7 sco", 95)


def test_the_highest_score_is_the_score() -> None:
    def score(*lines: str) -> float | None:
        return find_spam(a_mail(*lines), None, USUAL).score

    assert score("X-Spam-Status: No, score=3.2 required=5", "X-Rspamd-Score: 4.5") == pytest.approx(4.5)
    assert score("X-Spam-Status: No, hits=-2 required=5") == pytest.approx(-2)
    assert score("X-Spam-Level: ***") == pytest.approx(3)
    assert score() is None


def test_advice_and_symbols_are_read_whatever_the_filter_calls_them() -> None:
    def found(*lines: str) -> tuple[str, tuple[str, ...]]:
        spam = find_spam(a_mail(*lines), None, USUAL)
        return spam.action, spam.symbols

    rspamd = "X-Spamd-Result: default: False [7.50 / 15.00]; CHEAP_PILLS(8.50)[a;b]; POLITE(-1.00)[]; ARC_NA(0.00)[]"
    assert found("X-Rspamd-Action: Add header", rspamd) == ("add header", ("CHEAP_PILLS", "POLITE", "ARC_NA"))
    assert found("X-Spam-Status: No, score=-99.1 required=15.0 tests=AWL,BAYES_50, HTML_00 autolearn=no") == (
        "",
        ("AWL", "BAYES_50", "HTML_00"),
    )
    assert found("X-Spam-Status: Yes, score=7 tests=[BAYES_50=0.8, AWL=-0.1] autolearn=NO") == ("", ("BAYES_50", "AWL"))
    assert found("X-Spam-Status: No, score=0 tests=none") == ("", ())
    assert found("X-Spamd-Result: default: False [0 / 15]; no symbol; Sub_ject(1)[]; X(y)[]", rspamd)[1][0] == "CHEAP_PILLS"
    below = find_spam(a_mail(OUR_MX, STRANGER, "X-Rspamd-Action: reject", rspamd), OURS, USUAL)
    assert (below.action, below.symbols) == ("", ())


# Whose evidence


def believed(expected: bool, *lines: str, witness: Witness | None = OURS, policy: SpamPolicy = USUAL) -> None:
    assert (find_spam(a_mail(*lines), witness, policy).reason is not None) is expected, lines


def test_only_evidence_from_a_trusted_hop_counts() -> None:
    flag = "X-Spam-Flag: YES"
    believed(True, flag, OUR_MX, STRANGER)
    believed(True, OUR_MX, flag, STRANGER)
    believed(False, OUR_MX, STRANGER, flag)
    believed(True, OUR_MX, STRANGER, flag, witness=Witness(frozenset({"mx.acme.example"}), hops=2))
    believed(True, flag)


def test_where_nobody_is_trusted_or_the_desk_says_so_all_evidence_counts() -> None:
    believed(True, OUR_MX, STRANGER, "X-Spam-Flag: YES", witness=None)
    believed(True, OUR_MX, STRANGER, "X-Spam-Flag: YES", policy=SpamPolicy(evidence="anywhere"))


def test_scores_for_rules_are_read_from_a_trusted_hop_too() -> None:
    mail = a_mail("X-Spam-Score: 3", OUR_MX, STRANGER, "X-Spam-Score: 99")
    assert find_spam(mail, OURS, USUAL).score == pytest.approx(3)


def test_in_a_mailbox_of_exchange_its_own_fields_count_wherever_they_stand() -> None:
    exchange = PROVIDERS[Provider.MICROSOFT365]
    believed(True, OUR_MX, STRANGER, "X-MS-Exchange-Organization-SCL: 6", witness=exchange)
    believed(True, OUR_MX, STRANGER, "X-Forefront-Antispam-Report: CIP:192.0.2.1;SFV:SPM;", witness=exchange)
    believed(False, OUR_MX, STRANGER, "X-Forefront-Antispam-Report-Untrusted: CIP:192.0.2.1;SFV:SPM;", witness=exchange)
    believed(False, OUR_MX, STRANGER, "X-Spam-Flag: YES", witness=exchange)


# The desk's own signs


def test_a_desk_may_name_fields_words_and_thresholds_of_its_own() -> None:
    flags = (SpamFlag("X-Our-Filter", ("bad", "*verdict=spam")), SpamFlag("x-spam-flag", ()))
    own = SpamPolicy(flags=flags, scores=(SpamScore("X-Rspamd-Score", 12), SpamScore("X-Our-Score", 80, "points: ")))
    check("X-Our-Filter: BAD mail", True, own)
    check("X-Our-Filter: not bad", False, own)
    check("X-Our-Filter: id=7; verdict=spam; x", True, own)
    check("X-Our-Filter: id=7; verdict=ham", False, own)
    check("X-Spam-Flag: YES", False, own)
    check("X-Spam-Status: Yes, score=7", True, own)
    check("X-Rspamd-Score: 9", False, own)
    check("X-Rspamd-Score: 12.5", True, own)
    check("X-Our-Score: points: 81", True, own)
    check("X-Our-Score: 81", False, own)


def test_a_threshold_of_its_own_is_found_as_the_packaged_one_is() -> None:
    own = SpamPolicy(scores=(SpamScore("X-Spam-Status", 3), SpamScore("X-Spam-Level", 9)))
    check("X-Spam-Status: No, score=3.5 required=5", True, own)
    check("X-Spam-Status: No, hits=4 required=5", True, own)
    check("X-Spam-Level: ******", False, own)
    check("X-Spam-Level: *********", True, own)


def test_a_desk_that_wants_no_evidence_has_scores_for_its_rules_only() -> None:
    found = find_spam(a_mail("X-Spam-Flag: YES", "X-Spam-Score: 9"), None, None)
    assert (found.reason, found.score) == (None, 9)


@given(st.text(max_size=80), st.lists(st.text(alphabet="ab;=", max_size=5), max_size=6))
def test_any_value_is_compared_with_any_pattern(value: str, pieces: list[str]) -> None:
    policy = SpamPolicy(flags=(SpamFlag("X", ("*".join(pieces),)),))
    found = find_spam(replace(a_message(), headers=(HeaderField("X", "".join(pieces) + value),)), None, policy)
    assert found.reason is not None


def test_hostile_values_take_linear_time() -> None:
    policy = SpamPolicy(flags=(SpamFlag("X", ("*a" * 50 + "*b",)),))
    start = process_time()
    find_spam(
        a_mail(
            "X: " + "a" * 60_000,
            "X-Spam-Level: " + "*" * 60_000,
            "X-Spam-Status: tests=" + "A" * 60_000,
            "X-Spamd-Result: ]" + "A(" * 60_000,
            "X-Spam-Score: " + "1" * 60_000,
        ),
        None,
        policy,
    )
    assert process_time() - start < 1
