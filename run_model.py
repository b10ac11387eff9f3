"""Run a scenario file: `python run_model.py --help`."""
from model.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
