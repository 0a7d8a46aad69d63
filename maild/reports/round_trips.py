"""Test mails: each department writes to itself, and what comes in shows its ways back (`maild.round_trip`; MAIL.md O1a, O4, O5, L8).

Two mails a department: one to a plus address and from one, one to its plain address from the null path. `maild.reports.lookout` sees them
come in.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from maild.config.settings import Queue, Settings, Smtp
from maild.finding import Finding, Level, judge_clock
from maild.ingest.authentication import is_aligned, judge
from maild.ingest.witness import find_witness
from maild.message import AuthResult, InboundMessage
from maild.outbox.delivery import Deferred, Delivery, Failed, Outcome
from maild.outbox.probe import Probe, write_control_probe, write_plus_probe
from maild.outbox.queue import group_by_account
from maild.outbox.smtp import Account
from maild.outbox.ways_back import unthreadable
from maild.reports.ids import WAYS_BACK
from maild.reports.lookout import Lookout, Returned
from maild.round_trip import RoundTrip
from maild.store import round_trips
from maild.store.engine import Store
from maild.tokens import Tokens

PROBE_NUMBERS = 10**9
LEVELS: dict[str, Level] = {"on": "fail", "auto": "warn", "off": "ok"}
"""How bad it is that plus addresses do not work, by `desk.plus`."""
PROVE_AGENTS = (
    "have the server judge such mail, too, or write into it who has logged in (Postfix: `smtpd_sasl_authenticated_header = yes`), and set "
    "`logins:` of agents who log in under other names than their addresses; or set `trust.agent_auth: token`"
)
RECIPIENT_FIELDS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")


@dataclass(frozen=True, slots=True)
class Sent:
    """A probe handed to the relay. `refused` is what the relay said to the envelope it was to have at first, "" if it took that."""

    probe: Probe
    outcome: Outcome
    refused: str

    @property
    def is_under_way(self) -> bool:
        return not isinstance(self.outcome, Failed | Deferred)


@dataclass(frozen=True, slots=True)
class Trial:
    """One department's two mails; without the first its address leaves no room for a detail. `login` is who submitted them."""

    queue: Queue
    plus: Sent | None
    control: Sent
    at: datetime
    login: str = ""


def send_tests(settings: Settings, tokens: Tokens, store: Store, wait_seconds: float) -> Iterator[Finding]:
    """Send all test mails, wait for them, store what they have shown, and tell it."""
    with closing(Lookout(store, tokens)) as lookout:
        for key, mailbox in settings.mailboxes.items():
            if fault := lookout.watch(mailbox):
                yield replace(fault, about=f"mailbox {key}")
        trials = [
            _send(settings.queues[key], account, settings, tokens) for account, keys in group_by_account(settings) for key in sorted(keys)
        ]
        returned = lookout.wait_for({sent.probe.number for trial in trials for sent in _under_way(trial)}, wait_seconds)
    for trial in trials:
        trip = find_round_trip(trial, returned, settings)
        if trip:
            with store.writing() as tx:
                round_trips.store(tx, trip)
        yield from (replace(finding, about=f"queue {trial.queue.key}") for finding in _tell(trial, trip, returned, settings, wait_seconds))


def _under_way(trial: Trial) -> Iterator[Sent]:
    return (sent for sent in (trial.plus, trial.control) if sent and sent.is_under_way)


# Sending


def _send(queue: Queue, smtp: Smtp, settings: Settings, tokens: Tokens) -> Trial:
    account = Account(smtp, hello=settings.desk.domain, clock=_now, unknown_retry=settings.outbox.unknown_retry)
    try:
        now = _now()
        plus = write_plus_probe(queue, secrets.randbelow(PROBE_NUMBERS), tokens, now)
        control = write_control_probe(queue, secrets.randbelow(PROBE_NUMBERS), tokens, now)
        return Trial(queue, _hand_over(plus, account) if plus else None, _hand_over(control, account), now, smtp.username or "")
    finally:
        account.close()


def _hand_over(probe: Probe, account: Account) -> Sent:
    """Where the relay does not take the envelope, the same mail goes in the department's own."""
    outcome = account.send(_delivery(probe))
    if not isinstance(outcome, Failed):
        return Sent(probe, outcome, "")
    plain = probe.sent_by(probe.queue.address)
    return Sent(plain, account.send(_delivery(plain)), outcome.error)


def _delivery(probe: Probe) -> Delivery:
    return Delivery(
        id=0,
        letter=0,
        queue=probe.queue.key,
        kind="probe",
        ticket=None,
        message_id=probe.message_id,
        envelope_sender=probe.envelope_sender,
        envelope_id="",
        recipient=probe.recipient,
        raw=probe.raw,
        attempts=0,
        created=_now(),
        was_unknown=False,
    )


# What was seen


def find_round_trip(trial: Trial, returned: Mapping[int, Returned], settings: Settings) -> RoundTrip | None:
    """What is now known of a department; None where nothing came in, or the relay wants to be asked later, so that nothing was shown."""
    if trial.plus and isinstance(trial.plus.outcome, Deferred):
        return None
    plus = _arrival(trial.plus, returned)
    control = _arrival(trial.control, returned)
    came = [(sent.probe, arrived) for sent, arrived in ((trial.plus, plus), (trial.control, control)) if sent and arrived]
    if not came:
        return None
    seen_in = _field_of(trial.plus.probe.recipient, plus.message) if trial.plus and plus else ""
    return RoundTrip(
        queue=trial.queue.key,
        address=trial.queue.address,
        at=trial.at,
        plus=bool(seen_in),
        seen_in=seen_in,
        envelope=trial.plus is not None and plus is not None and _kept_envelope(trial.plus, plus.message),
        null_sender=control is not None and _kept_null_path(trial.control, control.message, plus, settings),
        keeps_ids=all(arrived.message.message_id.casefold() == probe.message_id.casefold() for probe, arrived in came),
    )


def _arrival(sent: Sent | None, returned: Mapping[int, Returned]) -> Returned | None:
    """The probe itself. What comes from somebody else is a report about it."""
    found = returned.get(sent.probe.number) if sent else None
    if found is None or sent is None:
        return None
    return found if sent.probe.queue.address.casefold() in {address.key for address in found.message.header_from} else None


def _field_of(address: str, message: InboundMessage) -> str:
    """Where the plus address still stands, by which answers will be known; "" where the server has taken it out everywhere."""
    return next((name for name in RECIPIENT_FIELDS if any(address.casefold() in value.casefold() for value in message.fields(name))), "")


def _kept_envelope(sent: Sent, message: InboundMessage) -> bool:
    return not sent.refused and (message.return_path or "").casefold() == sent.probe.envelope_sender.casefold()


def _kept_null_path(control: Sent, message: InboundMessage, plus: Returned | None, settings: Settings) -> bool:
    """Not where the relay puts another sender in its place, nor where the mail is worse authenticated for it: without a sender SPF has
    nothing to align with DMARC's From."""
    if control.refused or message.return_path:
        return False
    witness = find_witness(control.probe.queue.mailbox, settings)
    worse = judge(message, witness).verdict is not AuthResult.PASS
    return not (worse and plus is not None and judge(plus.message, witness).verdict is AuthResult.PASS)


# Telling


def _tell(
    trial: Trial, trip: RoundTrip | None, returned: Mapping[int, Returned], settings: Settings, wait_seconds: float
) -> Iterator[Finding]:
    if trip is None:
        yield Finding(
            "fail", _why_nothing(trial, returned, wait_seconds), "see that mail to this address comes into its mailbox, then try again"
        )
        return
    yield _tell_plus(trial, trip, returned, settings, wait_seconds)
    if trip.plus and trial.plus:
        yield _tell_envelope(trial.plus, trip, returned)
    yield _tell_null_path(trial.control, trip)
    yield _tell_ids(trial, trip, settings)
    yield from _tell_proof(trial, returned, settings)
    yield from _tell_clock(trial, returned)


def _why_nothing(trial: Trial, returned: Mapping[int, Returned], wait_seconds: float) -> str:
    for sent in (trial.control, trial.plus):
        if sent and isinstance(sent.outcome, Failed | Deferred):
            return f"no test mail could be sent: {sent.outcome.error}"
    if trial.control.probe.number in returned:
        return f"a test mail to {trial.queue.address} came back as undeliverable"
    return f"no test mail to {trial.queue.address} came in within {wait_seconds:.0f} s"


def _tell_plus(trial: Trial, trip: RoundTrip, returned: Mapping[int, Returned], settings: Settings, wait_seconds: float) -> Finding:
    if trip.plus and trial.plus:
        took = (returned[trial.plus.probe.number].seen - trial.at).total_seconds()
        return Finding("ok", f"mail to a plus address came in after {took:.1f} s; its address stands in {trip.seen_in}")
    text = f"plus addresses do not work: {_why_no_plus(trial, returned, wait_seconds)}"
    return Finding(
        LEVELS[settings.desk.plus], text, "let the server take them (Postfix: `recipient_delimiter = +`), or set `desk.plus: off`"
    )


def _why_no_plus(trial: Trial, returned: Mapping[int, Returned], wait_seconds: float) -> str:
    if trial.plus is None:
        return f"{trial.queue.address} is too long to have anything behind a plus"
    if isinstance(trial.plus.outcome, Failed | Deferred):
        return trial.plus.outcome.error
    if _arrival(trial.plus, returned):
        return "the test mail came in, but its address stands in none of its fields"
    if trial.plus.probe.number in returned:
        return "the test mail came back as undeliverable"
    return f"the test mail did not come in within {wait_seconds:.0f} s, though one to the plain address did"


def _tell_envelope(plus: Sent, trip: RoundTrip, returned: Mapping[int, Returned]) -> Finding:
    if trip.envelope:
        return Finding("ok", "a bounce address went through: each bounce names its letter and recipient")
    seen = returned[plus.probe.number].message.return_path
    why = plus.refused or (
        "nothing on the mail shows its envelope sender" if seen is None else f"the mail came in from {seen or 'the null path'}"
    )
    return Finding("ok", f"no bounce addresses are used: {why}; bounces are known by what they return")


def _tell_null_path(control: Sent, trip: RoundTrip) -> Finding:
    if trip.null_sender:
        return Finding("ok", "the null path went through: acknowledgements leave from it, and nothing comes back to them")
    why = control.refused or "the relay put another sender in its place, or the mail was worse authenticated"
    return Finding("ok", f"acknowledgements do not leave from the null path: {why}")


def _tell_ids(trial: Trial, trip: RoundTrip, settings: Settings) -> Finding:
    if trip.keeps_ids:
        return Finding("ok", "the relay keeps our Message-IDs")
    if reason := unthreadable(trial.queue, trip, settings):
        return Finding("fail", reason.text, WAYS_BACK)
    return Finding("ok", "the relay replaces our Message-IDs; answers are known by their address, or by the tag in their subject")


def _tell_proof(trial: Trial, returned: Mapping[int, Returned], settings: Settings) -> Iterator[Finding]:
    """S1, S1a: what the server says of mail that its own users submit, since agents' answers are such mail where they have addresses beside
    the department's. It judges what comes from outside, and often nothing else."""
    arrived = _arrival(trial.plus, returned) or _arrival(trial.control, returned)
    if arrived is None or settings.trust.agent_auth == "token" or not _has_agents_beside(trial.queue, settings):
        return
    witness = find_witness(trial.queue.mailbox, settings)
    found = judge(arrived.message, witness, filter(None, (trial.login, trial.queue.address)))
    if found.verdict is AuthResult.PASS:
        yield Finding("ok", f"mail that your own users submit is authenticated: {found.reason.text}")
        return
    whose = " or ".join(sorted(witness.names - {""})) if witness else ""
    said = (
        f"without a verdict of {whose or 'a server you trust'}" if found.verdict is AuthResult.UNKNOWN else f"unproven: {found.reason.text}"
    )
    yield Finding(
        "warn",
        f"mail that your own users submit comes back {said}; answers of agents who do so will be held (agent_unverified)",
        PROVE_AGENTS,
    )


def _has_agents_beside(queue: Queue, settings: Settings) -> bool:
    domain = queue.address.rpartition("@")[2]
    addresses = (address for agent in settings.agents.values() for address in agent.addresses)
    return any(is_aligned(address.rpartition("@")[2], domain) for address in addresses)


def _tell_clock(trial: Trial, returned: Mapping[int, Returned]) -> Iterator[Finding]:
    """The server's time of arrival lies between our sending and our seeing, if both clocks agree."""
    for sent in (trial.plus, trial.control):
        arrived = _arrival(sent, returned)
        if arrived and arrived.received:
            early, late = arrived.received - trial.at, arrived.received - arrived.seen
            skew = early if early < timedelta(0) else max(late, timedelta(0))
            yield judge_clock(skew, "the mail server's")
            return


def _now() -> datetime:
    return datetime.now(UTC)
