"""`make bench`: runs the groups of benchmarks, or those that are named (ARGS="exports"), prints their tables and puts
them into bench/results.md and README.md.

Each group has processes and databases of its own, on the server that DATABASE_URL names.
"""

from __future__ import annotations

import argparse
import os
import sys

from bench.groups import groups
from bench.results import keep, section_text


def main() -> None:
    known = groups()
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"{', '.join(known)}; all when none is named"
    )
    parser.add_argument("--rounds", type=int, default=60, help="requests a page")
    parser.add_argument("--runs", type=int, default=3, help="runs of everything that is measured whole")
    parser.add_argument(
        "--size", choices=["village", "street"], default="street", help="village: only to try it out"
    )
    parser.add_argument("--rows", type=int, help="of the imports: only so many rows, to try it out")
    options = parser.parse_args()
    if unknown := sorted(set(options.groups) - set(known)):
        parser.error(f"no group {', '.join(unknown)}; there are {', '.join(known)}")
    options.url = os.environ["DATABASE_URL"]
    for key in options.groups or known:
        print(f"-- {key}", file=sys.stderr)
        section = known[key].run(options)
        print(section_text(known[key], section))
        if options.size == "street" and not options.rows:
            keep(known[key], section, [group.title for group in known.values()])


if __name__ == "__main__":
    main()
