"""Finished pieces of a long analysis, a line each: one that was interrupted goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

from model import software
from model.analysis.method import Method
from model.scenario import Scenario


class JournalError(ValueError):
    """A journal that cannot be written."""


class Journal:
    """key -> content (JSON), appended to a file; `known`: what it had when it was opened, without a line cut off half-way."""

    def __init__(self, path: Path):
        self.path, self.known = Path(path), {}
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                self.known.update(_entry(line))

    def add(self, key: str, content) -> None:
        """Append and flush, so that it is there whatever happens next. Numbers come back to the last bit."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                # The leading line break ends a line that an interruption has cut off.
                file.write(f"\n{json.dumps({'key': key, 'content': content})}\n".encode())
        except OSError as error:
            raise JournalError(f"cannot write in {self.path.parent}: {error.strerror}") from None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def _entry(line: str) -> dict:
    try:
        found = json.loads(line)
        return {found["key"]: found["content"]}
    except (ValueError, KeyError, TypeError):
        return {}


def fingerprint(*parts) -> str:
    """Hexadecimal SHA-256 of anything that prints itself completely."""
    return hashlib.sha256(repr((software.identity(), *parts)).encode()).hexdigest()


def of_scenario(scenario: Scenario) -> str:
    """Changes with whatever changes results: the file as resolved, and what it reads from other files."""
    read = (scenario.tables, scenario.joints, [p.distribution for p in scenario.parameters.values()], scenario.system)
    return fingerprint(scenario.text, scenario.files, hashlib.sha256(pickle.dumps(read)).hexdigest())


def of_method(method: Method) -> tuple:
    return method.engine, method.patients, method.replications
