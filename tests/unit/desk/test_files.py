"""A ticket's files as agents ask for them (MAIL.md A7, O7)."""

from dataclasses import replace

from maild.desk.control import read_files
from maild.desk.files import describe_files, has_file, pack
from maild.known import StoredFile
from maild.message import Attachment

MIB = 1024 * 1024


def a_file(name: str, message: int = 1, size: int = MIB, **more: object) -> StoredFile:
    file = Attachment(name, "application/pdf", size, f"{name}{message}", False, None, 1)
    return StoredFile(message, message, replace(file, **more))  # type: ignore[arg-type]


def check(files: list[StoredFile], sent: list[str], left_out: tuple[str, ...] = (), name: str = "", attach_max: int = 20 * MIB) -> None:
    parcel = pack(files, name, 1042, attach_max)
    assert parcel is not None
    assert [item.file.name for item in parcel.files] == sent
    assert parcel.left_out == left_out


def test_a_ticket_and_a_file_may_be_named():
    assert read_files("") == (None, "")
    assert read_files("1042") == (1042, "")
    assert read_files("[Acme #1042-7QKD]") == (1042, "")
    assert read_files("#1042 price list.csv") == (1042, "price list.csv")
    assert read_files("price list.csv") == (None, "price list.csv")


def test_all_files_go_into_one_mail_oldest_first():
    check([a_file("new", 3), a_file("old", 1)], ["old", "new"])


def test_what_does_not_fit_is_named_with_the_way_to_get_it():
    files = [a_file("new", 3, 2 * MIB), a_file("film.mp4", 2, 30 * MIB), a_file("big", 2, 19 * MIB), a_file("old", 1)]
    ways = ("film.mp4 (30 MiB): maild ticket raw 1042 2", "big (19 MiB): #files big")
    check(files, ["old", "new"], ways)
    check(files, ["big"], (), name="BIG")
    check(files, [], ("film.mp4 (30 MiB): maild ticket raw 1042 2",), name="film.mp4")
    check([a_file("new", 3, 4), a_file("old", 1, 4)], ["new"], ("old (4 bytes): #files old",), attach_max=7)


def test_a_file_that_comes_again_goes_once_and_the_dress_of_mails_stays_behind():
    again = replace(a_file("plan.pdf", 2), file=a_file("plan.pdf", 1).file)
    logo = a_file("logo.png", inline=True, size=900, content_type="image/png")
    seal = a_file("smime.p7s", content_type="application/pkcs7-signature")
    files = [again, a_file("plan.pdf", 1), logo, seal]
    parcel = pack(files, "", 1042, 20 * MIB)
    assert parcel is not None
    assert parcel.files == (again,)
    assert describe_files(files) == ("plan.pdf (1 MiB)",)
    assert pack([logo, seal], "", 1042, 20 * MIB) is None
    assert pack([], "", 1042, 20 * MIB) is None


def test_files_of_one_name_are_all_meant():
    files = [a_file("Plan.pdf", 2), a_file("plan.pdf", 1), a_file("other", 1)]
    check(files, ["plan.pdf", "Plan.pdf"], name="plan.pdf")
    assert has_file(files, "PLAN.pdf")
    assert not has_file(files, "plan")
