"""The command line. Bad input ends with exit code 2, a message and nothing written."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from model import effort
from model.suggestions import check_known

PATIENTS = 1000  # a draw and strategy
INTERRUPTED = 130
LOWER = "try fewer --draws, --patients or --jobs, a longer cycle or fewer states"
DEFAULT = Path(__file__).resolve().parent.parent / "scenarios" / "mscc_furlan.yaml"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # characters that the terminal's encoding does not have
    options = _parser().parse_args(_with_default(arguments))
    effort.tell = _say
    try:
        return options.do(options, arguments)
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
        code = end.code
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
    from model import cli_calibrate, cli_engines, cli_global, cli_headroom, cli_sensitivity, cli_sweep, cli_voi

    parser = argparse.ArgumentParser(
        prog="run_model.py",
        description="Cost-effectiveness simulation from a scenario file. "
        "Without arguments it runs the default scenario.",
    )
    parser.add_argument("--version", action="version", version=model.__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command")
    run = commands.add_parser("run", help="run a scenario: base case, PSA, tables and figures")
    scenario_options(run)
    psa_options(run)
    method_options(run)
    run.add_argument(
        "--until-se",
        type=float,
        metavar="X",
        help="follow more patients until the standard error of the incremental net benefit is below X",
    )
    run.add_argument("--no-figures", action="store_true", help="tables only")
    run.set_defaults(do=_run)
    check = commands.add_parser("check", help="validate a scenario file")
    scenario_options(check)
    check.set_defaults(do=_check)
    schema = commands.add_parser("schema", help="print the JSON Schema of scenario files")
    schema.set_defaults(do=_schema)
    _add_analyse(commands)
    for module in (cli_sensitivity, cli_headroom, cli_global, cli_sweep, cli_voi, cli_calibrate, cli_engines):
        module.add_commands(commands)
    return parser


def scenario_options(parser) -> None:
    parser.add_argument(
        "scenario",
        nargs="?",
        type=Path,
        default=None,
        metavar="FILE",
        help="scenario file (default: scenarios/mscc_furlan.yaml)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="a parameter, or a field such as time.horizon, for this run; may be given often",
    )


def psa_options(parser) -> None:
    parser.add_argument(
        "--draws", type=_count, default=10_000, metavar="N", help="PSA draws (default 10000; 0: no PSA)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the random numbers (default 1)")
    parser.add_argument("--sampling", choices=["random", "latin hypercube", "sobol"], default="random")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results (default results/<scenario>)")


def method_options(parser) -> None:
    """Options of every analysis that runs the model: which engine, how many patients, who does the work."""
    engines = ("cohort", "individual", "queueing")
    parser.add_argument("--engine", choices=engines, default="cohort", help="engine (default cohort)")
    parser.add_argument(
        "--patients",
        type=_patients,
        metavar="N",
        help="patients a draw and strategy, for engines that follow patients (default 1000)",
    )
    parser.add_argument(
        "--replications",
        type=_patients,
        default=20,
        metavar="N",
        help="replications of the base case, with the queueing engine (default 20)",
    )
    worker_options(parser)


def worker_options(parser) -> None:
    parser.add_argument(
        "--jobs", type=_jobs, metavar="N", help="processes; 0: one on each core (default 1, with the queueing engine 0)"
    )
    parser.add_argument("--cluster", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")


def jobs_of(options) -> int:
    """Processes: one, if not stated; with the queueing engine, whose replications are long tasks, one on each core."""
    if options.jobs is not None:
        return options.jobs
    return 0 if getattr(options, "engine", "") == "queueing" and not options.cluster else 1


@contextmanager
def method_of(options):
    """The Method that the options describe; its workers end with the block."""
    from model.analysis.evaluate import Method
    from model.analysis.workers import workers

    if options.patients is None:
        options.patients = PATIENTS
    elif options.engine == "cohort" and not getattr(options, "follows_patients", False):
        print("warning: --patients is not used: the cohort engine follows no patients", file=sys.stderr)
    with workers(jobs_of(options), options.cluster) as executor:
        yield Method(options.engine, options.patients, options.replications, options.seed, executor)


def _add_analyse(commands) -> None:
    from model import cli_voi

    analyse = commands.add_parser("analyse", help="economics of results made in other software")
    analyse.add_argument("--cost", metavar="CSV", help="costs: a column a strategy, a row a draw")
    analyse.add_argument("--effect", metavar="CSV", help="effects: the same columns and rows")
    analyse.add_argument("--table", metavar="CSV", help="deterministic table with columns strategy, cost, effect")
    analyse.add_argument("--wtp", type=_range, metavar="LO:HI:STEP", help="grid of the curves")
    analyse.add_argument("--reference", metavar="STRATEGY", help="strategy to compare with (default: the first)")
    analyse.add_argument(
        "--parameters",
        metavar="CSV",
        help="parameters of the PSA, for EVPPI: a column a parameter, a row a draw, in the order of the costs",
    )
    analyse.add_argument(
        "--voi-wtp",
        type=cli_voi.amount,
        metavar="X",
        help="willingness to pay of the EVPPI (default: where EVPI is highest)",
    )
    analyse.add_argument(
        "--group",
        action="append",
        default=[],
        type=cli_voi.group,
        metavar="NAME=A,B,...",
        dest="groups",
        help="parameters whose joint value is wanted; may be given often",
    )
    analyse.add_argument("--out", type=Path, metavar="DIR", help="folder of the results (default results/analyse)")
    analyse.set_defaults(do=_analyse)


def _count(text: str) -> int:
    value = float(text)
    if value != int(value) or value < 0 or value > 1e8 or value == 1:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number: 0, or 2 to 100,000,000")
    return int(value)


def _patients(text: str) -> int:
    value = _count(text)
    if value < 2 or value > 10_000_000:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number from 2 to 10,000,000")
    return value


def _jobs(text: str) -> int:
    if not text.isdigit() or int(text) > 10_000:
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number of processes; 0 for one on each core")
    return int(text)


def _range(text: str):
    import numpy as np

    from model.instants import floor

    parts = text.split(":")
    try:
        low, high, step = map(float, parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not low:high:step, such as 0:100000:500") from None
    if not (0 <= low < high and step > 0) or (high - low) / step > 100_000:
        raise argparse.ArgumentTypeError(f"'{text}': needs 0 <= low < high, step above 0, at most 100,000 points")
    return low + step * np.arange(int(floor((high - low) / step)) + 1)


def read_scenario(options):
    from model.scenario_file import read

    path = options.scenario
    if path is None:
        local = Path("scenarios") / DEFAULT.name
        path = local if local.exists() else DEFAULT
    scenario = read(path, options.settings)
    for warning in scenario.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if hasattr(options, "out"):
        place(options, scenario.key)
    return scenario


def place(options, key: str) -> None:
    """Set `options.out`, where it is not stated, to the folder of a command; refuse what cannot be one, before the work."""
    from model.report import folder

    if options.out is None:
        own = () if options.command in ("run", "analyse") else (options.command,)
        options.out = Path("results").joinpath(key.strip(".") or "scenario", *own)
    folder.check(options.out)


def _run(options, arguments) -> int:
    started = time.perf_counter()
    scenario = read_scenario(options)
    from model import api

    work = options.draws + (options.replications if options.engine == "queueing" else 0)
    with method_of(options) as method, Progress(work, "draws") as bar:
        result = api.run_scenario(
            scenario, options.draws, options.seed, options.sampling, bar, method, options.until_se
        )
    for warning in result.run.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if options.no_figures:
        result._plans = {}
    with Progress(len(result.figures), "figures") as bar:
        api.save_run(result, options.out, " ".join(["run_model.py", *arguments]), started, lambda name: bar(1))
    tell(result)
    print(
        f"\nResults: {options.out}/ (tables/, figures/, scenario.yaml, manifest.json); "
        f"{time.perf_counter() - started:.1f} s"
    )
    return 0


def _check(options, arguments) -> int:
    scenario = read_scenario(options)
    sizes = {kind: len(getattr(scenario, kind)) for kind in ("strategies", "states", "transitions", "parameters")}
    print(
        f"{scenario.path}: no errors, {len(scenario.warnings)} warning{'' if len(scenario.warnings) == 1 else 's'}; "
        + ", ".join(f"{n} {kind}" for kind, n in sizes.items())
    )
    if unsourced := [name for name, p in scenario.parameters.items() if p.formula is None and not p.source]:
        print(f"parameters without a source: {', '.join(unsourced)}")
    return 0


def _schema(options, arguments) -> int:
    import json

    from model.scenario_file import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0


def _analyse(options, arguments) -> int:
    from model.analysis import external
    from model.report import external_report
    from model.report.manifest import environment

    if (options.table is None) == (options.cost is None) or (options.cost is None) != (options.effect is None):
        raise external.TableError("give either --cost and --effect (a PSA), or --table (deterministic)")
    place(options, "analyse")
    found = external.analyse(
        options.cost or options.table,
        options.effect,
        options.wtp,
        (),
        options.reference,
        options.parameters,
        options.voi_wtp,
        dict(options.groups),
    )
    result = external_report.report(found)
    result.save(
        options.out, {"command": " ".join(["run_model.py", *arguments]), "files": list(found.files), **environment()}
    )
    tell(result)
    print(f"\nResults: {options.out}/")
    return 0


def save(result, options, scenario, arguments, started: float, about: dict) -> None:
    """Write the folder of an analysis, with a manifest that says what every analysis says and `about`; print the text."""
    from model.report.manifest import scenario_manifest
    from model.report.text import conventions

    command = " ".join(["run_model.py", *arguments])
    content = scenario_manifest(scenario, command, time.perf_counter() - started) | about
    result.save(options.out, content, scenario.text)
    tell(result)
    print(f"\n{conventions(scenario)}\nResults: {options.out}/")


def tell(result) -> None:
    """Print what a result says, once it is saved."""
    for note in result.notes:
        print(f"warning: {note}", file=sys.stderr)
    print(result.text)


def known(found, allowed, what: str, error: type[ValueError]) -> None:
    """Raise `error` for the first of `found` that is not in `allowed`."""
    check_known(found, allowed, what, error)


class Progress:
    """A bar that shows itself where the work takes over a second."""

    def __init__(self, total: int, unit: str):
        from tqdm import tqdm

        self.bar = tqdm(
            total=total, unit=f" {unit}", delay=1, leave=False, disable=None if sys.stderr.isatty() else True
        )

    def __call__(self, done: int) -> None:
        self.bar.update(done)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.bar.close()
