"""Cost-effectiveness simulation: one scenario file, several engines, one set of economics.

`import model; result = model.run("scenarios/mscc_furlan.yaml")` gives the tables as DataFrames.
Imports are lazy, so that `run_model.py --help` costs no more than the standard library.
"""

__version__ = "0.1.0"


def __getattr__(name: str):
    if name in ("run", "read", "analyse"):
        from model import api

        return getattr(api, name)
    raise AttributeError(f"module 'model' has no attribute {name!r}")
