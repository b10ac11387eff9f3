"""The command line: a file a command. Each reads its options, makes one call of `model.api`, and hands the result to the session."""

from model.cli.main import command, main

__all__ = ["command", "main"]
