"""Published and peer-software results that the tests compare with.

They are kept in a folder `shared/reference` beside the repository, or in the folder that the environment
variable MODEL_REFERENCE names. Without that folder the test is skipped; a file missing from it is an error.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[1] / "../shared/reference"
FOLDER = Path(os.environ.get("MODEL_REFERENCE") or BESIDE_THE_REPOSITORY).resolve()


def reference_file(*parts: str) -> Path:
    """Path of a reference file, such as reference_file("dampack_cea", "psa_cdiff_cost.csv")."""
    if not FOLDER.is_dir():
        pytest.skip("no reference folder: set MODEL_REFERENCE to the folder that holds the reference results")
    path = FOLDER.joinpath(*parts)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: not in the reference folder")
    return path
