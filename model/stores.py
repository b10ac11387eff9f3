"""Values of many draws that come block by block: held in memory, or, where they are many, in a temporary file that is mapped.

What is mapped takes memory only while it is read, and the system may have that back at any time.
"""

from __future__ import annotations

import errno
import math
import mmap
import shutil
import tempfile

import numpy as np

from model.effort import EffortError

MOST = 128e6  # bytes of results that are held in memory
TOGETHER = 8e6  # bytes that are written at once
NUMBER = 8  # bytes


def in_file(size: float) -> bool:
    """Whether so many bytes of results go to a file: they are many, and there is room for them."""
    if size <= MOST:
        return False
    try:
        return shutil.disk_usage(tempfile.gettempdir()).free > 2 * size
    except OSError:  # no folder of temporary files that can be written to
        return False


def mapped(values: np.ndarray) -> bool:
    """Whether an array stands in a file."""
    return isinstance(values, np.memmap)


def held(values: np.ndarray) -> np.ndarray:
    """The same in memory, where it stands in a file; the memory that reading took is given back."""
    if not isinstance(values, np.memmap):
        return values
    found, place = np.array(values), getattr(values, "_mmap", None)
    if place is not None and hasattr(mmap, "MADV_DONTNEED"):
        place.madvise(mmap.MADV_DONTNEED)
    return found


class Store:
    """Blocks of values [..., draw], one behind the other, of `n` draws in all."""

    def __init__(self, shape: tuple[int, ...], n: int, to_file: bool):
        self.shape, self.done, self._file = (*shape, n), 0, None
        if to_file:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (ends with the array)
            self._waiting: list[np.ndarray] = []
        else:
            self._values = np.empty(self.shape)

    def add(self, values: np.ndarray) -> None:
        """The next draws."""
        if self._file is None:
            self._values[..., self.done : self.done + values.shape[-1]] = values
            self.done += values.shape[-1]
            return
        self._waiting.append(values)
        if sum(block.nbytes for block in self._waiting) >= TOGETHER:
            self._write()

    def array(self) -> np.ndarray:
        """All of them; read-only where they stand in a file."""
        if self._file is None:
            return self._values
        if self._waiting:
            self._write()
        return np.memmap(self._file, dtype=float, mode="r", shape=self.shape)

    def _write(self) -> None:
        assert self._file is not None
        block = np.concatenate(self._waiting, axis=-1)
        try:
            for i, row in enumerate(block.reshape(math.prod(self.shape[:-1]), -1)):
                self._file.seek((i * self.shape[-1] + self.done) * NUMBER)
                self._file.write(row.tobytes())
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise EffortError(
                f"the folder of temporary files, {tempfile.gettempdir()}, is full: name another in TMPDIR, or take fewer --draws"
            ) from None
        self._waiting, self.done = [], self.done + block.shape[-1]
