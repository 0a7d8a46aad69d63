"""Which mail program has written a mail, by what it says of itself."""

from builders import a_message

from maild.ingest.program import find_program


def test_programs_are_named_without_versions_and_systems():
    def check(said: str, expected: str, field: str = "User-Agent") -> None:
        assert find_program(a_message(headers={field: said})) == expected

    check("Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Thunderbird/102.5.0", "Thunderbird")
    check("Mozilla Thunderbird", "Mozilla Thunderbird")
    check("Mutt/2.2.9 (2022-11-12)", "Mutt")
    check("K-9 Mail for Android", "K-9 Mail for Android")
    check("iPhone Mail (21E236)", "iPhone Mail", "X-Mailer")
    check("Microsoft Outlook 16.0", "Microsoft Outlook", "X-Mailer")
    check("Apple Mail (2.3696.120.41.1.1)", "Apple Mail", "X-Mailer")
    check("(((((", "(((((")
    check("x" * 5000, "x" * 60)
    check("1.0", "")


def test_mutt_is_known_by_its_ids_and_what_it_calls_a_text():
    """Seen in practice: 2.2.12."""
    inline = {"Content-Disposition": "inline"}
    assert find_program(a_message(message_id="awxEFkPdQ8HwK0Kh@vm", headers=inline)) == "Mutt"
    assert find_program(a_message(message_id="awxEFkPdQ8HwK0Kh@vm")) == ""
    assert find_program(a_message(message_id="awxEFkPdQ8HwK0K@vm", headers=inline)) == ""
    assert find_program(a_message(message_id="awxEFkPdQ8HwK0Kh@vm", headers=inline | {"User-Agent": "Sylpheed 3.7.0"})) == "Sylpheed"


def test_web_mail_is_known_by_its_ids():
    assert find_program(a_message(message_id="CAK7x1=wYb5+d8E_1@mail.gmail.com")) == "Gmail"
    assert find_program(a_message(message_id="AS8PR04MB8263@AS8PR04MB8263.eurprd04.prod.outlook.com")) == "Outlook"
    assert find_program(a_message()) == ""
    assert find_program(a_message(message_id="gen-1@mail.gmail.com", message_id_given=False)) == ""
