"""All that can happen to a ticket, on one, by the mails of three people: what each of them then has in his mailbox."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from tests.rig.agent_mailbag import DESK
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to
from tests.rig.replay import Replay

TWO_AGENTS = DESK.replace("agents: [anna]", "agents: [anna, boris]")
BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ANN, ANNA, BORIS = "ann@globex.example", "anna@acme.example", "boris@acme.example"
SUBJECT = f"AW: Счёт 4711 🙂 {'a long subject that folds ' * 5}"


class Life:
    """`own`: what somebody has written himself."""

    def __init__(self, desk: Replay) -> None:
        self.desk, self.now = desk, BEGIN
        self._own: dict[str, list[bytes]] = {}

    def write(self, raw: bytes) -> int:
        self.now += timedelta(minutes=5)
        self._own.setdefault(parsed(raw)["From"].addresses[0].addr_spec, []).append(raw)
        number = self.desk.receive(raw, self.now)
        assert number is not None
        return number

    def answer(self, who: str, ticket: int, words: str, *, to: int = -1) -> None:
        """He answers one of his letters, the last unless another is named."""
        self.write(an_answer_to(self.letters(who, ticket)[to], who, words, date=self.now))

    def letters(self, who: str, ticket: int) -> list[EmailMessage]:
        return [parsed(sent.raw) for sent in self.desk.letters_about(who, ticket)]

    def mailbox(self, who: str) -> list[bytes]:
        return [*(sent.raw for sent in self.desk.letters[who]), *self._own.get(who, ())]

    def live(self) -> int:
        number = self.write(an_email(sender=f"Ann <{ANN}>", subject=SUBJECT, date=self.now))
        self.answer(ANNA, number, "#clsoe\nIt comes back.")
        self.answer(ANNA, number, "#note\nBetween us.", to=0)
        self.answer(BORIS, number, "#take\n#tag vip\n#priority urgent\nIt is on its way.", to=0)
        self.answer(ANNA, number, "It crosses.", to=0)
        self.answer(ANN, number, "And where is it now?")
        self.answer(BORIS, number, "#assign anna\n#task anna fri call her\n#note\nPlease see to it.")
        self.answer(ANNA, number, "#close\nHere it is.")
        self.answer(ANN, number, "No, it is not. Please look again?")
        self.answer(ANNA, number, f"#show {number}")
        self.answer(ANNA, number, "#move sales", to=-2)
        self.write(an_email(sender="eve@else.example", subject=str(self.letters(ANN, number)[0]["Subject"]), body="Ask me.\n"))
        return number
