"""The benchmark: `python -m tests.bench [FIGURE…]` measures all figures or some, and prints them; exit status 1 where a target is missed.

Nothing else should run on the machine meanwhile. `--messages` and `--runs` make it shorter while developing.
"""

import argparse
import signal
import sys
from importlib import import_module

from tests.bench.bench_desk import a_ground
from tests.bench.figures import Figure, render

FIGURES = ("throughput", "growth", "latency", "memory", "commands", "threads", "agents", "corpus", "rules", "backtest")
PROGRAMS = {False: "cli.main", True: "tests.bench.profiled"}


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    figures: list[Figure] = []
    with a_ground(options.messages, options.runs, PROGRAMS[options.profile]) as ground:
        for name in options.figures or FIGURES:
            for figure in import_module(f"tests.bench.{name}").measure(ground):
                print(render([figure]), file=sys.stderr, flush=True)
                figures.append(figure)
    print(render(figures))
    sys.exit(any(figure.is_missed for figure in figures))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure maild.")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", choices=[*FIGURES, []], help=f"one of {', '.join(FIGURES)}; none: all")
    parser.add_argument("--messages", type=int, default=1000, help="mails in a run of throughput and growth (1000)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each side of a comparison (3)")
    parser.add_argument("--profile", action="store_true", help="run the daemon under cProfile and print what costs most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
