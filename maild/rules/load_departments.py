"""What may stand in a rule that is asked about a department, and not about a ticket (RULES.md 2: `each: once`, `queue.length`)."""

from collections.abc import Mapping

from maild.config.nodes import Entry
from maild.rules.conditions import Condition
from maild.rules.fields import Field
from maild.rules.load_times import refuse_fields
from maild.rules.loading import Loading

FIELDS = ("queue", "queue.length")
_OPTIONS = ("once", "stop", "group", "cascade")


def check_department_rule(found: Mapping[str, Entry], condition: Condition | None, loading: Loading) -> None:
    """A fault about whatever asks for a ticket or a mail, or says how often the rule fires on one."""
    if condition and "if" in found:
        why = f"asks for a ticket or a mail, and this rule concerns none; it may ask for {', '.join(FIELDS)} and hours.<calendar>"
        refuse_fields(condition, found["if"].value, _is_of_departments, why, loading)
    for key in _OPTIONS:
        if key in found:
            loading.add(found[key].key.place, "E304", f'"{key}" means nothing where a rule runs alone, and concerns no ticket; take it out')


def _is_of_departments(field: Field) -> bool:
    return field.key == field.name and (field.name in FIELDS or field.name.startswith("hours."))
