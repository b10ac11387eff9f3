"""Run a scenario file: `python run_model.py --help`."""

from model.cli import command

if __name__ == "__main__":
    command()
