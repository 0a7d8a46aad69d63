"""What the benchmark prints: one line a figure, with its target where the project has promised one."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from statistics import median


class Bar(Enum):
    """Which side of the target is good."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised."""

    bar: Bar
    number: float

    def is_met(self, value: float) -> bool:
        return value >= self.number if self.bar is Bar.AT_LEAST else value <= self.number


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `remark`: the single runs, or what else belongs to it."""

    name: str
    value: float
    unit: str = ""
    target: Target | None = None
    remark: str = ""

    @property
    def is_missed(self) -> bool:
        return self.target is not None and not self.target.is_met(self.value)


def at_least(number: float) -> Target:
    return Target(Bar.AT_LEAST, number)


def at_most(number: float) -> Target:
    return Target(Bar.AT_MOST, number)


def median_of(name: str, values: list[float], unit: str, target: Target | None = None) -> Figure:
    """The median, with the single runs beside it."""
    return Figure(name, median(values), unit, target, "runs " + " ".join(_number(value) for value in values) if len(values) > 1 else "")


def render(figures: Iterable[Figure]) -> str:
    """The table, one line a figure."""
    rows = [(figure.name, f"{_number(figure.value)} {figure.unit}", _judge(figure), figure.remark) for figure in figures]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]).rstrip() for row in rows)


def _judge(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return f"{'MISSED' if figure.is_missed else 'ok'}, {figure.target.bar.value} {_number(figure.target.number)}"


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"
