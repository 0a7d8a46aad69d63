"""What trusted servers say of a sender (MAIL.md S1, S1a)."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maild.config.settings import Provider, Trust
from maild.ingest.authentication import is_aligned, judge, organisational_domain, parse_results
from maild.ingest.witness import NAMELESS, PROVIDERS, Witness, find_witness
from maild.message import Address, AuthResult, HeaderField, InboundMessage
from tests.builders import a_mailbox, a_message, some_settings

PASS, FAIL, NONE, UNKNOWN = AuthResult.PASS, AuthResult.FAIL, AuthResult.NONE, AuthResult.UNKNOWN
OURS = Witness(frozenset({"mx.acme.example"}))
GMAIL, MICROSOFT365 = PROVIDERS[Provider.GMAIL], PROVIDERS[Provider.MICROSOFT365]
ANNA = (Address("Anna", "anna@acme.example"),)
OUR_MX = "Received: from mail.acme.example by mx.acme.example with ESMTPS id 1"
ELSEWHERE = "Received: from laptop by relay.elsewhere.example with ESMTP id 2"
GOOD = "Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example"
BAD = "Authentication-Results: mx.acme.example; dmarc=fail header.from=acme.example"


def a_mail(*lines: str, **changes: Any) -> InboundMessage:
    pairs = (line.partition(":") for line in lines)
    fields = tuple(HeaderField(name, value.strip()) for name, _, value in pairs)
    return replace(a_message(), **{"header_from": ANNA, "headers": fields, **changes})


def check(expected: AuthResult, *lines: str, witness: Witness | None = OURS, **changes: Any) -> None:
    found = judge(a_mail(*lines, **changes), witness)
    assert found.verdict is expected, found


def results(expected: AuthResult, value: str, **changes: Any) -> None:
    check(expected, f"Authentication-Results: mx.acme.example; {value}", OUR_MX, **changes)


def test_dmarc_decides_where_it_spoke() -> None:
    results(PASS, "dmarc=pass header.from=acme.example")
    results(PASS, "dmarc=pass (p=reject dis=none) header.from=ACME.example.")
    results(FAIL, "dmarc=fail header.from=acme.example; dkim=pass header.d=acme.example")
    results(NONE, "dmarc=none header.from=acme.example")
    results(NONE, "dmarc=pass")
    results(NONE, "dmarc=temperror header.from=acme.example")
    results(NONE, "dmarc=permerror header.from=acme.example")
    results(PASS, "dmarc=permerror; dkim=pass header.d=acme.example")
    results(NONE, "none")


def test_aligned_dkim_or_spf_stand_in_for_dmarc() -> None:
    results(PASS, "dkim=pass header.d=acme.example header.b=Ab/c=")
    results(PASS, "dkim=pass header.d=mail.acme.example")
    results(NONE, "dkim=pass header.d=evil.example")
    results(NONE, "dkim=pass header.i=@acme.example")
    results(PASS, "spf=pass smtp.mailfrom=bounces@mail.acme.example")
    results(NONE, "spf=pass smtp.mailfrom=x@evil.example")
    results(NONE, "spf=softfail smtp.mailfrom=x@acme.example")
    results(PASS, "dmarc=none; spf=pass smtp.mailfrom=acme.example")


def test_of_two_results_of_one_method_the_worst_counts() -> None:
    results(FAIL, "dmarc=pass header.from=acme.example; dmarc=fail header.from=acme.example")
    results(NONE, "dkim=pass header.d=acme.example; dkim=fail header.d=acme.example")
    results(NONE, "dmarc=pass header.from=acme.example; dmarc=pass header.from=evil.example")
    results(PASS, "dkim=pass header.d=esp.example; dkim=pass header.d=acme.example")


def test_comments_and_quotes_hide_nothing() -> None:
    results(NONE, "spf=none (dmarc=pass header.from=acme.example)")
    results(NONE, "spf=none (a (nested; dmarc=pass header.from=acme.example) one)")
    results(NONE, 'spf=none reason="; dmarc=pass header.from=acme.example"')
    results(NONE, 'spf=none smtp.mailfrom="; dmarc=pass header.from=acme.example;"@evil.example')
    results(FAIL, 'spf=none (a " b); dmarc=fail header.from=acme.example (another ")')
    results(PASS, 'dmarc=pass reason="a \\" quote" header.from=acme.example')
    results(PASS, "dmarc = pass  header.from = acme.example")
    results(UNKNOWN, "dmarc=pass header.from=acme.example (never ends")
    results(UNKNOWN, 'dmarc=pass header.from=acme.example reason="never ends')
    results(UNKNOWN, "dmarc=pass header.from=acme.example)")


def test_forged_results_prove_nothing() -> None:
    check(UNKNOWN, OUR_MX)
    check(UNKNOWN, OUR_MX, ELSEWHERE, GOOD)
    check(FAIL, BAD, OUR_MX, GOOD, ELSEWHERE)
    check(FAIL, BAD, OUR_MX, ELSEWHERE, GOOD)
    check(FAIL, "Authentication-Results: evil.example; dmarc=pass header.from=acme.example", BAD, OUR_MX)
    check(UNKNOWN, "Authentication-Results: mx.acme.example.evil.example; dmarc=pass header.from=acme.example", OUR_MX)
    check(UNKNOWN, "Authentication-Results: (mx.acme.example) evil.example; dmarc=pass header.from=acme.example", OUR_MX)
    check(UNKNOWN, "ARC-Authentication-Results: i=1; mx.acme.example; dmarc=pass header.from=acme.example", OUR_MX)
    check(UNKNOWN, "X-Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example", OUR_MX)
    check(UNKNOWN, GOOD, OUR_MX, witness=None)


def test_only_the_from_domain_is_proved() -> None:
    results(NONE, "dmarc=pass header.from=evil.example")
    results(NONE, "dmarc=pass header.from=acme.example.evil.example")
    results(NONE, "dmarc=pass header.from=acme.example header.from=evil.example")
    results(NONE, "dmarc=pass header.from=xn--acm-epa.example", header_from=ANNA)
    results(NONE, "dmarc=pass header.from=acme.example", header_from=(Address("", "anna@acmé.example"),))
    results(PASS, "dmarc=pass header.from=xn--acm-dma.example", header_from=(Address("", "anna@acmé.example"),))
    results(NONE, "dmarc=pass header.from=evil.example", header_from=(Address("anna@acme.example", "x@other.example"),))
    results(NONE, "dmarc=pass header.from=evil.example", reply_to=ANNA, header_from=(Address("", "x@other.example"),))


def test_a_from_that_parsers_read_differently_is_not_proved() -> None:
    results(NONE, "dmarc=pass header.from=acme.example", from_fields=2)
    results(NONE, "dmarc=pass header.from=acme.example", from_defect="text outside the brackets")
    results(NONE, "dmarc=pass header.from=acme.example", header_from=(*ANNA, Address("", "x@evil.example")))


def test_more_trusted_hops_lie_above_the_first_foreign_received() -> None:
    two = replace(OURS, hops=2)
    check(PASS, OUR_MX, OUR_MX, GOOD, ELSEWHERE, witness=two)
    check(UNKNOWN, OUR_MX, OUR_MX, GOOD, ELSEWHERE)


def inside(expected: bool, *lines: str, witness: Witness = OURS) -> None:
    found = judge(a_mail(*lines), witness, ("anna", "anna@acme.example"))
    assert (found.verdict is PASS and found.inside != "") is expected, found


def test_a_login_at_our_own_server_proves_an_agent() -> None:
    submitted = "Received: from [10.0.0.5] (unknown [10.0.0.5]) (Authenticated sender: {}) by mx.acme.example (Postfix) with {} id 4"
    inside(True, submitted.format("anna", "ESMTPSA"))
    inside(True, submitted.format("Anna@acme.example", "ESMTPA"))
    inside(False, submitted.format("boris", "ESMTPSA"))
    inside(False, submitted.format("anna", "ESMTPS"))
    inside(False, OUR_MX, submitted.format("anna", "ESMTPSA"))
    helo = (
        "Received: from x (Authenticated sender: anna) by y with ESMTPSA id 1 (h [192.0.2.1]) by mx.acme.example (Postfix) with ESMTPS id 4"
    )
    inside(False, helo)
    inside(True, "Authentication-Results: mx.acme.example; auth=pass smtp.auth=anna", OUR_MX)
    inside(False, "Authentication-Results: mx.acme.example; auth=pass smtp.auth=mallory", OUR_MX)
    inside(False, "Authentication-Results: evil.example; auth=pass smtp.auth=anna", OUR_MX)


def test_a_signature_our_server_checked_is_told_and_proves_nobody() -> None:
    found = judge(a_mail("Authentication-Results: mx.acme.example; smime=pass body.smime-identifier=anna@acme.example", OUR_MX), OURS)
    assert (found.verdict, found.signed, found.spf) == (NONE, PASS, UNKNOWN)
    assert str(found) == "nothing that passed stands for acme.example: smime pass"


def test_an_inside_proof_outweighs_a_failure_beside_it() -> None:
    line = "Authentication-Results: mx.acme.example; auth=pass smtp.auth=anna; dmarc=fail header.from=acme.example"
    inside(True, line, OUR_MX)
    assert judge(a_mail(line, OUR_MX), OURS).verdict is FAIL


def test_results_of_ours_that_cannot_be_read_let_none_below_them_speak() -> None:
    broken = 'Authentication-Results: mx.acme.example; spf=none smtp.mailfrom="(@evil.example; dmarc=fail header.from=acme.example'
    check(UNKNOWN, broken, GOOD, OUR_MX)
    check(UNKNOWN, broken, OUR_MX, GOOD)


# Providers that say it in a way of their own

EXCHANGE_HOPS = (
    "Received: from AM9PR01.eurprd01.prod.exchangelabs.example (2603::1) by DB7PR01.eurprd01.prod.exchangelabs.example with HTTPS",
    "Received: from DB5EUR01.protection.example (2603::2) by AM9PR01.eurprd01.prod.exchangelabs.example with Microsoft SMTP Server",
)
EXCHANGE_EDGE = "Received: from out.globex.example (192.0.2.1) by DB5EUR01.mail.protection.example with Microsoft SMTP Server"
EXCHANGE_PASS = (
    "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=acme.example; dkim=pass (signature was verified)"
    " header.d=acme.example;dmarc=pass action=none header.from=acme.example;compauth=pass reason=100"
)
INTERNAL = "X-MS-Exchange-Organization-AuthAs: Internal"


def exchange(expected: AuthResult, *lines: str) -> None:
    check(expected, *EXCHANGE_HOPS, *lines, EXCHANGE_EDGE, witness=MICROSOFT365)


def test_exchange_online_signs_its_results_with_no_name() -> None:
    exchange(PASS, EXCHANGE_PASS)
    exchange(FAIL, EXCHANGE_PASS.replace("dmarc=pass action=none", "dmarc=fail action=oreject"), EXCHANGE_PASS)
    exchange(PASS, EXCHANGE_PASS.replace("dmarc=pass", "dmarc=bestguesspass"))
    exchange(NONE, "Authentication-Results: spf=none; dkim=none (message not signed) header.d=none;dmarc=none header.from=acme.example")
    exchange(UNKNOWN, EXCHANGE_PASS.replace("Results:", "Results-Original:"))
    exchange(UNKNOWN, EXCHANGE_PASS.replace("Authentication-Results:", "ARC-Authentication-Results: i=1; mx.microsoft.example 1;"))
    exchange(UNKNOWN, GOOD)
    exchange(PASS, GOOD, EXCHANGE_PASS)


def test_what_exchange_says_counts_in_its_own_mailboxes_only() -> None:
    check(UNKNOWN, EXCHANGE_PASS, OUR_MX)
    check(UNKNOWN, INTERNAL, OUR_MX)
    inside(False, INTERNAL, OUR_MX)
    inside(False, INTERNAL, witness=GMAIL)


def test_exchange_knows_who_belongs_to_the_house() -> None:
    inside(True, *EXCHANGE_HOPS, INTERNAL, witness=MICROSOFT365)
    inside(True, *EXCHANGE_HOPS, "x-ms-exchange-organization-authas:  internal ", witness=MICROSOFT365)
    inside(True, EXCHANGE_PASS.replace("dmarc=pass", "dmarc=fail"), INTERNAL, witness=MICROSOFT365)
    inside(False, *EXCHANGE_HOPS, "X-MS-Exchange-Organization-AuthAs: Anonymous", witness=MICROSOFT365)
    inside(False, INTERNAL, "X-MS-Exchange-Organization-AuthAs: Anonymous", witness=MICROSOFT365)
    inside(False, INTERNAL, INTERNAL, witness=MICROSOFT365)
    inside(False, "X-MS-Exchange-CrossTenant-AuthAs: Internal", witness=MICROSOFT365)
    inside(False, "X-MS-Exchange-Organization-AuthAs-Untrusted: Internal", witness=MICROSOFT365)
    inside(False, OUR_MX.replace("with ESMTPS", "(Authenticated sender: anna) with ESMTPSA"), witness=MICROSOFT365)
    check(UNKNOWN, INTERNAL, witness=MICROSOFT365)


def test_gmail_has_two_hops_of_its_own() -> None:
    hops = ("Received: by 2002:a05:6a20:0:b0:1 with SMTP id x1", "Received: from out.globex.example by mx.google.com with ESMTPS id y1")
    passed = "Authentication-Results: mx.google.com; dkim=pass header.i=@acme.example; dmarc=pass (p=NONE) header.from=acme.example"
    check(PASS, *hops, passed, ELSEWHERE, witness=GMAIL)
    check(UNKNOWN, *hops, ELSEWHERE, passed, witness=GMAIL)


def test_the_mailbox_says_who_is_believed() -> None:
    trust = Trust(authserv_ids=("MX.acme.example",), hops=3)
    boxes = {"support": a_mailbox(), "sales": a_mailbox(key="sales", provider=Provider.MICROSOFT365)}
    desk = some_settings(trust=trust, mailboxes=boxes)
    assert find_witness("support", desk) == Witness(frozenset({"mx.acme.example"}), 3)
    assert find_witness("sales", desk) == MICROSOFT365
    nobody = some_settings(mailboxes=boxes)
    assert (find_witness("support", nobody), find_witness("sales", nobody)) == (None, MICROSOFT365)
    assert [nobody.has_judge("support"), nobody.has_judge("sales"), desk.has_judge("support")] == [False, True, True]


def test_the_organisational_domain_is_the_registered_one() -> None:
    for domain, expected in (
        ("mail.acme.example", "acme.example"),
        ("acme.example", "acme.example"),
        ("a.b.acme.co.uk", "acme.co.uk"),
        ("acme.co.uk", "acme.co.uk"),
        ("co.uk", "co.uk"),
        ("x.acme.com.br", "acme.com.br"),
        ("mail.acme.de", "acme.de"),
        ("mallory.github.io", "mallory.github.io"),
        ("localhost", "localhost"),
    ):
        assert organisational_domain(domain) == expected
    assert not is_aligned("evil.co.uk", "acme.co.uk")
    assert not is_aligned("", "acme.example")


def test_the_authserv_id_may_carry_a_version_or_quotes() -> None:
    parsed = parse_results('"MX.acme.example" 1; spf=pass smtp.mailfrom=a@b.example')
    assert parsed is not None
    assert parsed[0] == "mx.acme.example"
    assert parsed[1][0].value("smtp.mailfrom") == "a@b.example"
    assert parse_results("") is None
    assert parse_results("; spf=pass") is None
    assert parse_results('"spf=pass"; spf=fail smtp.mailfrom=a@b.example') != parse_results("spf=pass; spf=fail smtp.mailfrom=a@b.example")
    nameless = parse_results("spf=pass smtp.mailfrom=b.example; dkim=none")
    assert nameless is not None
    assert (nameless[0], [result.method for result in nameless[1]]) == (NAMELESS, ["spf", "dkim"])


@given(st.text(alphabet='abc ;=()"\\\n.@/-', max_size=80))
def test_any_field_is_read_or_refused(value: str) -> None:
    parsed = parse_results(value)
    assert parsed is None or parsed[0] == parsed[0].casefold()


@given(st.text(alphabet='abc ;="dmarcps.', max_size=60))
def test_what_a_comment_says_changes_nothing(comment: str) -> None:
    results(NONE, f"spf=none ({comment}) smtp.mailfrom=x@evil.example; dkim=none")


def test_hostile_fields_are_read_in_linear_time() -> None:
    for piece in ("(", ")", '"', "a=", "a ", ";", "\\", '"\\', "a=b;"):
        parse_results("mx.acme.example; " + piece * 8_000)
