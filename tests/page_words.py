"""What documents write: their numbers, and the words of the program that they may use."""

import re
from functools import cache

from model.cli.main import COMMANDS, parser_for
from model.report.columns import TABLES


def numbers(text: str) -> set[str]:
    """Numbers of three digits and more in a text, without their commas."""
    found = {number.replace(",", "").rstrip(".") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}
    return {number for number in found if len(number.replace(".", "")) >= 3}


@cache
def options() -> frozenset[str]:
    """Long options of all commands."""
    texts = (parser_for(name)._actions[-1].choices[name].format_help() for name in COMMANDS)
    return frozenset(option for text in texts for option in re.findall(r"--[\w-]+", text))


def table_files() -> set[str]:
    return {f"{table.name}.csv" for table in TABLES if not table.figure}
