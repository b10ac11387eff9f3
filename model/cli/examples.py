"""Command `examples`: which scenarios and variants come with the program, and a copy of them to start from."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from model import shipped
from model.cli.session import Session


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "target", nargs="?", type=Path, metavar="DIR", help="folder to copy them to (default: list them only)"
    )


def do(session: Session) -> int:
    folder = session.options.target
    if folder is None:
        return _list()
    copied = shipped.copy(folder)
    print(f"{len(copied)} files copied to {', '.join(f'{folder / name}/' for name in shipped.FOLDERS)}")
    return 0


def _list() -> int:
    names = [name for name in shipped.names() if name.suffix == ".yaml"]
    width = max(len(name.as_posix()) for name in names)
    for name in names:
        print(f"{name.as_posix():{width}}  {shipped.title(name)}".rstrip())
    print(
        f"\nThey stand in {shipped.root()} and are found by these names from every folder,\nunless one of that name is there."
    )
    print("`examples DIR` copies them, the tables they read and the schema for editors to a folder of yours.")
    return 0
