"""Rules that are tried in a replay, and what they remember of their own doing (`maild.replay`).

The copy remembers what the desk's own rules do. Where others would have fired, what they would have sent and what they wait for is known
here, of the tickets on which they are asked; of all others they are taken to have done what the desk's own have done.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from maild.background import Limit, Pause, RuleMail
from maild.config.settings import Settings
from maild.effects import Decision, NoteFiring, PauseRule
from maild.known import Known
from maild.rules.ruleset import RuleSet
from maild.rules.times import Timing
from maild.rules.waiting import Waiting
from maild.ticket import TicketView


class TriedRules:
    """`waiting`: what their time rules wait for, from `begin` on. `fired`: when those that rest have fired last, by ticket."""

    def __init__(self, rules: RuleSet, settings: Settings) -> None:
        self.rules = rules
        self.waiting = Waiting(Timing((), settings))
        self.fired: dict[int, Mapping[str, datetime]] = {}
        self._timing = Timing(rules.timed, settings)
        self._limits = {rule.id: rule.limit for rule in rules.rules if rule.limit}
        self._beyond: dict[str, list[tuple[datetime, int]]] = {}
        self._pauses: dict[str, Pause] = {}

    @property
    def has_time_rules(self) -> bool:
        return bool(self._timing.rules)

    def begin(self) -> None:
        """From now on they wait."""
        self.waiting = Waiting(self._timing)

    def take_over(self, tickets: Iterable[TicketView], now: datetime, own: Waiting, fired: Mapping[int, Mapping[str, datetime]]) -> None:
        """They take the place of the desk's own rules, which have waited (`own`) and `fired` on these tickets, as at a reload."""
        self.fired.update(fired)
        self.waiting.take_over(tickets, now, own)

    def note(self, decision: Decision, number: int | None, now: datetime) -> None:
        """What they have done, or are taken to have done."""
        self.waiting.note(decision)
        fired = {effect.rule: effect.at for effect in decision.effects if isinstance(effect, NoteFiring)}
        if number is not None and fired:
            self.fired[number] = {**self.fired.get(number, {}), **fired}
        for effect in decision.effects:
            if isinstance(effect, PauseRule):
                self._pauses.setdefault(effect.rule, Pause(effect.rule, now, effect.why))

    def note_mail(self, decision: Decision, now: datetime, *, is_own: bool = False) -> None:
        """What goes out by them, and what by the desk's own rules, of which the copy knows as well: between both lies what they have sent
        beyond those."""
        for letter in decision.letters if self._limits else ():
            if letter.limited and letter.rule in self._limits:
                self._beyond.setdefault(letter.rule, []).append((now, -1 if is_own else 1))

    def knowing(self, known: Known, now: datetime) -> Known:
        """What is known in the copy, and what only these rules know of themselves."""
        mail = {rule: self._mail_of(self._limits[rule], found, now) for rule, found in known.background.mail.items()}
        background = replace(known.background, mail=mail) if mail else known.background
        return replace(known, fired=self.fired, background=background)

    def _mail_of(self, limit: Limit, found: RuleMail, now: datetime) -> RuleMail:
        beyond = sum(letters for at, letters in self._beyond.get(limit.rule, ()) if at > now - limit.window)
        return replace(found, count=max(0, found.count + beyond), pause=self._pauses.get(limit.rule))
