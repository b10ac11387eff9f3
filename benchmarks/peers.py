"""The same work here and in other packages: results compared first, then the ratio of median times that take turns.

`python benchmarks/peers.py [word ...]`: only cases that have one of the words. Packages that are not installed are told and left out.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import numpy as np
from peer_case import Case, Outcome, compared, installed
from run import lines, machine, number
from timing import MEDIAN_OF

HEAD = ["what", "peer", "ours, s", "peer, s", "peer / ours", "results differ by"]
MODULES = {"peer_heormodel": ("heormodel",), "peer_queues": ("simpy", "ciw", "heormodel")}


def cases(wanted: Sequence[str], small: bool = False) -> list[Case]:
    """Of packages that are installed."""
    found = [case for name in MODULES for case in importlib.import_module(name).cases(small)]
    return [case for case in found if not wanted or any(word in f"{case.what} {case.package}" for word in wanted)]


def row(found: Outcome) -> list[str]:
    case, ratio = found.case, found.theirs / found.ours if found.ours else np.inf
    times = [number(found.ours), number(found.theirs), number(ratio)] if found.agree else ["-"] * 3
    return [case.what, case.package, *times, found.difference + ("" if found.agree else ", NOT THE SAME")]


def main(wanted: Sequence[str] = (), small: bool = False) -> int:
    """0, or 1 where results differ. small: tiny sizes, to see that everything works."""
    packages = sorted({package for some in MODULES.values() for package in some})
    for package in packages:
        if not installed(package):
            print(f"{package} is not installed, so it is left out: pip install -e '.[bench]', or pip install {package}")
    chosen = [case for case in cases(wanted, small) if installed(case.package)]
    outcomes = [compared(case, 1 if small else MEDIAN_OF) for case in chosen]
    if outcomes:
        versions = ", ".join(f"{name} {_version(name)}" for name in packages if installed(name))
        print(f"{machine()}; median of {MEDIAN_OF}, by turns; {versions}\n")
        print(*lines(HEAD, [row(found) for found in outcomes]), sep="\n")
    return int(not all(found.agree for found in outcomes))


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
