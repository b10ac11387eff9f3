"""Command `examples`: which scenarios and variants come with the program, and a copy of them to start from."""

from __future__ import annotations

from pathlib import Path


def add_commands(commands) -> None:
    examples = commands.add_parser(
        "examples", help="list the scenarios that come with the program, or copy them to a folder"
    )
    examples.add_argument(
        "folder", nargs="?", type=Path, metavar="DIR", help="folder to copy them to (default: list them only)"
    )
    examples.set_defaults(do=_examples)


def _examples(options, arguments: list[str]) -> int:
    from model import shipped

    if options.folder is None:
        return _list()
    copied = shipped.copy(options.folder)
    print(f"{len(copied)} files copied to {', '.join(f'{options.folder / name}/' for name in shipped.FOLDERS)}")
    return 0


def _list() -> int:
    from model import shipped

    names = [name for name in shipped.names() if name.suffix == ".yaml"]
    width = max(len(name.as_posix()) for name in names)
    for name in names:
        print(f"{name.as_posix():{width}}  {shipped.title(name)}".rstrip())
    print(
        f"\nThey stand in {shipped.root()} and are found by these names from every folder,\nunless one of that name is there."
    )
    print("`examples DIR` copies them, the tables they read and the schema for editors to a folder of yours.")
    return 0
