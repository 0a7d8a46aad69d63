"""Agents' mails: what of 200 that are generated reaches customers and must not, and whether each does what it says, or comes back whole."""

from collections.abc import Iterator, Sequence

from tests.bench.bench_desk import Ground
from tests.bench.figures import Figure, at_least, at_most
from tests.rig.agent_mailbag import AgentMailbag, Judged, Outcome, an_agents_desk

MAILS = 200


def measure(ground: Ground) -> Iterator[Figure]:
    directory = ground.directory / "agents"
    directory.mkdir()
    with an_agents_desk(directory) as desk:
        judged = list(AgentMailbag(desk).empty(MAILS))
    leaking = [mail for mail in judged if mail.leaks]
    yield Figure("agents' mails, with a leak to a customer", len(leaking), "", at_most(0), _remark(leaking, judged))
    yield _done_right("agents' mails, wrong commands returned, nothing sent", [mail for mail in judged if mail.outcome is Outcome.RETURNED])
    well_formed = [mail for mail in judged if mail.outcome in (Outcome.SENT, Outcome.INSIDE)]
    yield _done_right("agents' mails, well-formed and done", well_formed)


def _done_right(name: str, mails: Sequence[Judged]) -> Figure:
    wrong = [mail for mail in mails if mail.faults]
    return Figure(name, 100 * (len(mails) - len(wrong)) / len(mails), "%", at_least(100), _remark(wrong, mails))


def _remark(wrong: Sequence[Judged], mails: Sequence[Judged]) -> str:
    return "; ".join([f"{len(wrong)} of {len(mails)} not" if wrong else f"of {len(mails)}", *(mail.what for mail in wrong[:3])])
