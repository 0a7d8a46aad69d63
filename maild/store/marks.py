"""Marks: what a decision leaves beside the ticket, on letters, senders, addresses, agents, earlier mail and the desk as a whole."""

from datetime import datetime

from maild.effects import (
    AddAddress,
    AskRule,
    Decision,
    EndAbsence,
    Fold,
    LetIn,
    LiftMute,
    LiftSuppression,
    MarkBounced,
    Mute,
    NoteAlias,
    NoteBounce,
    NoteFiring,
    NoteWelcomeAnswer,
    PauseRule,
    SendCrossed,
    SendKept,
    SendMended,
    StartAbsence,
    Suppress,
    TakeBack,
    TripBreaker,
    Withhold,
)
from maild.store import (
    absences,
    agent_addresses,
    brakes,
    delayed_answers,
    deliveries,
    firings,
    folds,
    letter_aliases,
    mutes,
    rule_mail,
    stays,
    suppressions,
    welcomes,
)
from maild.store import incoming as incoming_mail
from maild.store.engine import Transaction


def write_marks(tx: Transaction, decision: Decision, number: int | None, now: datetime, incoming: int | None) -> None:
    """`number` is the ticket's, `incoming` the mail's, None where none is concerned."""
    for effect in decision.effects:
        match effect:
            case NoteAlias() | MarkBounced() | TakeBack() | Withhold():
                _mark_letter(tx, effect, now)
            case Mute():
                mutes.store(tx, effect)
            case LiftMute(key):
                mutes.lift(tx, key)
            case TripBreaker(why):
                brakes.trip(tx, why)
            case NoteBounce() | Suppress() | LiftSuppression():
                _mark_address(tx, effect, now)
            case Fold(agent) if number:
                folds.store(tx, agent, number, now)
            case AskRule() | NoteFiring() | PauseRule():
                _mark_rule(tx, effect, number, now)
            case StartAbsence() | EndAbsence() | AddAddress():
                _mark_agent(tx, effect, now)
            case SendKept() | SendMended() | SendCrossed() | LetIn():
                _let_walk_again(tx, effect)
            case NoteWelcomeAnswer():
                welcomes.note(tx, effect, incoming)


def _mark_letter(tx: Transaction, effect: NoteAlias | MarkBounced | TakeBack | Withhold, now: datetime) -> None:
    match effect:
        case NoteAlias(letter, message_id, by_relay):
            letter_aliases.store(tx, letter, message_id, by_relay=by_relay)
        case MarkBounced(letter, recipient, diagnostic):
            deliveries.mark_bounced(tx, letter, recipient, diagnostic)
        case TakeBack():
            delayed_answers.take_back(tx, effect, now)
        case Withhold(letter):
            delayed_answers.stop(tx, letter, now)


def _mark_address(tx: Transaction, effect: NoteBounce | Suppress | LiftSuppression, now: datetime) -> None:
    match effect:
        case NoteBounce():
            suppressions.note_bounce(tx, effect, now)
        case Suppress():
            suppressions.store(tx, effect, now)
        case LiftSuppression(address):
            suppressions.lift(tx, address)


def _mark_rule(tx: Transaction, effect: AskRule | NoteFiring | PauseRule, number: int | None, now: datetime) -> None:
    match effect:
        case AskRule(stay, again):
            stays.ask_again(tx, stay, again)
        case NoteFiring() if number:
            firings.store(tx, number, effect)
        case PauseRule():
            rule_mail.pause(tx, effect, now)


def _mark_agent(tx: Transaction, effect: StartAbsence | EndAbsence | AddAddress, now: datetime) -> None:
    match effect:
        case StartAbsence(absence):
            absences.store(tx, absence)
        case EndAbsence(agent):
            absences.end(tx, agent)
        case AddAddress(agent, address):
            agent_addresses.store(tx, agent, address, now)


def _let_walk_again(tx: Transaction, effect: SendKept | SendMended | SendCrossed | LetIn) -> None:
    match effect:
        case SendKept(message):
            incoming_mail.send_after_all(tx, message)
        case SendMended(message, corrected):
            incoming_mail.send_mended(tx, message, corrected)
        case SendCrossed(message, known_until):
            incoming_mail.send_crossed(tx, message, known_until)
        case LetIn(message):
            incoming_mail.release(tx, message)
