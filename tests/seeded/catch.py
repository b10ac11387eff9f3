"""Which checks catch which seeded error: python tests/seeded/catch.py FOLDER [ID ...]. One line of JSON a seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import seeds

VERIFY = """
import json, sys, model
try:
    found = model.verify(sys.argv[1], draws=1000).details.failures
    print(json.dumps(sorted({failure.check for failure in found})))
except Exception as error:
    print(json.dumps(["refused: " + str(error)[:200]]))
"""


def caught(seed: seeds.Seed, root: Path) -> list[str]:
    """Names of the checks that fail, or that the file is refused; root: a copy of the checkout."""
    seed.put_into(root)
    alone = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", VERIFY, seed.scenario]
    ran = subprocess.run(command, cwd=root, env=alone, capture_output=True, text=True, check=False)
    seed.take_out_of(root)
    return json.loads(ran.stdout.splitlines()[-1]) if ran.stdout else [f"stopped: {ran.stderr[-200:]}"]


if __name__ == "__main__":
    folder, only = seeds.copy(Path(sys.argv[1])), sys.argv[2:]
    for one in [*seeds.read("files"), *seeds.read("code")]:
        if not only or one.id in only:
            about = {"id": one.id, "visible": one.visible, "caught": caught(one, folder), "wrong": one.wrong}
            print(json.dumps(about), flush=True)
