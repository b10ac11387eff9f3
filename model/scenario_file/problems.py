"""Every error of a scenario file, so that all are reported at once, and what is only worth a warning."""

from __future__ import annotations

import re
from collections.abc import Iterable

from model.scenario_file.nodes import Node
from model.suggestions import did_you_mean

LONGEST = 2000  # characters of a message


class ScenarioError(ValueError):
    """Everything that is wrong with a scenario file, one line each."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Problems:
    """Collects errors and warnings.

    `damaged`: names whose definition is wrong. They are reported once, there, and not wherever they are read.
    """

    def __init__(self) -> None:
        self.errors: dict[str, None] = {}  # ordered sets: each is said once
        self.warnings: dict[str, None] = {}
        self.damaged: set[str] = set()

    def add(self, node: Node, message: str, place: str | None = None) -> None:
        place = node.place if place is None else place
        self.say(f"{node.where}: {place + ': ' if place else ''}{message}")

    def say(self, text: str) -> None:
        """A message on one line; what it quotes may be of any length and have several, the message is not."""
        text, half = " ".join(text.splitlines()), LONGEST // 2
        self.errors[text if len(text) <= LONGEST else f"{text[:half]} ... {text[-half:]}"] = None

    def unknown(self, node: Node, what: str, name: str, allowed: Iterable[str], place: str | None = None) -> None:
        allowed = list(allowed)
        listed = ", ".join(allowed) or "none, as the file states none"
        self.add(node, f"unknown {what} '{name}'.{did_you_mean(name, allowed)} Allowed: {listed}", place)

    def warn(self, node: Node, message: str) -> None:
        self.warn_at(f"{node.where}: {node.place}: {message}")

    def warn_at(self, text: str) -> None:
        """A warning that names its place itself."""
        self.warnings[" ".join(text.splitlines())] = None

    def stop(self) -> None:
        """Raise the errors: files in the order in which their first error was seen, lines from the top."""
        if not self.errors:
            return
        files = {file: i for i, file in enumerate(dict.fromkeys(map(_file_of, self.errors)))}

        def position(text: str) -> tuple[int, int]:
            file = _file_of(text)
            line = re.match(r":(\d+)", text[len(file) :])
            return files[file], int(line[1]) if line else 0

        raise ScenarioError(sorted(self.errors, key=position))


def _file_of(problem: str) -> str:
    return re.split(r":\d+: |: ", problem, maxsplit=1)[0]
