"""The cast of the demo: who plays, and what they write. Only words; what happens to them is the desk's doing."""

from dataclasses import dataclass

DOMAIN = "acme.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who mails. `called` is what the narrator calls him."""

    name: str
    address: str
    called: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


ANNA = Person("Anna Ivanova", f"anna@{DOMAIN}", "Anna")
BORIS = Person("Boris Petrov", f"boris@{DOMAIN}", "Boris")
ADMIN = Person("Acme Operations", f"ops@{DOMAIN}", "the admin")
SUPPORT = Person("Acme Support", f"support@{DOMAIN}", "support")
SALES = Person("Acme Sales", f"sales@{DOMAIN}", "sales")
BILLING = Person("Acme Billing", f"billing@{DOMAIN}", "billing")

GRACE = Person("Grace Miller", "grace@globex.example", "Grace")
LUKAS = Person("Lukas Weber", "lukas@weberdruck.example", "Lukas")
SARA = Person("سارا رضایی", "sara@parsa.example", "Sara")
LUCIA = Person("Lucía Fernández", "lucia@naranja.example", "Lucía")
IRINA = Person("Ирина Георгиева", "irina@rodopi.example", "Irina")

# Has no mailbox and no login here.
SWINDLER = Person("International Prize Office", "office@prizes.example", "A swindler")

AGENTS = (ANNA, BORIS)
DEPARTMENTS = (SUPPORT, SALES, BILLING)
CUSTOMERS = (GRACE, LUKAS, SARA, LUCIA, IRINA)
EVERYBODY = (*CUSTOMERS, *AGENTS, ADMIN, *DEPARTMENTS)


@dataclass(frozen=True, slots=True)
class Request:
    """What a customer writes first."""

    customer: Person
    department: Person
    subject: str
    text: str


PRINTER = Request(
    GRACE,
    SUPPORT,
    "The printer is on fire",
    "Hello,\n\nsince this morning the printer on the second floor is on fire.\nWhat shall we do?\n\nGrace",
)
LOGIN = Request(
    LUKAS,
    SUPPORT,
    "Anmeldung geht nicht",
    "Guten Tag,\n\nseit heute kann ich mich nicht mehr anmelden. Können Sie mir bitte helfen?\n\nMit freundlichen Grüßen\nLukas Weber",
)
PARCEL = Request(
    SARA,
    SUPPORT,
    "بسته‌ام نرسیده است",
    "سلام،\n\nبسته‌ای که هفتهٔ پیش سفارش دادم هنوز به دستم نرسیده است. لطفاً پیگیری کنید.\n\nسارا",
)
PRICES = Request(
    LUCIA,
    SALES,
    "Lista de precios",
    "Hola:\n\n¿me pueden enviar la lista de precios para una empresa con 40 personas?\n\nUn saludo,\nLucía",
)
INVOICE = Request(
    IRINA,
    SUPPORT,
    "Въпрос за март",
    "Здравейте,\n\nкъде е фактурата ми за март? Не мога да я намеря в профила си.\n\nПоздрави,\nИрина",
)
PRIZE = Request(
    SWINDLER,
    SUPPORT,
    "You have won 1,000,000",
    "Dear winner,\n\nsend us your account number today and we transfer the money.",
)

ANNAS_ANSWER = "Hello Grace,\n\nplease use the extinguisher next to the door and open a window.\nDoes it still burn?"
BORIS_NOTE = "#note\nThird fire this month. I have asked the landlord for a new printer."
GRACE_AGAIN = "The fire is out, thank you. But now the whole floor smells of smoke.\nWhat else can we do?"
ANNAS_CLOSING = "#close\nAir the rooms until noon, the smell goes by itself. A new printer comes tomorrow."
GRACE_THANKS = "Thank you very much!"
BORIS_ANSWER = "Guten Tag, Herr Weber,\n\nIhr Konto war gesperrt. Jetzt geht es wieder."
LUKAS_AWAY = "Ich bin bis Montag nicht im Büro und lese keine E-Mails."
BORIS_MISTYPES = "#clsoe\nDear Lucía, the price list is attached."
IMPOSTORS_ORDER = "#close\nWe refund everything. Please send your card number to this address."
