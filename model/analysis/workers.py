"""Who does the work: this process, several processes, or a cluster, all behind concurrent.futures.Executor.

Tasks are independent and know their random numbers by number, so who runs them, and how often, changes no result.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager

from model import software, threads
from model.analysis import processes

WINDOW = 32  # tasks in flight, of an executor that does not say how many it wants
TRIES = 3  # of a task whose worker dies
PATIENCE = 10  # seconds for a scheduler to answer, and for its first worker to be there
ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?(?:[\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})")


class WorkersError(ValueError):
    """Workers that are not there, cannot be reached, or keep dying."""


@contextmanager
def workers(jobs: int = 1, cluster: str | None = None) -> Iterator[Executor | None]:
    """An executor with `jobs` processes (0: one on each core) or on the Dask scheduler at `cluster`; None for this process.

    Whatever ends the block ends the work too. Raises WorkersError.
    """
    if cluster is not None:
        if jobs != 1:
            raise WorkersError(
                "give either --jobs (processes of this machine) or --cluster (workers of a scheduler), not both"
            )
        with _cluster(cluster) as executor:
            yield executor
        return
    number = min(jobs or processes.cores(), processes.MOST)
    if number == 1:
        yield None
        return
    with threads.one():
        executor = processes.Processes(number)
        try:
            yield executor
        except BaseException:
            executor.end()
            raise
        executor.shutdown()


def in_order(executor: Executor | None, function: Callable, tasks: Iterable[tuple]) -> Iterator:
    """function(*task) of each of `tasks`, in their order, with a bounded number of them in flight.

    Tasks of a worker that dies are run again; results that have arrived are kept. Raises WorkersError where a task's
    worker dies `TRIES` times.
    """
    if executor is None:
        yield from (function(*task) for task in tasks)
        return
    window = getattr(executor, "window", WINDOW)
    waiting: deque[tuple[tuple, Future]] = deque()
    try:
        for task in tasks:
            waiting.append((task, executor.submit(function, *task)))
            if len(waiting) >= window:
                yield _first(executor, function, waiting)
        while waiting:
            yield _first(executor, function, waiting)
    finally:
        for _, future in waiting:
            future.cancel()


def _first(executor: Executor, function: Callable, waiting: deque):
    """Result of the task that has waited longest."""
    for _ in range(TRIES):
        try:
            result = waiting[0][1].result()
        except BrokenExecutor:
            for i, (task, future) in enumerate(waiting):
                if _broken(future):
                    waiting[i] = task, executor.submit(function, *task)
        else:
            waiting.popleft()
            return result
    raise WorkersError(
        f"a worker died {TRIES} times at the same task; most often memory is short: try fewer --jobs "
        "(in a script of your own, start the run below `if __name__ == '__main__':`)"
    )


def _broken(future: Future) -> bool:
    return future.done() and not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


# --- a cluster --------------------------------------------------------------------------------------------------


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    address = _checked(address)
    try:
        import distributed
    except ImportError:
        raise WorkersError(
            f"--cluster needs Dask, which is not installed: {software.installs('cluster')} "
            "(or pip install 'dask[distributed]')"
        ) from None
    client = _client(distributed, address)
    try:
        threads = _ready(client, address)
        executor = client.get_executor(pure=False)
        executor.window = 4 * max(threads, 8)
        yield executor
    except (distributed.CancelledError, distributed.comm.CommClosedError, _cancelled()):
        raise WorkersError(f"the scheduler at {address} is gone; what it had not sent back is lost") from None
    except distributed.scheduler.KilledWorker as error:
        raise WorkersError(
            f"workers of {address} keep dying at the same task; most often memory is short ({error})"
        ) from None
    finally:
        client.close(timeout=PATIENCE)  # tasks not yet done are cancelled


def _cancelled() -> type[Exception]:
    from concurrent.futures import CancelledError

    return CancelledError


def _checked(address: str) -> str:
    match = ADDRESS.fullmatch(address.strip())
    if match is None or not 0 < int(match[1]) < 65_536:
        raise WorkersError(
            f"'{address}' is not the address of a scheduler: write host:port or tcp://host:port, such as "
            "tcp://10.0.0.5:8786 (`dask scheduler` prints it when it starts)"
        )
    return address.strip() if "://" in address else f"tcp://{address.strip()}"


def _client(distributed, address: str):
    import logging

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is said below, once
    try:
        return distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WorkersError(
            f"no scheduler answers at {address} within {PATIENCE} s ({reason}); start one with "
            "`dask scheduler`, see docs/parallel.md"
        ) from None


def _ready(client, address: str) -> int:
    """Threads of all workers; these, and the scheduler, must have this version of the package."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise WorkersError(
            f"the scheduler at {address} has no workers; start one on each machine with `dask worker {address}`"
        ) from None
    try:
        versions = {"scheduler": client.run_on_scheduler(_version), **client.run(_version)}
    except Exception as error:  # what a missing package raises differs between versions of Dask
        raise WorkersError(
            f"the scheduler at {address} or one of its workers cannot load this software; install it in their "
            f"Python too ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
        ) from None
    for where, version in versions.items():
        if version != software.identity():
            raise WorkersError(
                f"{where} of {address} has version {version} of this software, here it is {software.identity()}"
            )
    return sum(client.nthreads().values())


def _version() -> str:
    return software.identity()
