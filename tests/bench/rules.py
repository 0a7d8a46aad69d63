"""Rules: what a set costs to load, and what one mail costs when it is asked of many rules, of hostile ones, and of a megabyte of text."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

from maild.daemon import spare_the_collector
from maild.rules.engine import evaluate
from maild.rules.ruleset import RuleSet
from maild.rules.verdict import Occasion
from tests.bench.bench_desk import Ground
from tests.bench.figures import Figure, at_most
from tests.rig.occasions import a_message, an_occasion, load_text

SIZES = (10, 100, 1_000, 10_000)
ROUNDS = 20
CONDITIONS = (
    "from.domain: [customer{n}.example, partner{n}.example]",
    "subject: {{contains: [invoice {n}, order {n}]}}",
    "text: {{word: [refund{n}*, фактура{n}]}}",
    "auto: false, priority: high, header.X-Source: form{n}",
    "any: [{{subject: {{matches: '(?i)ticket\\D*{n}-(?P<n>\\d+)'}}}}, {{tags: {{has: t{n}}}}}]",
)
BODY = "Dear people, the printer on the second floor is on fire again and the invoice says nothing of it.\n" * 20
RULE = "- {{id: r{n}, when: ticket.created, if: {{{condition}}}, do: [{{tag: t{n}}}]}}"
HOSTILE = (
    *(r"(a+)+$", r"(a|aa)+$", r"(.*a){20}$", r"([a-z]+)*\d", r"^(([a-z])+.)+[A-Z]([a-z])+$"),
    *(r"(?i)(x+x+)+y", r"\s+$", r"(a?){60}a{60}", r"(.|\n)*z{9}", r".*.*.*=.*"),
)
LONG = {"a": "a" * 1_000_000, "words": "invoice πληρωμή фактура پرداخت " * 32_000}


def measure(ground: Ground) -> Iterator[Figure]:
    files = {size: _write(size) for size in SIZES}
    loading = [_milliseconds(lambda: load_text(files[1_000])) for _ in range(ground.runs)]
    yield Figure("rules, loading 1000", median(loading), "ms", at_most(1000))
    mail = an_occasion(message=a_message(body=BODY))
    sets = {size: _rules(text) for size, text in files.items()}
    spare_the_collector()
    costs = _costs_in_turn(sets, mail)
    for size in SIZES:
        yield Figure(f"rules, one mail and {size}", costs[size], "ms", at_most(2) if size == 1_000 else None)
    yield Figure("rules, growth from 1000 to 10000", costs[10_000] / costs[1_000], "times", at_most(13))
    yield Figure("rules, one mail and 1000, and why each did not fire", _cost(sets[1_000], mail, 20, _tell), "ms")
    for name, body in LONG.items():
        long_mail = an_occasion(message=a_message(subject="aaaa", body=body))
        worst = max(_cost(_hostile(pattern), long_mail, repeat=3) for pattern in HOSTILE)
        yield Figure(f"rules, the worst hostile pattern and 1 MB of {name}", worst, "ms", at_most(50))
        yield Figure(f"rules, 1000 and 1 MB of {name}", _cost(_rules(files[1_000]), long_mail, repeat=3), "ms", at_most(50))


def _write(size: int) -> str:
    """Rules as desks have them: five kinds in turn, of which next to none fires."""
    return "rules:\n" + "\n".join(RULE.format(n=n, condition=CONDITIONS[n % len(CONDITIONS)].format(n=n)) for n in range(size))


def _hostile(pattern: str) -> RuleSet:
    return _rules("rules:\n" + RULE.format(n=0, condition=f"body: {{matches: '{pattern}'}}"))


def _rules(text: str) -> RuleSet:
    loaded = load_text(text)
    assert loaded.rules, loaded.faults
    return loaded.rules


def _costs_in_turn(sets: Mapping[int, RuleSet], mail: Occasion) -> Mapping[int, float]:
    """What one mail costs by each size. Asked in turn: what else the machine does meanwhile meets all of them."""
    rounds = [{size: _cost(rules, mail, repeat=3) for size, rules in sets.items()} for _ in range(ROUNDS)]
    return {size: median(costs[size] for costs in rounds) for size in sets}


def _cost(rules: RuleSet, mail: Occasion, repeat: int, ask: Callable[[RuleSet, Occasion], object] = evaluate) -> float:
    return median(_milliseconds(lambda: ask(rules, mail)) for _ in range(repeat))


def _tell(rules: RuleSet, mail: Occasion) -> Sequence[Mapping[str, object]]:
    """The verdict with its trace as the store gets it."""
    return [trace.to_mapping() for trace in evaluate(rules, mail).trace]


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000
