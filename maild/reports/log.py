"""A ticket's log in words. Pure; how a line looks on a terminal is the command's."""

from maild.effects import RecordEvent

_RULE = "rule "


def describe_event(event: RecordEvent) -> str:
    """What happened, on one line; by whom is said where it was not maild itself and the words do not say it already."""
    text = " ".join(event.text.split())
    if event.by.startswith(_RULE):
        return f"{event.by.removeprefix(_RULE)}: {text}"
    is_said = event.by in ("", "maild") or ("@" in event.by and event.by in text)
    return text if is_said else f"{event.by}: {text}"
