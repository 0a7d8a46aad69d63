"""A desk that asks a running rspamd about its mail, and goes on without it (MAIL.md S4, RULES.md 4)."""

import json
from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk
from tests.rig.rspamd import GTUBE, RspamdServer
from tests.rig.servers import free_port

DeskMaker = Callable[..., RunningDesk]
ASKING = "limits: {{automatic: off, storm: off}}\nspam: {{threshold: 5, rspamd: {{url: '{url}', timeout: 10s}}}}"
RULES = """
version: 1
rules:
  - {id: polite, owner: anna, when: mail.received, if: {spam.symbols: POLITE}, do: [{score: {points: +3, reason: too polite}}]}
  - {id: advised, owner: anna, when: mail.received, if: {spam.action: no action}, do: [{score: -1}]}
  - {id: links, owner: anna, when: mail.received, if: {subject: {contains: offer}}, do: [{score: +4}]}
"""


def test_a_filter_and_rules_keep_strangers_out_and_a_dead_filter_keeps_nobody_waiting(make_desk: DeskMaker, rspamd: RspamdServer):
    desk = make_desk(extra=ASKING.format(url=rspamd.url), rules=RULES).start()
    name = f"rspamd at {rspamd.url.removeprefix('http://')}"

    def receive(subject: str, body: str = "Hello") -> dict[str, object]:
        return desk.receive(an_email(sender=f"{subject.split()[0]}@strangers.example", to=desk.at("support"), subject=subject, body=body))

    harmless = receive("Printer")
    assert (harmless["state"], harmless["ticket"]) == ("done", 1)
    shown = desk.ask("message", "show", str(harmless["id"]))["evidence"]
    assert {"code": "filter", "text": f"{name}: no action, score 0 of 15"} in shown
    assert {"code": "score", "text": "score -1 of 5: advised -1"} in shown

    rejected = receive("Prize", GTUBE)
    assert (rejected["state"], rejected["reason"]) == ("quarantined", f"spam: {name}: reject, score 15 of 15 (GTUBE)")
    scored = receive("An offer, please")
    reason = "score: score 6 of 5: polite +3 (too polite), advised -1, links +4"
    assert (scored["state"], scored["reason"], scored["ticket"]) == ("quarantined", reason, None)
    assert receive("Second")["ticket"] == 2, "what is kept out spends no number"
    assert desk.letters("An@strangers.example") == []
    assert desk.ask("status")["troubles"] == []

    file = desk.directory / "offer.eml"
    file.write_bytes(an_email(sender="eve@strangers.example", to=desk.at("support"), subject="pills, please", body="Hello"))
    assert "rule polite: spam.symbols has POLITE → score +3, now 3: too polite" in desk.maild("rules", "explain", str(file))

    dead = f"127.0.0.1:{free_port()}"
    desk.extra = ASKING.format(url=f"http://{dead}")
    desk.configure()
    assert desk.app is not None
    assert desk.app.reload().done
    unjudged = receive("Prize again", GTUBE)
    assert unjudged["state"] == "done"
    said = {"code": "filter", "text": f"rspamd at {dead} was not heard: Connection refused"}
    assert said in desk.ask("message", "show", str(unjudged["id"]))["evidence"]
    assert json.loads(desk.maild("status", "--json", status=1))["troubles"] == [
        f"rspamd at {dead}: Connection refused; mail is read without it"
    ]
    found = next(line for line in json.loads(desk.maild("doctor", "--json", status=1)) if line["check"] == f"rspamd at {dead}")
    assert (found["level"], found["next"]) == ("fail", "see `spam.rspamd`, and whether it runs")
