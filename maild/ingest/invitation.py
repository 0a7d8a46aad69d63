"""A calendar part in one line (MAIL.md P12): "Invitation: Fire drill, 2026-01-05 10:00 UTC, room 4, from Ann Smith". Pure, linear.

RFC 5545 is read as far as that needs; the calendar itself goes along as an attachment.
"""

import re
from dataclasses import dataclass

from maild.ingest.hygiene import one_line

MAX_CALENDAR = 256 * 1024
MAX_VALUE = 200

_FOLD = re.compile(r"\r?\n[ \t]")
# Name, parameters, value: the first colon outside quotes parts them. Possessive, so that nothing is tried twice.
_FIELD = re.compile(r"([A-Za-z-]{1,40})((?>[^:\"\n]|\"[^\"\n]*+\")*+):(.{0,2000})")
_ESCAPE = re.compile(r"\\([\\;,nN])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(?:\d\d)?(Z)?)?$")
_ZONE = re.compile(r"TZID=\"?([^\":;]{1,60})", re.IGNORECASE)
_COMMON_NAME = re.compile(r"CN=(?:\"([^\"]{1,100})\"|([^\":;]{1,100}))", re.IGNORECASE)
_METHODS = {"REQUEST": "Invitation", "REPLY": "Answer to an invitation", "CANCEL": "Cancelled", "COUNTER": "Another time proposed"}


@dataclass(frozen=True, slots=True)
class _Property:
    parameters: str
    value: str


def describe_calendar(calendar: str, method: str) -> str:
    """One line about the first event, "" where there is none. `method` is the part's own, which may be missing."""
    properties = _first_event(calendar[:MAX_CALENDAR])
    if not properties:
        return ""
    title = _METHODS.get((method or properties.get("METHOD", _Property("", "")).value).strip().upper(), "Event")
    pieces = (_text(properties, "SUMMARY"), _when(properties), _text(properties, "LOCATION"), _organiser(properties))
    return f"{title}: {', '.join(filter(None, pieces))}".rstrip(": ")


def _first_event(calendar: str) -> dict[str, _Property]:
    """The first event's or task's properties by upper-case name, and the calendar's METHOD; empty without an event."""
    properties: dict[str, _Property] = {}
    inside = ""
    for line in _FOLD.sub("", calendar).split("\n"):
        found = _FIELD.match(line.rstrip("\r"))
        if not found:
            continue
        name, parameters, value = found.group(1).upper(), found.group(2), found.group(3)
        if name == "BEGIN" and not inside and value.strip().upper() in ("VEVENT", "VTODO"):
            inside = value.strip().upper()
        elif name == "END" and value.strip().upper() == inside:
            return properties
        elif name == "METHOD" or inside:
            properties.setdefault(name, _Property(parameters, value))
    return properties if inside else {}


def _text(properties: dict[str, _Property], name: str) -> str:
    written = properties.get(name)
    if written is None:
        return ""
    return one_line(_ESCAPE.sub(lambda escape: " " if escape.group(1) in "nN" else escape.group(1), written.value))[:MAX_VALUE]


def _when(properties: dict[str, _Property]) -> str:
    """`2026-01-05 10:00 UTC`, `2026-01-05 10:00 (Europe/Sofia)`, `2026-01-05`."""
    start = properties.get("DTSTART") or properties.get("DUE")
    found = _MOMENT.match(start.value.strip()) if start else None
    if start is None or found is None:
        return ""
    year, month, day, hour, minute, utc = found.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    zone = _ZONE.search(start.parameters)
    where = " UTC" if utc else f" ({one_line(zone.group(1))})" if zone else ""
    return f"{year}-{month}-{day} {hour}:{minute}{where}"


def _organiser(properties: dict[str, _Property]) -> str:
    organiser = properties.get("ORGANIZER")
    if organiser is None:
        return ""
    found = _COMMON_NAME.search(organiser.parameters)
    name = (found.group(1) or found.group(2)) if found else organiser.value.partition(":")[2] or organiser.value
    return f"from {one_line(name)[:MAX_VALUE]}" if name.strip() else ""
