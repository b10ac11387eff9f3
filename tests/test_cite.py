"""docs/cite.md: version, hash and keys of the manifest are those of a run."""

import hashlib
import json
import re
from pathlib import Path

import pytest

import model
from model.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "cite.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder and manifest of the default scenario."""
    folder = tmp_path_factory.mktemp("cite")
    assert (
        main(["run", str(ROOT / "scenarios" / "mscc_furlan.yaml"), "--draws", "2", "--out", str(folder / "run")]) == 0
    )
    return folder / "run", json.loads((folder / "run" / "manifest.json").read_text(encoding="utf-8"))


def test_the_keys_that_are_named_are_in_the_manifest(run):
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE, flags=re.M)
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    assert len(keys) > 8 and keys <= set(run[1])


def test_the_hash_is_that_of_the_scenario_beside_the_manifest(run):
    folder, manifest = run
    found = hashlib.sha256((folder / "scenario.yaml").read_bytes()).hexdigest()
    assert manifest["scenario_sha256"] == found
    assert f"SHA-256 {found[:12]}" in PAGE


def test_version_and_authors_are_those_of_the_citation_file():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"Version {model.__version__}." in PAGE and f"scenarios {model.__version__} (source" in PAGE
    (title,) = re.findall(r'^title: "(.*)"', citation, flags=re.M)
    (author,) = re.findall(r"^  - name: (.*)", citation, flags=re.M)
    assert f"> {author}. {title}. Version" in PAGE
