"""The command line. Bad input ends with exit code 2, a message and nothing written."""

from __future__ import annotations

import argparse
import codecs
import gc
import os
import sys
import threading
from contextlib import suppress
from importlib import import_module

from model import effort
from model.cli.session import INTERRUPTED, Session, program

COMMANDS = {  # what --help says of each; its module has the options, and is loaded if it is the one
    "run": "run a scenario: base case, PSA, tables and figures",
    "report": "the run and the standard analyses beside it, in one report.html",
    "check": "read a scenario and report every problem, without running it",
    "diagram": "states and transitions, or a decision tree, as a picture (SVG) or as Mermaid text",
    "schema": "print the JSON Schema of scenario files",
    "analyse": "economics of results made in other software",
    "tornado": "one-way sensitivity: every parameter at its low and its high value",
    "threshold": "values of a parameter at which the decision changes",
    "headroom": "highest price of a cost component at which a strategy is worth it, by group and threshold",
    "global": "global sensitivity: which inputs make the variance of the net benefit",
    "converge": "are these enough draws?",
    "sweep": "results over any number of parameters and settings",
    "variants": "named variants of a scenario: one table, with differences from the base",
    "diff": "what differs between two scenarios, and how much each difference moves the result",
    "voi": "EVPPI of every parameter and of named groups; EVSI of studies; population value",
    "calibrate": "find unknown inputs from targets: best fit, what the targets leave open, posterior",
    "verify": "black-box tests of a scenario: does it do what it must, whatever the disease?",
    "compare": "cohort v individual v queueing engine, and the ICER from one to the next",
    "capacity": "net benefit of each further unit of a resource, with queues",
    "survival": "fit distributions to survival data or a published curve, with scenarios to paste",
    "workbook": "write the base case as a spreadsheet with live formulas",
    "examples": "list the scenarios that come with the program, or copy them to a folder",
}
LOWER = "try fewer --draws, --patients or --jobs, a longer cycle or fewer states"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    codecs.register_error("model.plainly", _plainly)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="model.plainly")  # characters that the terminal's encoding does not have
    words = _with_default(arguments)
    options = parser_for(words[0]).parse_args(words)
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


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """In place of characters that an encoding does not have: a hyphen for a minus sign, else a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join("-" if letter == "\N{MINUS SIGN}" else "?" for letter in missing), error.end


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
    gc.freeze()  # else the interpreter looks once more at every object that goes with it
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


def parser_for(command: str) -> argparse.ArgumentParser:
    """A parser that knows all commands by name, and the options of one."""
    import model

    parser = argparse.ArgumentParser(
        prog=program(),
        description="Cost-effectiveness simulation from a scenario file. "
        "Without arguments it runs the default scenario.",
    )
    parser.add_argument("--version", action="version", version=model.__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command")
    for name, words in COMMANDS.items():
        own = commands.add_parser(name, help=words)
        if name == command:
            module = import_module(f"model.cli.{'global_' if name == 'global' else name}")
            module.options(own)
            own.set_defaults(do=module.do)
    return parser
