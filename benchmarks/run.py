"""Print every measured figure: `python benchmarks/run.py [part of a file name ...]`."""

from __future__ import annotations

import importlib
import platform
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(wanted: list[str]) -> None:
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    print(f"{platform.machine()}, Python {platform.python_version()}\n")
    for path in sorted(HERE.glob("*_speed.py")):
        if wanted and not any(word in path.name for word in wanted):
            continue
        print(f"{path.stem}")
        for row in importlib.import_module(path.stem).measure():
            unit, ratio = row.get("unit", "s"), row["seconds"] / row["target"]
            print(f"  {row['name']:72s} {row['seconds']:10.4f} {unit:2s}  target {row['target']:8g}  ratio {ratio:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
