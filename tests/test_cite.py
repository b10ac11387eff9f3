"""docs/cite.md: version, hash and keys of the manifest are those of a run."""

import hashlib
import json
import re
from pathlib import Path

from runs import SCENARIOS, VALIDATION

import model
from model.cli import main

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "cite.md").read_text(encoding="utf-8")


def test_the_keys_that_are_named_are_in_the_manifest(tmp_path):
    """Of a small run, saved."""
    assert main(["run", str(VALIDATION / "immortal.yaml"), "--draws", "2", "--out", str(tmp_path)]) == 0
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE, flags=re.M)
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    assert len(keys) > 8 and keys <= set(manifest)
    scenario = (tmp_path / "scenario.yaml").read_bytes()
    assert manifest["scenario_sha256"] == hashlib.sha256(scenario).hexdigest()


def test_the_hash_is_that_of_the_default_scenario():
    manifest = model.run(SCENARIOS / "mscc_furlan.yaml", draws=0).manifest
    assert f"SHA-256 {manifest['scenario_sha256'][:12]}" in PAGE


def test_version_and_authors_are_those_of_the_citation_file():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"Version {model.__version__}." in PAGE and f"scenarios {model.__version__} (source" in PAGE
    (title,) = re.findall(r'^title: "(.*)"', citation, flags=re.M)
    (author,) = re.findall(r"^  - name: (.*)", citation, flags=re.M)
    assert f"> {author}. {title}. Version" in PAGE
