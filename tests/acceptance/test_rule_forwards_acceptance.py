"""A customer's mail goes to somebody outside by a rule, with its files, and the answer comes back to the ticket (RULES.md 4: `forward`)."""

from collections.abc import Callable

from tests.rig.mails import an_email_with_files
from tests.rig.office import RunningDesk, an_answer_to, text_of

PARTS = "parts@supplier.example"
RULES = f"""version: 1
rules:
  - id: parts
    owner: anna
    when: [ticket.created, message.customer]
    if: {{text: {{word: drum}}}}
    do: [{{forward: {PARTS}}}, {{tag: parts}}]
"""


def test_a_mail_with_a_file_goes_out_and_the_answer_comes_back(make_desk: Callable[..., RunningDesk]):
    desk = make_desk(rules=RULES).start()
    files = [("drum.png", "image/png", b"\x89PNG picture")]
    desk.receive(an_email_with_files(files, sender="Ann Smith <ann@globex.example>", to=desk.at("support"), body="This drum, please.\n"))
    letter = desk.letter(PARTS)
    assert "Ann Smith <ann@globex.example> wrote:\n\nThis drum, please.\n" in text_of(letter)
    assert [(part.get_filename(), part.get_content()) for part in letter.iter_attachments()] == [("drum.png", files[0][2])]
    assert desk.ask("outbox", "list")[0]["queue"] == "support"

    desk.receive(an_answer_to(letter, PARTS, "12 EUR, on Monday.\n"))
    (told,) = (each for each in map(text_of, desk.letters("anna")) if "12 EUR" in each)
    assert told.startswith("Reply = internal note\n")
    assert f"{PARTS} is not the requester." in told
    desk.settle()
    assert not any("12 EUR" in text_of(each) for each in desk.letters("ann@globex.example"))
    assert len(desk.letters(PARTS)) == 1
