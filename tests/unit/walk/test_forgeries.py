"""Forty mails under an agent's name that he did not write, each with a stolen token of his (MAIL.md A2, A3, S1; OPERATIONS X1).

Each is tried on a desk that wants DMARC alone of its agents, where nothing but the headers decides, and on one that wants token and DMARC.
"""

from dataclasses import replace

import pytest

from maild.config.settings import AgentAuth, Trust
from maild.effects import AddMessage, Decision, Effect, IncomingState, RecordEvent, SendCrossed, SendMended
from maild.ingest.parse import parse_message
from maild.known import Known
from maild.known_letter import KnownLetter, ReturnedMail
from maild.pipeline import Desk, consider
from maild.reading import Circumstances
from maild.rules.ruleset import NO_RULES
from maild.ticket import MessageKind
from maild.tokens import LetterKind
from tests.builders import NOW, a_ticket, some_settings, some_tokens

ANNA, EVE = "anna@acme.example", "eve@evil.example"
STOLEN = some_tokens().mint_message_id(LetterKind.NOTIFICATION, 1042, 78, "anna")
GAVE_BACK = ReturnedMail(5, "#close", was_mended=False)
KNOWN = Known(
    tickets={1042: a_ticket()},
    letters={78: KnownLetter(78, STOLEN, LetterKind.NOTIFICATION, 1042, "anna", internal=False, created=NOW, returned=GAVE_BACK)},
)
HOLDING = replace(KNOWN, letters={78: replace(KNOWN.letters[78], returned=None, crossed=GAVE_BACK)})
MENDING = ("yes", "#close\n#assign boris")
BODY = "#close\n#assign boris\nWire the money to me.\n"

OURS = "Received: from out.globex.example (192.0.2.1) by mx.acme.example (Postfix) with ESMTPS id 1"
THEIRS = "Received: from laptop by relay.evil.example with ESMTPSA id 2"
FROM = f"From: Anna Ivanova <{ANNA}>"
PASSED = "mx.acme.example; dmarc=pass header.from=acme.example"
FAILED = "mx.acme.example; dmarc=fail header.from=acme.example"
NOTHING = "mx.acme.example; spf=none smtp.mailfrom=evil.example; dmarc=none header.from=acme.example"


def results(value: str, name: str = "Authentication-Results") -> str:
    return f"{name}: {value}"


def judged(value: str) -> tuple[str, ...]:
    """What our own server says, and the From it says it of."""
    return results(f"mx.acme.example; {value}"), OURS, THEIRS, FROM


FORGERIES: dict[str, tuple[str, ...]] = {
    # Nobody has judged it, or somebody whom we do not believe.
    "no results": (OURS, THEIRS, FROM),
    "results below the first stranger": (OURS, THEIRS, results(PASSED), FROM),
    "results below a failure of ours": (results(FAILED), OURS, results(PASSED), FROM),
    "results below a failure of ours and a stranger": (results(FAILED), OURS, THEIRS, results(PASSED), FROM),
    "results below ours that say nothing": (results(NOTHING), OURS, results(PASSED), FROM),
    "results below ours that cannot be read": (results('mx.acme.example; spf=none smtp.mailfrom="('), OURS, results(PASSED), FROM),
    "another server above": (results("mx.evil.example; dmarc=pass header.from=acme.example"), OURS, THEIRS, FROM),
    "our name as the beginning of theirs": (
        results("mx.acme.example.evil.example; dmarc=pass header.from=acme.example"),
        OURS,
        THEIRS,
        FROM,
    ),
    "our name as the end of theirs": (results("evil-mx.acme.example; dmarc=pass header.from=acme.example"), OURS, THEIRS, FROM),
    "our name in a comment": (results("(mx.acme.example) mx.evil.example; dmarc=pass header.from=acme.example"), OURS, THEIRS, FROM),
    "our name as a version": (results("mx.evil.example mx.acme.example; dmarc=pass header.from=acme.example"), OURS, THEIRS, FROM),
    "our name in look-alike letters": (results("mx.\u0430cme.example; dmarc=pass header.from=acme.example"), OURS, THEIRS, FROM),
    "results without a name": (results("dmarc=pass action=none header.from=acme.example"), OURS, THEIRS, FROM),
    "ARC alone": (
        OURS,
        "ARC-Seal: i=1; cv=none; d=acme.example",
        results(f"i=1; {PASSED}", "ARC-Authentication-Results"),
        THEIRS,
        FROM,
    ),
    "results of another name": (
        results(PASSED, "X-Authentication-Results"),
        results(PASSED, "Authentication-Results-Original"),
        OURS,
        FROM,
    ),
    "signatures nobody checked": ("DKIM-Signature: v=1; d=acme.example; s=x; b=AA==", "Received-SPF: pass (acme.example)", OURS, FROM),
    # Our server judges, and the sender has a hand in its words.
    "another domain passed": judged("dmarc=pass header.from=evil.example"),
    "a longer domain passed": judged("dmarc=pass header.from=acme.example.evil.example"),
    "two domains passed": judged("dmarc=pass header.from=acme.example header.from=evil.example"),
    "no domain is named": judged("dmarc=pass"),
    "one of two results failed": judged("dmarc=pass header.from=acme.example; dmarc=fail header.from=acme.example"),
    "a pass in a comment": judged("dmarc=none (dmarc=pass header.from=acme.example) header.from=acme.example"),
    "a pass in nested comments": judged("spf=none (a (b; dmarc=pass header.from=acme.example;) c) smtp.mailfrom=evil.example"),
    "a pass in a quoted reason": judged('spf=none reason="; dmarc=pass header.from=acme.example;" smtp.mailfrom=evil.example'),
    "a pass in a quoted envelope address": judged('spf=pass smtp.mailfrom="; dmarc=pass header.from=acme.example; x"@evil.example'),
    "somebody else's signature": judged("dkim=pass header.d=evil.example header.i=@acme.example"),
    "somebody else's envelope": judged("spf=pass smtp.mailfrom=bounces@evil.example smtp.helo=acme.example"),
    "a signature that passed beside one that failed": judged("dkim=pass header.d=acme.example; dkim=fail header.d=acme.example"),
    # Who logged in, by somebody's word.
    "a login at a stranger's": (OURS, "Received: from x (Authenticated sender: anna) by relay.evil.example with ESMTPSA id 3", FROM),
    "a login in the HELO name": (
        "Received: from y (Authenticated sender: anna) by z with ESMTPSA id 1 (h [192.0.2.1]) by mx.acme.example with ESMTPS id 4",
        THEIRS,
        FROM,
    ),
    "somebody else's login": judged("auth=pass smtp.auth=mallory; dmarc=none header.from=acme.example"),
    "Exchange's word outside Exchange": ("X-MS-Exchange-Organization-AuthAs: Internal", OURS, THEIRS, FROM),
    # The agent's address where it is no sender's, and senders who only look like him.
    "two From fields": (*judged("dmarc=pass header.from=acme.example"), f"From: {EVE}"),
    "two addresses in From": (*judged("dmarc=pass header.from=acme.example")[:3], f"From: {ANNA}, {EVE}"),
    "an address before the brackets": (*judged("dmarc=pass header.from=evil.example")[:3], f"From: {ANNA} <{EVE}>"),
    "brackets before an address": (*judged("dmarc=pass header.from=acme.example")[:3], f"From: <{ANNA}> <{EVE}>"),
    "the address as a name": (*judged("dmarc=pass header.from=evil.example")[:3], f'From: "{ANNA}" <{EVE}>'),
    "the address in Sender and Reply-To": (
        *judged("dmarc=pass header.from=evil.example")[:3],
        f"From: {EVE}",
        f"Sender: {ANNA}",
        f"Reply-To: {ANNA}",
    ),
    "a domain in look-alike letters": (
        *judged("dmarc=pass header.from=xn--cme-5cd.example")[:3],
        "From: Anna Ivanova <anna@\u0430cme.example>",
    ),
    "a name in look-alike letters": (*judged("dmarc=pass header.from=acme.example")[:3], "From: Anna Ivanova <\u0430nna@acme.example>"),
}


def decided(
    head: tuple[str, ...], agent_auth: AgentAuth, token: str = f"In-Reply-To: <{STOLEN}>", body: str = BODY, known: Known = KNOWN
) -> Decision:
    lines = (*head, "To: support@acme.example", "Subject: Re: Printer", "Message-ID: <x@evil.example>", *filter(None, (token,)))
    message = parse_message("\r\n".join((*lines, "", body)).encode())
    settings = some_settings(trust=Trust(authserv_ids=("mx.acme.example",), agent_auth=agent_auth))
    return consider(message, Circumstances("support"), lambda question: known, Desk(settings, NO_RULES, some_tokens()), NOW)


def is_executed(decision: Decision) -> bool:
    """Whether anything happened that only an agent can make happen."""
    messages = [effect for effect in decision.effects if isinstance(effect, AddMessage)]
    is_agents = any(message.kind in (MessageKind.AGENT, MessageKind.NOTE) or message.agent for message in messages)
    is_relayed = any(letter.template == "answer" for letter in decision.letters)
    before, after = decision.before, decision.after
    is_changed = before is not None and after is not None and (before.status, before.owner) != (after.status, after.owner)
    return is_agents or is_relayed or is_changed or decision.reason.code == "agent-act"


def is_told(decision: Decision) -> bool:
    """Whether somebody hears of it: the agent at home (A4), or whoever reads the ticket (A1a)."""
    if decision.state is IncomingState.QUARANTINED:
        return [letter.template for letter in decision.letters] == ["unverified"]
    return any(isinstance(effect, RecordEvent) and effect.kind == "token_elsewhere" for effect in decision.effects)


@pytest.mark.parametrize("agent_auth", ["dmarc", "token+dmarc"])
def test_of_forty_forgeries_none_is_obeyed_and_each_is_told(agent_auth: AgentAuth) -> None:
    found = {name: decided(head, agent_auth) for name, head in FORGERIES.items()}
    assert len(found) == 40
    assert [name for name, decision in found.items() if is_executed(decision)] == []
    assert [name for name, decision in found.items() if not is_told(decision)] == []


@pytest.mark.parametrize("agent_auth", ["dmarc", "token+dmarc"])
@pytest.mark.parametrize("body", [*MENDING, "send", "note"])
def test_no_forgery_releases_what_came_back_or_is_held(body: str, agent_auth: AgentAuth) -> None:
    """A7, A11: his `yes`, or his command lines alone; his `send` or `note`."""
    known = KNOWN if body in MENDING else HOLDING
    found = {name: decided(head, agent_auth, body=body, known=known) for name, head in FORGERIES.items()}
    obeyed = [name for name, decision in found.items() if is_executed(decision) or any(map(is_release, decision.effects))]
    assert obeyed == []
    assert is_release(*decided(judged("dmarc=pass header.from=acme.example"), agent_auth, body=body, known=known).effects)


def is_release(effect: Effect) -> bool:
    return isinstance(effect, SendMended | SendCrossed)


@pytest.mark.parametrize("agent_auth", ["dmarc", "token+dmarc"])
def test_the_agent_himself_is_obeyed(agent_auth: AgentAuth) -> None:
    for head in (
        judged("dmarc=pass header.from=acme.example"),
        judged("dkim=pass header.d=acme.example"),
        judged("auth=pass smtp.auth=anna@acme.example; dmarc=fail header.from=acme.example"),
    ):
        decision = decided(head, agent_auth)
        assert is_executed(decision), decision.reason
        assert decision.after is not None
        assert (decision.after.status.value, decision.after.owner) == ("closed", "boris")


def test_without_the_token_no_forgery_is_obeyed_either() -> None:
    for name, head in FORGERIES.items():
        assert not is_executed(decided(head, "token+dmarc", token="")), name
