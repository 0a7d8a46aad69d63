"""Checks of the parts against each other: names, addresses, shared mailboxes, trust. Each is one function; all of them run."""

from collections.abc import Callable
from datetime import UTC, datetime

from maild import plus
from maild.config.faults import Place, did_you_mean
from maild.config.findings import Claim, Findings
from maild.config.nodes import Table
from maild.config.settings import Mode
from maild.config.written import Written
from maild.desk.query import ANYBODY, find_problem

Check = Callable[[Written, Table, Findings], None]
_HOMES = {
    "agent": ("agent", "agents", "E204"),
    "queue": ("queue", "queues", "E201"),
    "mailbox": ("queue", "queues", "E201"),
    "calendar": ("calendar", "calendars", "E208"),
}
"""What a name is called, where it must stand, and the fault where it does not."""
_COMES_BACK = "its mail would come back for ever"
_WHY_NOT_A_DEPARTMENTS = {
    "agent": _COMES_BACK,
    "admin": _COMES_BACK,
    "control": "agents may write commands there anyway",
}


def run_checks(written: Written, root: Table, findings: Findings) -> None:
    """Every check, each adding its faults."""
    for check in CHECKS:
        check(written, root, findings)


def _names_exist(written: Written, root: Table, findings: Findings) -> None:
    known = {key: names_in(root, key) for _, key, _ in _HOMES.values()}
    for reference in findings.references:
        what, key, code = _HOMES[reference.kind]
        if reference.name not in known[key] and key not in findings.unread:
            hint = did_you_mean(reference.name, known[key])
            findings.faults.add(reference.place, code, f'{what} "{reference.name}" is not in {key}{hint}')


def names_in(root: Table, key: str) -> tuple[str, ...]:
    """The names under a top-level key, whether or not what they hold could be read."""
    node = root.get(key)
    return tuple(entry.key.text for entry in node.entries) if isinstance(node, Table) else ()


def _addresses_are_owned_once(written: Written, root: Table, findings: Findings) -> None:
    """Mail to a department tells the department by its address, mail from an agent the agent. Behind a plus it is the department's, too."""
    departments = _first_claims(findings, "queue", "E210")
    _first_claims(findings, "agent", "E212")
    for claim in findings.claims:
        bare = (bare for bare, _ in plus.readings(claim.address.casefold()))
        department = next((departments[address] for address in bare if address in departments), None)
        if claim.kind != "queue" and department:
            message = f"{claim.address} is the address of the department {department.owner}: {_WHY_NOT_A_DEPARTMENTS[claim.kind]}"
            findings.faults.add(claim.place, "E211", message)


def _first_claims(findings: Findings, kind: str, code: str) -> dict[str, Claim]:
    """The owner of each address; a second one is a fault."""
    owners: dict[str, Claim] = {}
    for claim in findings.claims:
        if claim.kind == kind and (first := owners.setdefault(claim.address.casefold(), claim)) is not claim:
            at = f"{first.place.file.name}:{first.place.line}"
            findings.faults.add(claim.place, code, f"{claim.address} is already the address of {first.owner} ({at})")
    return owners


def _mailbox_chains_end(written: Written, root: Table, findings: Findings) -> None:
    for key in written.queues:
        if shared_mailbox(written, key) is None and _is_circular(written, key):
            place = place_of(root, "queues", key, "mailbox")
            findings.faults.add(
                place, "E213", f'the mailbox of "{key}" leads back to itself; one queue of the circle needs a mailbox of its own'
            )


def shared_mailbox(written: Written, key: str) -> str | None:
    """The queue whose mailbox serves this one; None where the chain ends nowhere."""
    seen = {key}
    while (queue := written.queues.get(key)) and queue.mailbox is None:
        key = queue.queue.mailbox
        if key in seen:
            return None
        seen.add(key)
    return key if queue else None


def _is_circular(written: Written, key: str) -> bool:
    """Whether this very queue is part of a circle, not only a way into one."""
    current = written.queues[key].queue.mailbox
    for _ in written.queues:
        if current == key:
            return True
        current = written.queues[current].queue.mailbox if current in written.queues else ""
    return False


def _mailboxes_are_read_once(written: Written, root: Table, findings: Findings) -> None:
    readers: dict[tuple[str, int, str, str], str] = {}
    for key, queue in written.queues.items():
        if mailbox := queue.mailbox:
            first = readers.setdefault((mailbox.host.casefold(), mailbox.port, mailbox.username, mailbox.folder), key)
            if first != key:
                message = f'{mailbox.username} on {mailbox.host} is already read for "{first}"; write "mailbox: {first}" instead'
                findings.faults.add(place_of(root, "queues", key, "mailbox"), "E214", message)


def _forms_can_be_proved(written: Written, root: Table, findings: Findings) -> None:
    """MAIL.md L6a."""
    if written.forms and not written.trust.authserv_ids and "trust" not in findings.unread:
        message = "forms are believed only where trust.authserv_ids names the server that judges their mail; as it is, they are machines"
        findings.faults.add(place_of(root, "forms"), "W309", message)


def _agents_can_be_proved(written: Written, root: Table, findings: Findings) -> None:
    """MAIL.md A3 and O7."""
    if "trust" in findings.unread:
        return
    trust, place = written.trust, place_of(root, "trust", "agent_auth")
    if trust.agent_auth != "token" and not has_judges(written):
        message = f'"agent_auth: {trust.agent_auth}" needs authserv_ids: the name your mail server writes into Authentication-Results'
        findings.faults.add(place, "E321", message)
    elif not has_judges(written):
        message = "without trust.authserv_ids agents are proved by their token alone, and acknowledgements repeat the subject to everybody"
        findings.faults.add(place, "W303", message)
    elif trust.agent_auth == "token":
        findings.faults.add(place, "W303", '"agent_auth: token": whoever is forwarded a notification can answer as the agent')


def has_judges(written: Written) -> bool:
    """Whether for each mailbox somebody's word about senders counts (MAIL.md S1)."""
    mailboxes = [queue.mailbox for queue in written.queues.values() if queue.mailbox]
    return bool(written.trust.authserv_ids) or (bool(mailboxes) and all(mailbox.provider for mailbox in mailboxes))


def _queues_have_agents(written: Written, root: Table, findings: Findings) -> None:
    for key, queue in written.queues.items():
        if not queue.queue.agents:
            findings.faults.add(
                place_of(root, "queues", key), "W304", f'"{key}" has no agents: its notifications go to the lead and the admins'
            )


def _closed_hours_are_known(written: Written, root: Table, findings: Findings) -> None:
    for key, queue in written.queues.items():
        if queue.queue.ack == "closed_hours" and queue.queue.calendar is None:
            message = f'"{key}" is never closed, so it would acknowledge nothing: "ack: closed_hours" needs a calendar'
            findings.faults.add(place_of(root, "queues", key, "ack"), "E332", message)


def _there_is_a_desk(written: Written, root: Table, findings: Findings) -> None:
    if root.get("queues") is not None and not names_in(root, "queues") and "queues" not in findings.unread:
        findings.faults.add(place_of(root, "queues"), "E301", '"queues" is empty; give at least one')


def _mail_can_be_sent(written: Written, root: Table, findings: Findings) -> None:
    if root.get("smtp") is not None:
        return
    for key, queue in written.queues.items():
        if queue.queue.mode is not Mode.OBSERVE and queue.queue.smtp is None:
            findings.faults.add(place_of(root, "queues", key), "W305", f'nothing can be sent for "{key}": there is no smtp')


def _threads_stay_together(written: Written, root: Table, findings: Findings) -> None:
    """MAIL.md O3."""
    if written.desk and written.desk.tag_position == "suffix":
        place = place_of(root, "desk", "tag_position")
        findings.faults.add(place, "W306", '"tag_position: suffix" splits conversations in Gmail; "prefix" keeps them together')


def _names_are_told_apart(written: Written, root: Table, findings: Findings) -> None:
    """A rule may name an agent or a team in the same place (RULES.md 4)."""
    for name in names_in(root, "teams"):
        if name in names_in(root, "agents"):
            findings.faults.add(place_of(root, "teams", name), "E215", f'"{name}" is the name of an agent; a team needs another one')


def _views_have_names_of_their_own(written: Written, root: Table, findings: Findings) -> None:
    """An agent's `next support` asks for a department's or a view's first ticket."""
    queues = {name.casefold() for name in names_in(root, "queues")}
    for name in names_in(root, "views"):
        if name.casefold() in queues:
            findings.faults.add(place_of(root, "views", name), "E216", f'"{name}" is the name of a queue; a view needs another one')


def _views_make_sense(written: Written, root: Table, findings: Findings) -> None:
    """Whoever asks for a view cannot mend it, so that its query must be good."""
    if {"queues", "agents"} & findings.unread:
        return
    queues, agents = names_in(root, "queues"), (ANYBODY, *names_in(root, "agents"))
    for name, view in written.views.items():
        if problem := find_problem(view.query, queues, agents, datetime.now(UTC)):
            findings.faults.add(place_of(root, "views", name, "query"), "E331", f'the query of the view "{name}" makes no sense: {problem}')


def place_of(root: Table, *keys: str) -> Place:
    """The place of the value under these keys, or of the last key on the way that is there. Tables are shown at their key."""
    place, node = root.place, root
    for key in keys:
        entry = next((entry for entry in node.entries if entry.key.text == key), None)
        if entry is None:
            return place
        place = entry.key.place
        if not isinstance(entry.value, Table):
            return entry.value.place
        node = entry.value
    return place


CHECKS: tuple[Check, ...] = (
    _there_is_a_desk,
    _names_exist,
    _names_are_told_apart,
    _views_have_names_of_their_own,
    _views_make_sense,
    _addresses_are_owned_once,
    _mailbox_chains_end,
    _mailboxes_are_read_once,
    _agents_can_be_proved,
    _forms_can_be_proved,
    _queues_have_agents,
    _closed_hours_are_known,
    _mail_can_be_sent,
    _threads_stay_together,
)
