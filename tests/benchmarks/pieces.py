"""What pieces of the catalogue cost: instructions per request, and their share of the workload ``json``.

Those that read headers of pages are also measured with the request of ``production``: an origin, codings and a token.
All shares are of ``json`` alone. ``python -m tests.benchmarks.pieces`` counts as :mod:`tests.benchmarks.instructions`
does, and needs valgrind.
"""

import argparse
import sys

from tests.benchmarks.apps.pieces import ASKED_BY_PAGES, PIECES
from tests.benchmarks.instructions import CountError, count

__all__ = ("main",)

_APP = "pieces"


def main() -> int:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pieces", nargs="*", choices=[*PIECES, []], metavar="PIECE", help="all unless given")
    parser.add_argument("--layouts", type=int, choices=(1, 2, 3), default=3)
    options = parser.parse_args()
    names = list(dict.fromkeys(["none", *(options.pieces or PIECES)]))
    pages = [f"production+{name}" for name in names if name in ASKED_BY_PAGES]
    try:
        counted = count(
            [_APP],
            [f"json+{name}" for name in names if not name.startswith("JWT")] + pages,
            layouts=options.layouts,
            modules={_APP: "tests.benchmarks.apps.pieces"},
        )
    except CountError as error:
        print(error)
        return 1
    figures = counted[_APP]
    for name, number in figures.items():
        more = number - figures[f"{name.partition('+')[0]}+none"]
        print(f"{name:36}{number:10.0f}{more:+10.0f}{more / figures['json+none']:+8.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
