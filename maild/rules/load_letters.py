"""YAML nodes → the actions of RULES.md 4 that write to somebody: acknowledgement, answer, alert, forwarded words, a last word."""

from maild.config.faults import did_you_mean
from maild.config.nodes import Entry, Node, Scalar, Table
from maild.config.readers import bare_address
from maild.config.settings import Settings
from maild.rules.action_scope import ACTION_KEYS, MOST_TITLES, STATUSES, TITLES, Scope, read_name, read_template, read_values
from maild.rules.actions import Ack, Action, Close, Forward, Notify, Reply, Values
from maild.rules.loading import Loading
from maild.rules.strings import Text
from maild.rules.verdict import ABOUT_DEPARTMENTS
from maild.ticket import Status

MOST_FORWARDS = 5
FORWARDED = "forwarded"
"""The template of what goes to somebody outside, where a rule names no other."""
BACKLOG = "backlog"
"""The template of what a rule sends that is asked about a department."""
AUDIENCES = ("owner", "lead", "agents", "admins")


def read_ack(entry: Entry, scope: Scope) -> list[Action]:
    if isinstance(entry.value, Scalar) and isinstance(entry.value.value, bool):
        return [Ack(entry.value.value)]
    if not isinstance(entry.value, Table):
        scope.loading.add(entry.value.place, "E301", '"ack" takes true, false or {template: NAME}')
        return []
    _warn_of_titles(entry.value, scope)
    template, values = read_template(entry, scope), read_values(entry, scope)
    return [Ack(True, template, values)] if template else []


def _warn_of_titles(table: Table, scope: Scope) -> None:
    """How many titles of the knowledge base an acknowledgement names (PRODUCT 4). There is none yet, and no template gets the number."""
    if titles := next((entry for entry in table.entries if entry.key.text == TITLES), None):
        if isinstance(titles.value, Scalar) and type(titles.value.value) is int and 0 <= titles.value.value <= MOST_TITLES:
            scope.loading.add(titles.key.place, "W300", '"kb_titles" is not built yet and has no effect: there is no knowledge base')
        else:
            scope.loading.add(titles.value.place, "E301", f'"kb_titles" takes a number from 0 to {MOST_TITLES}')


def read_reply(entry: Entry, scope: Scope) -> list[Action]:
    table = scope.loading.table(entry.value, '"reply"')
    if table is None:
        return []
    then = next((inner for inner in table.entries if inner.key.text == "then"), None)
    template, status, values = read_template(entry, scope), read_name(then, STATUSES, scope.loading), read_values(entry, scope)
    if template is None or (then and status is None):
        return []
    return [Reply(template, Status(status) if status else None, values)]


def read_notify(entry: Entry, scope: Scope) -> list[Action]:
    table = scope.loading.table(entry.value, '"notify"')
    if table is None:
        return []
    template, values = read_template(entry, scope), read_values(entry, scope)
    who = _read_audience(table, scope.loading)
    if template and not _fits(template, who, values, table, scope):
        return []
    return [Notify(who, template, values)] if template and who else []


def _fits(template: str, who: tuple[str, ...], values: Values, table: Table, scope: Scope) -> bool:
    """Whether it can be sent about what the rule is asked about: a ticket, or a department. What is wrong is noted."""
    key, node = table.key("template"), table.get("who")
    place = key.place if key else table.place
    if not ABOUT_DEPARTMENTS.intersection(scope.events):
        if template == BACKLOG:
            scope.loading.add(place, "E304", f'"{BACKLOG}" tells of a department, and this rule concerns a ticket; name another template')
        return template != BACKLOG
    faults = []
    if template != BACKLOG:
        what = f"{BACKLOG}.body.txt of your own changes what it says"
        faults.append((place, f'a rule that concerns no ticket sends the template "{BACKLOG}"; a templates/{what}'))
    if "owner" in who and node:
        faults.append((node.place, '"owner" is a ticket\'s, and this rule concerns none'))
    if any(isinstance(value, Text) and value.names for _, value in values):
        faults.append((table.place, "this rule concerns no ticket, so that no {{ name }} can stand in its texts"))
    for place, fault in faults:
        scope.loading.add(place, "E304", fault)
    return not faults


def _read_audience(table: Table, loading: Loading) -> tuple[str, ...]:
    node = table.get("who")
    if node is None:
        loading.add(table.place, "E107", f'"notify" needs "who": {", ".join(AUDIENCES)}, an agent or a team')
        return ()
    known = (*AUDIENCES, *loading.settings.agents, *loading.settings.teams)
    scalars = loading.scalars(node) or ()
    for scalar in scalars:
        if scalar.text not in known:
            loading.add(scalar.place, "E204", f'"{scalar.text}" is no agent or team{did_you_mean(scalar.text, known)}')
    return tuple(scalar.text for scalar in scalars if scalar.text in known)


def read_forward(entry: Entry, scope: Scope) -> list[Action]:
    """An address; or a table of some, with a template and values for that."""
    if not isinstance(entry.value, Table):
        to = _read_outsiders(entry.value, scope.loading)
        return [Forward(to, FORWARDED)] if to else []
    node = entry.value.get("to")
    if node is None:
        scope.loading.add(entry.value.place, "E107", '"forward" needs "to": an address, or a list of addresses')
        return []
    to = _read_outsiders(node, scope.loading)
    template, values = read_template(entry, scope) if entry.value.get("template") else FORWARDED, read_values(entry, scope)
    return [Forward(to, template, values)] if to and template else []


def _read_outsiders(node: Node, loading: Loading) -> tuple[str, ...]:
    """Addresses of people who are neither agents nor the desk itself; none where one of them is wrong."""
    scalars = loading.scalars(node) or ()
    found = [bare_address(scalar.text) for scalar in scalars]
    for scalar, address in zip(scalars, found, strict=True):
        if fault := _why_no_outsider(scalar.text, address, loading.settings):
            loading.add(scalar.place, "E302", fault)
            return ()
    if len(scalars) > MOST_FORWARDS:
        loading.add(node.place, "E302", f'"forward" takes {MOST_FORWARDS} addresses at most')
        return ()
    return tuple(dict.fromkeys(address for address in found if address))


def _why_no_outsider(written: str, address: str | None, settings: Settings) -> str:
    if address is None:
        return f'"{written[:60]}" is no address such as parts@supplier.example'
    if settings.is_own_address(address):
        return f'{address} is the desk\'s own; "set: {{queue: …}}" moves a ticket, and "fork" opens a second one'
    if agent := settings.agent_at(address):
        return f'{address} is an agent\'s; write "notify: {{who: {agent.key}, template: …}}"'
    return ""


def read_close(entry: Entry, scope: Scope) -> list[Action]:
    if isinstance(entry.value, Scalar) and entry.value.value is True:
        return [Close()]
    if not isinstance(entry.value, Table):
        scope.loading.add(entry.value.place, "E301", '"close" takes true or {template: NAME}')
        return []
    scope.loading.entries(entry.value, "close", ACTION_KEYS["close"])
    template = read_template(entry, scope)
    return [Close(template)] if template else []
