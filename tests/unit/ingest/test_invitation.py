"""Calendar parts in one line (MAIL.md P12)."""

from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.invitation import describe_calendar
from maild.ingest.parse import parse_message


def an_event(*lines: str, method: str = "REQUEST") -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VTIMEZONE", "DTSTART:19700101T000000", "END:VTIMEZONE", *lines])


def check(calendar: str, expected: str, method: str = "") -> None:
    assert describe_calendar(calendar, method) == expected


def test_an_invitation_is_one_line():
    check(
        an_event(
            *("BEGIN:VEVENT", "SUMMARY:Fire drill\\, all", "DTSTART:20260105T100000Z", "LOCATION:Room 4"),
            *('ORGANIZER;CN="Smith, Ann":mailto:ann@x.example', "END:VEVENT"),
        ),
        "Invitation: Fire drill, all, 2026-01-05 10:00 UTC, Room 4, from Smith, Ann",
    )


def test_times_are_told_with_their_zone():
    check(
        an_event("BEGIN:VEVENT", 'DTSTART;TZID="Europe/Sofia":20260105T100000', "END:VEVENT"), "Invitation: 2026-01-05 10:00 (Europe/Sofia)"
    )
    check(an_event("BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260105", "END:VEVENT"), "Invitation: 2026-01-05")
    check(an_event("BEGIN:VEVENT", "DTSTART:soon", "SUMMARY:Lunch", "END:VEVENT"), "Invitation: Lunch")


def test_the_method_names_what_it_is():
    check(an_event("BEGIN:VEVENT", "SUMMARY:Lunch", "END:VEVENT", method="REPLY"), "Answer to an invitation: Lunch")
    check(an_event("BEGIN:VEVENT", "SUMMARY:Lunch", "END:VEVENT"), "Cancelled: Lunch", method="cancel")
    check(an_event("BEGIN:VTODO", "SUMMARY:Clean", "DUE:20260105", "END:VTODO", method="X"), "Event: Clean, 2026-01-05")


def test_folded_and_broken_calendars_are_read():
    check(an_event("BEGIN:VEVENT", "SUMMARY:A very", " long title", "END:VEVENT"), "Invitation: A verylong title")
    check(an_event("BEGIN:VEVENT", "SUMMARY:No end"), "Invitation: No end")
    check(an_event("ORGANIZER:mailto:ann@x.example"), "")
    check("", "")


def test_a_mail_with_an_invitation_says_so():
    raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/calendar; method=REQUEST\n\n"
    message = parse_message((raw + an_event("BEGIN:VEVENT", "SUMMARY:Lunch", "END:VEVENT") + "\n--b--\n").encode())
    assert (message.invitation, message.calendar_method) == ("Invitation: Lunch", "REQUEST")
    assert [attachment.name for attachment in message.attachments] == ["attachment-1.ics"]


def test_hostile_calendars_take_linear_time():
    start = process_time()
    for piece in ("BEGIN:VEVENT\n", "A;B=" * 20, "A;" * 500 + ":\n", "\n ", 'A;"', "SUMMARY:" + "\\" * 3_000 + "\n"):
        describe_calendar("BEGIN:VEVENT\n" + piece * (1_000_000 // len(piece)), "")
    assert process_time() - start < 2


@given(
    st.lists(
        st.sampled_from(["BEGIN:VEVENT", "END:VEVENT", "SUMMARY:x", "DTSTART;TZID=:2026", "ORGANIZER;CN=:", ";:", " x", "\\"]), max_size=12
    )
)
def test_any_lines_are_a_calendar(lines: list[str]) -> None:
    assert "\n" not in describe_calendar("\n".join(lines), "")
