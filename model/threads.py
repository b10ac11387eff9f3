"""One thread for linear algebra: many small products spin on several, and take longer than on one.

And whether there are other threads, which decides how processes may start.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def one() -> Iterator[None]:
    """Linear algebra in this block, and in processes that it starts, uses one thread, unless the environment says otherwise.

    The variables are read when a library is loaded, so those that are there already are told by themselves.
    """
    ours = [name for name in VARIABLES if name not in os.environ]
    stated = len(ours) < len(VARIABLES)
    os.environ.update(dict.fromkeys(ours, "1"))
    try:
        with nullcontext() if stated else _loaded():
            yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


def _loaded():
    """As a context: libraries that are loaded use one thread."""
    if "numpy" not in sys.modules:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="blas")


def may_fork() -> bool:
    """Whether this process may be forked: a fork has all that is loaded here, but also the locks that other threads hold, as
    those of a notebook do. macOS has such threads of its own, and Windows no forks."""
    return sys.platform == "linux" and threading.active_count() == 1
