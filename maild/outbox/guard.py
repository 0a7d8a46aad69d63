"""The guard at the post room's door: may this automatic mail go out? Gates (MAIL.md L3), caps (L4), storms (L6), modes (PRODUCT 34a).

Pure. Every refusal is a Reason, which becomes an event of the ticket.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from maild.config.settings import Limits, Mode, Rate, Settings
from maild.effects import Effect, Letter, Post, RecordEvent
from maild.ingest.address_kinds import is_freemail, is_never_answered
from maild.known import Known, Sent, Suppression
from maild.message import Address, AuthResult
from maild.reason import Reason
from maild.tokens import LetterKind

NOT_SENT = "not_sent"
"""The event of a letter that the mode of its queue keeps back."""
STORM = "storm"
"""The tag of a ticket that is one of too many (L6)."""
_KINDS = {kind.name.lower(): kind for kind in LetterKind}
_KEPT_BACK = re.compile(r'(\w+) "([^"]*)" not sent: ')
_SPEAKER = re.compile(r" not sent: queue (.+) is in mode \w+$")


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A letter that was not sent because of its queue's mode. `kind` None: an older maild's, whose words name none."""

    kind: LetterKind | None
    template: str


def windows(limits: Limits) -> tuple[tuple[str, int], ...]:
    """The (scope, seconds) pairs whose counts the limits need; see `maild.known.Sent`."""
    return tuple(dict.fromkeys((scope, _seconds(rate)) for scope, rate in _rates(limits)))


def _rates(limits: Limits) -> Iterator[tuple[str, Rate]]:
    if automatic := limits.automatic:
        yield from (("recipient", rate) for rate in automatic.per_recipient)
        yield from _present(("domain", automatic.per_domain), ("queue", automatic.per_queue), ("all", automatic.breaker))
        yield from _present(("agent", automatic.breaker))
    if storm := limits.storm:
        yield from _present(("storm sender", storm.per_sender), ("storm domain", storm.per_domain))


def _present(*rates: tuple[str, Rate | None]) -> Iterator[tuple[str, Rate]]:
    yield from ((scope, rate) for scope, rate in rates if rate)


def _seconds(rate: Rate) -> int:
    return int(rate.window.total_seconds())


def address_refusal(address: Address, settings: Settings) -> Reason | None:
    """L3: why automatic mail never goes to this address, None if it may."""
    if "@" not in address.address:
        return Reason("invalid-recipient", f'"{address.address}" is no mail address')
    if settings.is_own_address(address.address):
        return Reason("own-address", f"{address.address} is the desk's own address")
    if is_never_answered(address.address):
        return Reason("no-reply", f"{address.address} takes no answers")
    return None


def cap_refusal(address: Address, queue: str, auth: AuthResult, sent: Sent, settings: Settings, more: int = 0) -> Reason | None:
    """L4: the first cap that is reached, None if there is room under all of them and the breaker is whole. `more`: so many are to go."""
    if sent.stopped and settings.limits.automatic:
        return Reason("breaker", f"nothing automatic goes to customers: {sent.stopped}; `maild outbox resume` lets it out again")
    exempt = is_exempt_domain(address, auth, settings)
    for scope, rate in _rates(Limits(settings.limits.automatic, None)):
        if scope == "agent" or (scope == "domain" and exempt):
            continue
        whose = {"recipient": address.key, "domain": address.domain, "queue": queue, "all": ""}[scope]
        if sent.count(scope, whose, _seconds(rate)) + more >= rate.count:
            whom = {"queue": f"queue {queue}'s customers", "all": "all customers together"}.get(scope, whose)
            return Reason(f"cap-{scope}", f"{rate.count} automatic mails in {rate.window} already went to {whom}")
    return None


def breaker_fault(sent: Sent, settings: Settings) -> Reason | None:
    """L4: why the breaker must be tripped now, None if it need not."""
    rate = settings.limits.automatic and settings.limits.automatic.breaker
    if not rate or sent.stopped or sent.count("all", "", _seconds(rate)) < rate.count:
        return None
    return Reason("breaker", f"{rate.count} automatic mails went to customers within {rate.window}")


def find_flooded(sent: Sent, settings: Settings) -> frozenset[str]:
    """L4: the agents, by key, who got so many notifications of late that one mail must stand for all that follow."""
    rate = settings.limits.automatic and settings.limits.automatic.breaker
    if not rate:
        return frozenset()
    return frozenset(agent for agent in settings.agents if sent.count("agent", agent, _seconds(rate)) >= rate.count)


def storm_refusal(address: Address, auth: AuthResult, sent: Sent, settings: Settings) -> Reason | None:
    """L6: this sender, or his domain, opens too many tickets at the moment."""
    exempt = is_exempt_domain(address, auth, settings)
    for scope, rate in _rates(Limits(None, settings.limits.storm)):
        if scope == "storm domain" and exempt:
            continue
        whose = address.key if scope == "storm sender" else address.domain
        if sent.count(scope, whose, _seconds(rate)) >= rate.count:
            return Reason("storm", f"{whose} opened more than {rate.count} tickets in {rate.window}")
    return None


def is_exempt_domain(address: Address, auth: AuthResult, settings: Settings) -> bool:
    """L4: freemail providers, our own domains and authenticated mail do not count against a domain's cap."""
    own = {settings.desk.domain.casefold()} | {queue.address.rpartition("@")[2].casefold() for queue in settings.queues.values()}
    return is_freemail(address.domain) or address.domain in own or auth is AuthResult.PASS


def post(letter: Letter, settings: Settings, event: RecordEvent | None = None) -> tuple[Effect, ...]:
    """The letter, with the event that tells of it; or, where the queue's mode keeps it back, an event that says so."""
    queue = settings.queues.get(letter.queue)
    mode = queue.mode if queue else Mode.LIVE
    if mode is Mode.LIVE or (mode is Mode.AGENTS and letter.kind is LetterKind.NOTIFICATION):
        return (event, Post(letter)) if event else (Post(letter),)
    what = f'{letter.kind.name.lower()} "{letter.template}"'
    return (RecordEvent(NOT_SENT, "maild", f"{what} not sent: queue {letter.queue} is in mode {mode.value}"),)


def read_kept_back(text: str) -> KeptBack:
    """What the words of the event say was kept back."""
    found = _KEPT_BACK.match(text)
    return KeptBack(_KINDS.get(found[1]), found[2]) if found else KeptBack(None, text.partition(" ")[0])


def read_speaker(text: str) -> str:
    """The queue in whose name it would have gone out, by the same words; empty where they name none."""
    found = _SPEAKER.search(text)
    return found[1] if found else ""


def customer_refusal(address: Address, queue: str, auth: AuthResult, known: Known, settings: Settings) -> Reason | None:
    """The gates and caps of any automatic mail to a customer, in one question."""
    return (
        address_refusal(address, settings)
        or suppression_refusal(address, known.suppressed)
        or cap_refusal(address, queue, auth, known.sent, settings)
    )


def suppression_refusal(address: Address, suppressed: Mapping[str, Suppression]) -> Reason | None:
    """B5: mail there came back, or was complained of."""
    suppression = suppressed.get(address.key)
    return Reason("suppressed", f"{address.address} gets no automatic mail: {suppression.reason}") if suppression else None
