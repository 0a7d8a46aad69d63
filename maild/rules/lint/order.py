"""Rules that are never asked, because others stop before them. Pure."""

from bisect import bisect_right
from dataclasses import dataclass, field

from maild.config.faults import Faults
from maild.rules.actions import Ack, Action, Allow, Assign, Close, Divert, Forward, Note, Notify, Reply, Score, SetField, Tag, Untag
from maild.rules.conditions import ALWAYS
from maild.rules.distribution import Distribute
from maild.rules.fields import Field
from maild.rules.lint.subject import NEAREST, Subject
from maild.rules.proofs import implies
from maild.rules.senders import SetSender

_SILENT = (Ack, Note, Notify, Forward, Divert, Allow, SetSender)
"""Actions that leave every field of the ticket as it is; who wrote a mail, later rules at its intake see as it came."""
_SETTABLE = ("queue", "status", "priority", "tier", "owner", "team", "tags", "language", "score")
_UNKNOWN = "unknown"
_ANYTHING = "*"


def check_order(subjects: tuple[Subject, ...], faults: Faults) -> tuple[Subject, ...]:
    """Rules behind one that stops wherever they could fire, at each of their events. Answers with those that may be asked."""
    orders = {event: _Order() for subject in subjects for event in subject.events}
    unreachable = set()
    for subject in subjects:
        stoppers = {event: orders[event].find_stopper(subject) for event in subject.events}
        found = [stopper for stopper in stoppers.values() if stopper]
        if found and len(found) == len(stoppers):
            unreachable.add(subject.rule.id)
            if subject.rule.disabled is None:
                first = min(found, key=lambda stopper: (stopper.rule.file, stopper.rule.line))
                faults.add(subject.place, "W310", _describe_unreachable(subject, first))
        for event in (event for event, stopper in stoppers.items() if not stopper):
            orders[event].add(subject)
    return tuple(subject for subject in subjects if subject.rule.id not in unreachable)


def _describe_unreachable(subject: Subject, stopper: Subject) -> str:
    if stopper.rule.condition == ALWAYS:
        why = "stops first, whatever comes"
    elif stopper.rule.condition == subject.rule.condition:
        why = "stops first with the same conditions"
    else:
        why = "stops first with wider conditions"
    return f'rule "{subject.rule.id}" can never run: {subject.refer_to(stopper)} {why}; move it above that one, or take it out'


@dataclass(slots=True)
class _Order:
    """The rules that are asked at one event so far: those that stop, and which rule may have changed what."""

    count: int = 0
    stopping: list[tuple[int, Subject]] = field(default_factory=list)
    changing: dict[str, list[int]] = field(default_factory=dict)

    def add(self, subject: Subject) -> None:
        if subject.always_stops:
            self.stopping.append((self.count, subject))
        for name in _changed_by(subject) if subject.is_live else ():
            self.changing.setdefault(name, []).append(self.count)
            if self.changing.setdefault(_ANYTHING, [-1])[-1] != self.count:
                self.changing[_ANYTHING].append(self.count)
        self.count += 1

    def find_stopper(self, subject: Subject) -> Subject | None:
        """The first of the nearest rules that always stops before this one could fire."""
        stoppers = ((position, earlier) for position, earlier in self.stopping[-NEAREST:] if _always_stops(earlier, subject))
        return next((earlier for position, earlier in stoppers if self._covers(earlier, subject, position)), None)

    def _covers(self, earlier: Subject, subject: Subject, position: int) -> bool:
        return implies(subject.rule.condition, earlier.rule.condition, lambda tested: self._is_unchanged(tested, position))

    def _is_unchanged(self, tested: Field, since: int) -> bool:
        """Whether no rule after that position can have changed the field. What we do not know all writers of, any change may touch."""
        if not tested.of_ticket:
            return True
        names = (tested.name, _UNKNOWN) if _is_settable(tested.name) else (_ANYTHING,)
        return all(bisect_right(changes, since) == len(changes) for name in names if (changes := self.changing.get(name)))


def _always_stops(earlier: Subject, subject: Subject) -> bool:
    return earlier.stops(subject) and earlier.is_asked_whenever(subject)


def _is_settable(name: str) -> bool:
    return name in _SETTABLE or name.startswith("field.")


def _changed_by(subject: Subject) -> frozenset[str]:
    """The fields that a rule's actions may change; `unknown` stands for any."""
    return frozenset(name for action in subject.rule.actions for name in fields_changed(action))


def fields_changed(action: Action) -> tuple[str, ...]:
    """The fields that it may change; `unknown` where that is not known."""
    match action:
        case SetField(name=name):
            return (name, "owner", "team") if name == "queue" else (name,)
        case Tag() | Untag():
            return ("tags",)
        case Assign() | Distribute():
            return ("owner", "team")
        case Reply() | Close():
            return ("status",)
        case Score():
            return ("score",)
        case _ if isinstance(action, _SILENT):
            return ()
    return (_UNKNOWN,)


def check_groups(subjects: tuple[Subject, ...], faults: Faults) -> None:
    """`stop: group` before nothing."""
    last: dict[tuple[str | None, str], int] = {}
    for position, subject in enumerate(subjects):
        last.update({(subject.rule.group, event): position for event in subject.events})
    for position, subject in enumerate(subjects):
        rule = subject.rule
        if rule.stops_group and subject.events and all(last[rule.group, event] == position for event in subject.events):
            faults.add(subject.place_of("stop"), "W318", f'stops nothing: no later rule of the group "{rule.group}" is for these events')
