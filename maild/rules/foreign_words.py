"""What people write who know other systems, and what it is called here; beside that, what is merely mistyped. Pure."""

from collections.abc import Iterable, Mapping

from maild.config.faults import did_you_mean

MEANT: Mapping[str, str] = {
    **dict.fromkeys(("on", "trigger", "event", "events"), "when"),
    **dict.fromkeys(("then", "action", "actions"), "do"),
    **dict.fromkeys(("condition", "conditions", "where"), "if"),
    "name": "id",
    **dict.fromkeys(("title", "description", "comment"), "about"),
    **dict.fromkeys(("enabled", "active"), "disabled"),
    **dict.fromkeys(("and", "all_of"), "all"),
    **dict.fromkeys(("or", "any_of"), "any"),
    **dict.fromkeys(("nor", "none_of", "unless"), "none"),
    **dict.fromkeys(("sender", "requester"), "from"),
    **dict.fromkeys(("recipient", "recipients"), "to"),
    **dict.fromkeys(("assignee", "agent"), "owner"),
    **dict.fromkeys(("department", "group"), "queue"),
    **dict.fromkeys(("equals", "eq", "=", "=="), "is"),
    **dict.fromkeys(("ne", "is_not", "!="), "not"),
    **dict.fromkeys(("regex", "regexp", "pattern"), "matches"),
    **dict.fromkeys((">", "more_than", "above"), "gt"),
    **dict.fromkeys(("<", "less_than", "below"), "lt"),
    ">=": "gte",
    "<=": "lte",
    **dict.fromkeys(("add_tag", "add_tags", "label"), "tag"),
    **dict.fromkeys(("remove_tag", "remove_tags"), "untag"),
    **dict.fromkeys(("email", "mail", "alert"), "notify"),
    **dict.fromkeys(("delete", "discard"), "drop"),
    **dict.fromkeys(("comment", "add_note", "internal_note"), "note"),
    **dict.fromkeys(("labels", "current_tags"), "tags"),
}
"""Only where the word here is one of those that can stand there: `group` is a key of rules, and no field."""
_WRITTEN: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("not_contains", "does_not_contain", "excludes"), ("contains", "not: {contains: …}")),
    **dict.fromkeys(("not_matches", "does_not_match"), ("matches", "not: {matches: …}")),
    **dict.fromkeys(("not_in", "not_equals", "neq"), ("contains", "not: […]")),
    **dict.fromkeys(("transition", "status", "set_status", "close", "open", "reopen"), ("set", "set: {status: …}")),
    **dict.fromkeys(("priority", "set_priority"), ("set", "set: {priority: …}")),
    **dict.fromkeys(("queue", "move", "route"), ("set", "set: {queue: …}")),
    **dict.fromkeys(("owner", "assignee", "assign_to"), ("set", "set: {owner: …}")),
    **dict.fromkeys(("every", "daily", "hourly", "weekly"), ("ticket.created", '{cron: "0 8 * * mon"}')),
}
"""What is written in more than one word here, beside a word that can stand in that place."""
NOBODY = frozenset({"none", "nobody", "nil", "unassigned", "empty", "no one", "no-one"})
_FLAGS = {**dict.fromkeys(("no", "off", "n", "0"), "false"), **dict.fromkeys(("yes", "on", "y", "1"), "true")}


def suggest(word: str, known: Iterable[str]) -> str:
    """` (did you mean "…"?)` or ` (write …)`, or nothing where nobody can tell."""
    words, first = tuple(known), word.casefold().partition(" ")[0]
    meant, (beside, written) = MEANT.get(first), _WRITTEN.get(first, ("", ""))
    if beside in words:
        return f" (write {written})"
    return f' (did you mean "{meant}"?)' if meant in words else did_you_mean(word, words)


def suggest_flag(word: str) -> str:
    """` (write false)` for what is no flag in YAML."""
    meant = _FLAGS.get(word.casefold())
    return f" (write {meant})" if meant else ""
