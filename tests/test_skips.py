"""In CI no test is skipped but those of tests/may_be_skipped.txt."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import may_be_skipped

HERE = Path(__file__).resolve().parent
SKIPS = {
    "by a mark": "@pytest.mark.skip(reason='tired')\ndef test_x():\n    pass\n",
    "by a call": "def test_x():\n    pytest.skip('tired')\n",
    "by a missing package": "def test_x():\n    pytest.importorskip('no_such_package')\n",
    "as a module": "pytest.importorskip('no_such_package')\ndef test_x():\n    pass\n",
}


def session(folder, text, ci):
    """Exit code and output of a session of one module under the conftest of this project."""
    (folder / "conftest.py").write_text((HERE / "conftest.py").read_text())
    (folder / "may_be_skipped.txt").write_text("# none\ntest_listed.py: no reason\n")
    (folder / "test_it.py").write_text(f"import pytest\n\n\n{text}")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    done = subprocess.run(command, env={"PATH": "", **ci}, capture_output=True, text=True, cwd=folder)
    return done.returncode, done.stdout


@pytest.mark.parametrize("how", SKIPS)
def test_a_skip_that_is_not_listed_fails_in_ci_only(how, tmp_path):
    code, text = session(tmp_path, SKIPS[how], {"CI": "true"})
    assert code in (1, 2) and "may_be_skipped.txt does not name it" in text, text
    code, text = session(tmp_path, SKIPS[how], {})
    assert code in (0, 5) and "1 skipped" in text, text


def test_an_expected_failure_is_not_a_skip(tmp_path):
    code, text = session(tmp_path, "@pytest.mark.xfail(strict=True)\ndef test_x():\n    assert 0\n", {"CI": "true"})
    assert code == 0 and "1 xfailed" in text, text


def test_what_is_listed_is_there_and_has_a_reason():
    for line in (HERE / "may_be_skipped.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            test, reason = line.split(": ", 1)
            assert (HERE.parent / test.split("::")[0]).exists() and len(reason) > 20
            assert may_be_skipped(test)
    assert not may_be_skipped("tests/test_cli.py::test_x")
