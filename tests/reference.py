"""Results of other software that the tests compare with: tests/reference, with sources and licences in its README."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "reference"


def reference_file(*parts: str) -> Path:
    """Path of a reference file, such as reference_file("dampack_cea", "psa_cdiff_cost.csv"). It is there, or an error."""
    path = FOLDER.joinpath(*parts)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not in tests/reference")
    return path
