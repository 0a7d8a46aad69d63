"""Tickets that an agent opens for somebody who has not written to the desk: he writes first, as the department, or takes down what was said
on the telephone (MAIL.md A7-A9). The same for a mail and for the command line. Pure.

In which mails an agent says so, and what proves him, is `maild.desk.opening_mail`'s.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Mode, Settings
from maild.desk import customer_letters
from maild.desk.acts import Act, Done, do
from maild.desk.answered import NOTHING_ANSWERED, Answered
from maild.desk.colleagues import tell_department
from maild.desk.command import Command, CommandFault
from maild.effects import AddMessage, Effect, Post, RecordEvent
from maild.message import Address
from maild.outbox.guard import post
from maild.outbox.leaks import find_leak
from maild.reason import Reason
from maild.ticket import ENDED, MessageKind, Priority, Status, TicketView

NO_REPLY = Command("noreply", "")
NO_WORDS = CommandFault(0, "there are no words of yours in it")
NO_SUBJECT = CommandFault(0, "it has no subject, which is the first that is read of it; write it once more, with one")


def a_new_ticket(queue: str, requester: Address, subject: str, now: datetime, language: str | None = None) -> TicketView:
    """A ticket of somebody who has not written. `language`: in which he is written to; None: nobody knows."""
    return TicketView(0, subject, queue, Status.NEW, Priority.NORMAL, requester, now, now, language=language)


def begin(ticket: TicketView, act: Act, settings: Settings) -> Done:
    """`#to`: a conversation that the agent begins as the department. It is his, and waits; nobody else is told, as of any answer."""
    fault = _find_why_unsent(ticket, act) or _find_mode_fault(ticket, settings)
    return Done(ticket, faults=(fault,)) if fault else do(ticket, act, NOTHING_ANSWERED, settings)


def _find_why_unsent(ticket: TicketView, act: Act) -> CommandFault | None:
    person = ticket.requester
    if fault := _find_emptiness(ticket, act):
        return fault
    if suppression := act.suppressed.get(person.key):
        # An answer is tried all the same (B5): that customer waits for one.
        return CommandFault(0, f"mail to {person.address} comes back, so nobody would get it: {suppression.reason}", by_commands=True)
    if leak := find_leak(f"{ticket.subject}\n{person.name}", act.agent.addresses):
        return CommandFault(0, f"{leak.text}, in the subject or in a name")
    return None


def _find_emptiness(ticket: TicketView, act: Act) -> CommandFault | None:
    if not ticket.subject:
        return NO_SUBJECT
    return None if act.says_something else NO_WORDS


def _find_mode_fault(ticket: TicketView, settings: Settings) -> CommandFault | None:
    """PRODUCT 34a, in words for who has no ticket to keep a note on."""
    queue = settings.queues[ticket.queue]
    if queue.mode is Mode.LIVE:
        return None
    why = f"queue {queue.name} is in mode {queue.mode.value}, so nothing goes to customers"
    return CommandFault(0, f"{why}; #from ADDRESS opens a ticket without writing to anybody", by_commands=True)


def take_down(ticket: TicketView, act: Act, settings: Settings, *, acknowledge: bool = False, refusal: Reason | None = None) -> Done:
    """`#from`: what somebody has said, in the agent's words, as her request. She is told nothing unless it is to be acknowledged, and no
    answer ever quotes it: she has not seen it, and it may say what an agent thinks of her. `refusal`: why it is not acknowledged after all.
    """
    if fault := _find_emptiness(ticket, act):
        return Done(ticket, faults=(fault,))
    said = _taken_down(ticket, act)
    answered = Answered(text=act.body, author=ticket.requester.name or ticket.requester.address, taken_down=act.agent.key)
    commands = replace(act, commands=(*act.commands, NO_REPLY), body="", html="", full_text="", attachments=())
    done = do(ticket, commands, answered, settings)
    if done.faults:
        return done
    ack = _acknowledgement(done.after, act, refusal, settings) if acknowledge else ()
    return replace(done, effects=(said, *done.effects, *ack, *_tell_department(done, said, act, settings)))


def _taken_down(ticket: TicketView, act: Act) -> AddMessage:
    """Whose words it is and who has written them; no program of hers has ever seen the agent's mail, so nothing of its thread is kept."""
    return AddMessage(
        kind=MessageKind.CUSTOMER,
        author=ticket.requester,
        at=act.at,
        text=act.full_text or act.body,
        visible=act.body,
        visible_html=act.html,
        html=act.html,
        agent=act.agent.key,
        message_id=act.message_id,
        subject=ticket.subject,
        attachments=act.attachments,
        shown=act.shown,
    )


def _acknowledgement(ticket: TicketView, act: Act, refusal: Reason | None, settings: Settings) -> tuple[Effect, ...]:
    if refusal:
        return (RecordEvent("ack_withheld", "maild", refusal.text),)
    ack = customer_letters.acknowledgement(ticket, NOTHING_ANSWERED, settings, "received", {})
    return post(ack, settings, RecordEvent("acknowledged", act.by, f"{ticket.requester.address}, with the template {ack.template}"))


def _tell_department(done: Done, said: AddMessage, act: Act, settings: Settings) -> Iterable[Effect]:
    """As of any new ticket, but for who has opened it, and whoever has been told already that it is his."""
    ticket = done.after
    if ticket.status in ENDED:
        return ()
    told = {effect.letter.agent for effect in done.effects if isinstance(effect, Post) and effect.letter.task is None}
    without = (act.agent.key, *(agent for agent in told if agent))
    circle = settings.queues[ticket.queue].notify.new
    return tell_department(
        circle, ticket, said, (), settings, suppressed=act.suppressed, away=act.away, without=without, watching=ticket.watchers
    )
