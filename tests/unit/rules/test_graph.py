"""The rules as a picture."""

from maild.rules.graph import draw
from maild.rules.verdict import Event
from tests.rig.occasions import rules_from


def test_order_stops_and_what_one_rule_sets_and_another_tests_are_drawn():
    rules = rules_from(
        """
        rules:
          - {id: a, when: [ticket.created, message.customer], do: [{tag: x}, {set: {queue: sales}}]}
          - {id: b, when: ticket.created, if: {any: [{tags: {count: {gt: 1}}}, {queue: sales}]}, do: [{tag: y}], stop: true}
          - {id: off, when: ticket.created, if: {tags: x}, disabled: broken, do: [{tag: z}]}
          - {id: trial, when: ticket.created, if: {tags: y}, mode: shadow, stop: true, do: [{tag: z}]}
          - {id: c, when: message.customer, if: {tags: [x, z]}, group: g, stop: group, do: [{note: x}]}
        """
    )
    assert list(draw(rules)) == [
        "flowchart TD",
        '  r1["a"]',
        '  r2["b"]',
        '  r4["trial (shadow)"]',
        '  r5["c"]',
        '  e2(["ticket.created"])',
        "  e2 --> r1 --> r2 --> r4",
        '  e3(["message.customer"])',
        "  e3 --> r1 --> r5",
        '  r2 --> sr2(("stop"))',
        '  r5 --> sr5(("stop g"))',
        '  r1 -. "queue, tags" .-> r2',
        '  r1 -. "tags" .-> r4',
        '  r1 -. "tags" .-> r5',
        '  r2 -. "tags" .-> r4',
    ]


def test_points_lead_to_the_rules_that_ask_for_their_sum():
    rules = rules_from("""
        rules:
          - {id: links, when: mail.received, do: [{score: 4}]}
          - {id: sure, when: mail.received, if: {score: {gte: 12}}, do: [{drop: spam}]}
    """)
    assert list(draw(rules))[-1] == '  r1 -. "score" .-> r2'


def test_macros_stand_side_by_side_and_see_nothing_of_each_other():
    rules = rules_from(
        """
        rules:
          - {id: refund, when: macro, do: [{tag: x}]}
          - {id: calm, when: [macro, ticket.closed], if: {tags: x}, do: [{note: x}]}
        """
    )
    macro, closed = (list(Event).index(event) + 1 for event in (Event.MACRO, Event.TICKET_CLOSED))
    assert list(draw(rules)) == [
        "flowchart TD",
        '  r1["refund"]',
        '  r2["calm"]',
        f'  e{closed}(["ticket.closed"])',
        f"  e{closed} --> r2",
        f'  e{macro}(["macro"])',
        f"  e{macro} --> r1 & r2",
    ]
