"""The form of what rules do, by the tables that load it. Pure."""

from maild.desk.assignment import Pick
from maild.rules import action_scope, load_actions, load_letters, load_work, meanings
from maild.rules.desk_words import DeskWords
from maild.rules.fields import CALENDARS, QUEUES
from maild.rules.schema_forms import FLAG, SCALAR, SPAN, TEXT, Schema, any_of, described, list_of, one_of, strict, suggesting
from maild.rules.time_forms import Clock

_POINTS: Schema = {"type": "number", "minimum": -load_actions.MOST_POINTS, "maximum": load_actions.MOST_POINTS, "not": {"const": 0}}


def actions_form(words: DeskWords) -> Schema:
    """One item of `do`: one action, or several."""
    forms = {name: _action(name, words) for name in load_actions.ACTIONS}
    return {"type": "object", "properties": described(meanings.ACTIONS, forms), "additionalProperties": False}


def _action(name: str, words: DeskWords) -> Schema:
    desk = words.settings
    agents = tuple(desk.agents) if desk else ()
    match name:
        case "set" | "default":
            return _settings(words, with_sender=name == "set")
        case "tag" | "untag":
            return list_of(suggesting(words.tags, TEXT))
        case "assign":
            named = strict({"to": one_of(agents), "team": _team(words)}, minimum=1)
            picks = list_of({"enum": [pick.value for pick in Pick]})
            room: Schema = {"type": "integer", "minimum": 1}
            search = {"team": _team(words), "pick": picks, "cap": room, "hours": one_of(words.of(CALENDARS))}
            return any_of(one_of(agents), named, strict(search, minimum=1))
        case "ack" | "reply" | "notify" | "forward" | "close":
            return _writing(name, words)
        case "task":
            receivers = one_of((*load_work.RECEIVERS, *agents) if desk else ())
            clock: Schema = {"enum": [clock.value for clock in Clock]}
            form = strict({"title": TEXT, "for": receivers, "due": TEXT, "clock": clock}, "title", "for")
            by_business = {"required": ["clock"], "properties": {"clock": {"const": Clock.BUSINESS.value}}}
            return {**form, "if": by_business, "then": {"required": ["due"], "properties": {"due": SPAN}}}
        case "fork":
            queue = one_of(words.of(QUEUES))
            return any_of(queue, strict({"queue": queue}, "queue"))
        case "score":
            return any_of(_POINTS, strict({"points": _POINTS, "reason": TEXT}, "points"))
        case "note" | "hold" | "snooze" | "allow" | "quarantine" | "drop":
            return TEXT
    return {}


def _writing(name: str, words: DeskWords) -> Schema:
    """An action by which somebody is written to."""
    desk = words.settings
    match name:
        case "ack":
            return any_of(
                FLAG, _letter(words, **{action_scope.TITLES: {"type": "integer", "minimum": 0, "maximum": action_scope.MOST_TITLES}})
            )
        case "reply":
            return _letter(words, then={"enum": [status.value for status in action_scope.SETTABLE]})
        case "notify":
            who = one_of((*load_letters.AUDIENCES, *desk.agents, *desk.teams) if desk else ())
            return _letter(words, "who", who=list_of(who))
        case "forward":
            return any_of(list_of(TEXT), {**_letter(words, "to", to=list_of(TEXT)), "required": ["to"]})
        case "close":
            return any_of({"enum": [True]}, strict({"template": one_of(words.templates)}, minimum=1))
    return {}


def _team(words: DeskWords) -> Schema:
    """At a desk without teams there is none to name."""
    return {"enum": list(words.settings.teams)} if words.settings else TEXT


def _letter(words: DeskWords, *required: str, **own: Schema) -> Schema:
    """A letter that an action sends: its template, and whatever else stands there is a value for that."""
    properties = {"template": one_of(words.templates), **own}
    return {"type": "object", "properties": properties, "additionalProperties": SCALAR, "required": ["template", *required]}


def _settings(words: DeskWords, *, with_sender: bool) -> Schema:
    clearable = {name: any_of(form, {"type": "null"}) for name in load_actions.CLEARABLE if (form := _setting(name, words))}
    forms = {name: clearable.get(name) or _setting(name, words) for name in load_actions.SETTINGS}
    own = {r"^field\..+": any_of(TEXT, {"type": "null"})}
    sender = {load_actions.SENDER: TEXT} if with_sender else {}
    properties = described(meanings.SETTINGS, {**forms, **sender})
    return {"type": "object", "properties": properties, "patternProperties": own, "additionalProperties": False}


def _setting(name: str, words: DeskWords) -> Schema:
    known = load_actions.SETTINGS[name]
    if known is None:
        return TEXT
    names = words.of(known)
    return {"enum": list(names)} if names or (words.settings and known.code != "E302") else TEXT
