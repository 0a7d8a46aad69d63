"""`maild rules diff`: two desks, folders or files held against each other."""

import json
from pathlib import Path

from tests.rig.office import run_here

PAY = "  - {id: pay, when: ticket.created, if: {text: {word: invoice*}}, do: [{tag: [pay]}]}\n"
VIP = "  - {id: vip, when: ticket.created, do: [{tag: vip}]}\n"


def a_desk(folder: Path, **files: str) -> Path:
    (folder / "rules").mkdir(parents=True)
    for name, rules in files.items():
        (folder / "rules" / f"{name}.yaml").write_text(f"rules:\n{rules}")
    return folder


def test_what_differs_is_printed_and_told_by_the_exit_status(tmp_path: Path):
    old = a_desk(tmp_path / "old", one=PAY + VIP)
    new = a_desk(tmp_path / "new", one=VIP, two=PAY.replace("[pay]", "[pay, money]"))
    told = run_here(new, "rules", "diff", str(old))
    assert (told.returncode, told.stderr) == (1, "2 differences\n")
    assert told.stdout.splitlines() == [
        "moved    rule vip   (one.yaml:2)",
        '         behind: "pay" → (nothing)',
        "changed  rule pay   (two.yaml:2)",
        '         do[0].tag[1]: (nothing) → "money"',
    ]
    for same in ((new,), (new, new / "rules"), (old, old / "rules" / "one.yaml")):
        told = run_here(new, "rules", "diff", *map(str, same))
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "they are the same\n")


def test_in_json_it_is_the_same(tmp_path: Path):
    old, new = a_desk(tmp_path / "old", one=PAY), a_desk(tmp_path / "new", one=PAY.replace("pay", "paid"))
    told = run_here(tmp_path, "rules", "diff", str(old), str(new), "--json")
    assert (told.returncode, json.loads(told.stdout)) == (
        1,
        [
            {"kind": "added", "what": "rule", "name": "paid", "place": "one.yaml:2", "parts": []},
            {"kind": "removed", "what": "rule", "name": "pay", "place": "one.yaml:2", "parts": []},
        ],
    )


def test_what_cannot_be_compared_is_told(tmp_path: Path):
    desk, broken = a_desk(tmp_path / "desk", one=PAY), a_desk(tmp_path / "broken", one="  - {id: pay")
    (tmp_path / "empty").mkdir()
    told = run_here(desk, "rules", "diff", str(broken))
    assert told.returncode == 2
    assert "one.yaml:" in told.stderr
    told = run_here(desk, "rules", "diff", str(tmp_path / "empty"))
    assert told.returncode != 0
    assert f"there are no rule files in {tmp_path / 'empty'}" in told.stderr
