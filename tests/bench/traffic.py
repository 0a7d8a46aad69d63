"""The mail of the benchmark: what a help desk gets on a busy day, made up, the same people and words for the same seed.

70 of 100 mails open a ticket, 25 follow up on an earlier mail of the same customer, 5 are automatic. The median is about 10 kB: relays'
headers, seven languages in their usual encodings, HTML beside most texts, files in some, the earlier mail quoted in follow-ups.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from enum import Enum
from html import escape
from itertools import count

NEW_PERCENT = 70
FOLLOW_UP_PERCENT = 25
HTML_SHARE = 0.7
FILE_SHARE = 0.12
SENTENCES = {
    "en": (
        "Since yesterday the machine does not start any more.",
        "The invoice shows an amount we never agreed on.",
        "Could you please send us the missing part?",
        "Our order was promised for last week and has not arrived.",
        "I have tried everything that stands in the manual.",
    ),
    "de": (
        "Seit gestern lässt sich das Gerät nicht mehr einschalten.",
        "Die Rechnung enthält eine Position, die wir nicht kennen.",
        "Könnten Sie uns bitte das fehlende Teil schicken?",
        "Unsere Bestellung sollte schon letzte Woche ankommen.",
        "Wir haben alles versucht, was im Handbuch steht.",
    ),
    "fr": (
        "Depuis hier, l'appareil ne démarre plus.",
        "La facture contient une ligne que nous ne connaissons pas.",
        "Pourriez-vous nous envoyer la pièce manquante ?",
        "Notre commande devait arriver la semaine dernière.",
        "J'ai déjà essayé tout ce qui figure dans la notice.",
    ),
    "es": (
        "Desde ayer la máquina no arranca.",
        "La factura incluye un importe que no conocemos.",
        "¿Podrían enviarnos la pieza que falta?",
        "El pedido tenía que llegar la semana pasada.",
        "Hemos probado todo lo que dice el manual y seguimos igual.",
    ),
    "bg": (
        "От вчера машината не се включва.",
        "Във фактурата има сума, за която не сме се договаряли.",
        "Бихте ли ни изпратили липсващата част?",
        "Поръчката трябваше да пристигне миналата седмица.",
        "Опитахме всичко, което пише в ръководството.",
    ),
    "ja": (
        "昨日から機械の電源が入りません。",
        "請求書に覚えのない金額があります。",
        "足りない部品を送っていただけますか。",
        "先週届くはずの注文がまだ届いていません。",
    ),
    "ar": (
        "منذ أمس لا يعمل الجهاز.",
        "تحتوي الفاتورة على مبلغ لا نعرفه.",
        "هل يمكنكم إرسال القطعة الناقصة؟",
        "كان من المفترض أن يصل الطلب الأسبوع الماضي.",
    ),
}
PEOPLE = (
    *(("Ann Smith", "en"), ("John O'Hara", "en"), ("Mary Jones", "en"), ("Bob Brown", "en"), ("Jörg Müller", "de"), ("Uwe Groß", "de")),
    *(("Zoé Lefèvre", "fr"), ("José García", "es"), ("Иван Петров", "bg"), ("田中 太郎", "ja"), ("أحمد علي", "ar")),
)
CHARSETS = {"de": ("utf-8", "iso-8859-1"), "fr": ("utf-8", "windows-1252"), "bg": ("utf-8", "windows-1251"), "ja": ("utf-8", "iso-2022-jp")}
FILES = (("photo.jpg", "image", "jpeg"), ("Rechnung 2026-11.pdf", "application", "pdf"), ("export.csv", "text", "csv"))
STYLE = (
    "p.MsoNormal, li.MsoNormal, div.MsoNormal {margin:0cm; font-size:11.0pt; font-family:'Calibri',sans-serif; mso-ansi-language:EN-US;}\n"
)


class Kind(Enum):
    """What a mail is to the desk."""

    NEW = "new"
    FOLLOW_UP = "follow-up"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who writes, in one language."""

    name: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A customer's conversation so far: the ids of his mails and the text of the last one."""

    customer: Customer
    subject: str
    ids: tuple[str, ...]
    text: str


def write_mails(number: int, department: str, seed: int = 1) -> list[bytes]:
    """That many mails to a department, in order of arrival; different seeds share no customer and no id."""
    return list(_Post(department, seed).mails(number))


class _Post:
    """The people who write, and what they have written so far."""

    def __init__(self, department: str, seed: int) -> None:
        self._department = department
        self._seed = seed
        self._chance = random.Random(seed)
        self._numbers = count(1)
        self._threads: list[Thread] = []
        self._now = datetime.now(UTC) - timedelta(minutes=30)

    def mails(self, number: int) -> Iterator[bytes]:
        kinds = [Kind.NEW] + [self._kind() for _ in range(number - 1)]
        for kind in kinds:
            match kind:
                case Kind.NEW:
                    yield self._request()
                case Kind.FOLLOW_UP:
                    yield self._follow_up()
                case Kind.AUTOMATIC:
                    yield self._automatic()

    def _kind(self) -> Kind:
        drawn = self._chance.uniform(0, 100)
        if drawn < NEW_PERCENT:
            return Kind.NEW
        return Kind.FOLLOW_UP if drawn < NEW_PERCENT + FOLLOW_UP_PERCENT else Kind.AUTOMATIC

    def _request(self) -> bytes:
        customer = self._customer()
        mail, identifier = self._mail(customer, f"{self._sentence(customer)[:40]} {next(self._numbers)}")
        text = self._text(customer)
        self._threads.append(Thread(customer, mail["Subject"], (identifier,), text))
        return self._wire(mail, customer, text)

    def _follow_up(self) -> bytes:
        place = self._chance.randrange(len(self._threads))
        thread = self._threads[place]
        mail, identifier = self._mail(thread.customer, f"Re: {thread.subject}")
        mail["In-Reply-To"] = f"<{thread.ids[-1]}>"
        mail["References"] = " ".join(f"<{earlier}>" for earlier in thread.ids[-5:])
        text = self._text(thread.customer)
        self._threads[place] = Thread(thread.customer, thread.subject, (*thread.ids, identifier), text)
        return self._wire(mail, thread.customer, f"{text}\n\n{_quoted(thread)}")

    def _automatic(self) -> bytes:
        customer = self._customer()
        mail, _ = self._mail(customer, "Automatic reply: Your message")
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
        return self._wire(mail, customer, "I am out of the office until Monday and will read your message then.")

    def _mail(self, customer: Customer, subject: str) -> tuple[EmailMessage, str]:
        self._now += timedelta(seconds=1)
        domain = customer.address.rpartition("@")[2]
        identifier = f"{self._seed}.{next(self._numbers)}.{self._letters(12)}@{domain}"
        mail = EmailMessage(policy.SMTP)
        mail["From"] = f'"{customer.name}" <{customer.address}>'
        mail["To"] = self._department
        mail["Subject"] = subject
        mail["Date"] = format_datetime(self._now)
        mail["Message-ID"] = f"<{identifier}>"
        return mail, identifier

    def _wire(self, mail: EmailMessage, customer: Customer, text: str) -> bytes:
        """The mail with its body, as the last relay hands it over."""
        charset = self._chance.choice(CHARSETS.get(customer.language, ("utf-8",)))
        mail.set_content(text, charset=charset)
        if self._chance.random() < HTML_SHARE:
            mail.add_alternative(_as_html(text), subtype="html", charset="utf-8")
        if self._chance.random() < FILE_SHARE:
            name, main, sub = self._chance.choice(FILES)
            size = int(self._chance.lognormvariate(10.5, 0.8))
            mail.add_attachment(self._chance.randbytes(size), maintype=main, subtype=sub, filename=name, cte="base64")
        return self._relayed(customer) + mail.as_bytes()

    def _relayed(self, customer: Customer) -> bytes:
        """The headers that relays put before a mail."""
        domain = customer.address.rpartition("@")[2]
        at = format_datetime(self._now)
        lines = [f"Return-Path: <{customer.address}>", f"Delivered-To: {self._department}"]
        for hop in range(4):
            place = f"mx{hop}.{domain} (mx{hop}.{domain} [192.0.2.{hop}])"
            lines.append(
                f"Received: from {place}\r\n\tby relay{hop}.example (Postfix) with ESMTPS id {self._letters(12)}\r\n\tfor <x>; {at}"
            )
        lines.append(f"Authentication-Results: mx.example; dkim=pass header.d={domain}; spf=pass smtp.mailfrom={domain}")
        for name in ("DKIM-Signature", "ARC-Message-Signature", "X-Transport-Data"):
            lines.append(f"{name}: v=1; a=rsa-sha256; d={domain};\r\n\t" + "\r\n\t".join(self._letters(70) for _ in range(6)))
        return ("\r\n".join(lines) + "\r\n").encode("ascii")

    def _customer(self) -> Customer:
        number = next(self._numbers)
        name, language = self._chance.choice(PEOPLE)
        return Customer(name, f"person{self._seed}-{number}@company{number % 97}.example", language)

    def _text(self, customer: Customer) -> str:
        paragraphs = max(2, min(40, int(self._chance.lognormvariate(2.2, 0.5))))
        return "\n\n".join(" ".join(self._sentence(customer) for _ in range(4)) for _ in range(paragraphs)) + f"\n\n{customer.name}"

    def _sentence(self, customer: Customer) -> str:
        return self._chance.choice(SENTENCES[customer.language])

    def _letters(self, number: int) -> str:
        return "".join(self._chance.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=number))


def _quoted(thread: Thread) -> str:
    lines = "\n".join(f"> {line}" for line in thread.text.splitlines())
    return f"On Fri, 20 Nov 2026 at 10:02, {thread.customer.name} <{thread.customer.address}> wrote:\n\n{lines}"


def _as_html(text: str) -> str:
    """The text as a mail client writes it in HTML."""
    lines = (f"<p class=MsoNormal><span lang=EN-US style='font-size:11.0pt'>{escape(line)}</span></p>" for line in text.split("\n"))
    head = f"<head><meta charset=utf-8><style>{STYLE * 4}</style></head>"
    return f"<html>{head}<body lang=EN-US link=blue vlink=purple>{''.join(lines)}</body></html>"
