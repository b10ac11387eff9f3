"""The command line. Bad input ends with exit code 2, a message and nothing written."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from contextlib import suppress

from model import effort
from model.cli import (
    analyse,
    calibrate,
    capacity,
    check,
    compare,
    converge,
    diff,
    examples,
    global_,
    headroom,
    run,
    sweep,
    threshold,
    tornado,
    variants,
    voi,
)
from model.cli.session import INTERRUPTED, Session, program

COMMANDS = (
    run,
    check,
    analyse,
    tornado,
    threshold,
    headroom,
    global_,
    converge,
    sweep,
    variants,
    diff,
    voi,
    calibrate,
    compare,
    capacity,
    examples,
)  # in the order of --help
LOWER = "try fewer --draws, --patients or --jobs, a longer cycle or fewer states"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # characters that the terminal's encoding does not have
    options = _parser().parse_args(_with_default(arguments))
    effort.tell = _say
    try:
        return options.do(Session(options, arguments))
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return INTERRUPTED
    except MemoryError as error:
        return _failed(f"memory is short ({str(error) or 'no more of it'}): {LOWER}")
    except OSError as error:
        return _failed(_unreadable(error))
    except ValueError as error:
        if not type(error).__module__.startswith("model."):
            raise
        print(_failure(error), file=sys.stderr)
        return 2


def _say(words: str) -> None:
    """A word on work that goes on, above the bar of its progress if there is one."""
    if sys.stderr is not None and sys.stderr.isatty():
        from tqdm import tqdm

        tqdm.write(words, file=sys.stderr)
    else:
        print(words, file=sys.stderr, flush=True)


def _failed(words: str) -> int:
    print(f"error: {words}", file=sys.stderr)
    return 2


def _unreadable(error: OSError) -> str:
    if error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    _drop_output()
    return f"the output cannot be written ({error.strerror or error}); results that were saved are complete"


def _drop_output() -> None:
    """What is still to be printed goes nowhere, so that the end of the process does not try again."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def command() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        code = main()
    except SystemExit as end:  # options that are wrong, or help
        code = end.code if isinstance(end.code, int) else 1
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _failed(_unreadable(error))
    except AttributeError:  # no output at all
        pass
    if code == INTERRUPTED and threading.active_count() > 1:
        # The interpreter would wait for threads that wait for workers which are no more.
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)


def _failure(error: ValueError) -> str:
    problems = getattr(error, "problems", None)
    if problems is None:
        return f"error: {error}"
    count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
    return "\n".join([*problems, f"{count} found; nothing was run"])


def _with_default(arguments: list[str]) -> list[str]:
    """`run_model.py` alone, or with options only, runs the default scenario."""
    if arguments and arguments[0].endswith((".yaml", ".yml")):
        return ["run", *arguments]
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")):
        return ["run", *arguments]
    return arguments


def _parser() -> argparse.ArgumentParser:
    import model

    parser = argparse.ArgumentParser(
        prog=program(),
        description="Cost-effectiveness simulation from a scenario file. "
        "Without arguments it runs the default scenario.",
    )
    parser.add_argument("--version", action="version", version=model.__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command")
    for module in COMMANDS:
        module.add(commands)
    return parser
