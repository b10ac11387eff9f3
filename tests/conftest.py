"""Makes the helpers of the test suite importable (`from reference import reference_file`), and what every session keeps to."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

HERE = Path(__file__).resolve().parent
MAY_BE_SKIPPED = HERE / "may_be_skipped.txt"
sys.path.insert(0, str(HERE))
COVERAGE = "COVERAGE_PROCESS_START"

# In CI the examples of property tests are the same every time; elsewhere new ones are tried.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("anywhere", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "anywhere")


def pytest_configure(config):
    """Coverage, where it is measured, is that of the processes that run tests: those that tests start are timed, or killed."""
    only_hands_out = bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")
    if not only_hands_out:
        os.environ.pop(COVERAGE, None)


def may_be_skipped(nodeid: str) -> bool:
    """Whether tests/may_be_skipped.txt names this test."""
    lines = MAY_BE_SKIPPED.read_text(encoding="utf-8").splitlines()
    listed = [line.split(": ")[0] for line in lines if line.strip() and not line.startswith("#")]
    return any(nodeid.startswith(start) for start in listed)


def _refused(report) -> bool:
    xfail = hasattr(report, "wasxfail")  # a failure that a test expects is reported as skipped, with a reason
    return bool(os.environ.get("CI")) and report.skipped and not xfail and not may_be_skipped(report.nodeid)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if _refused(report):
        report.outcome = "failed"
        report.longrepr = (
            f"{item.nodeid}: skipped, but tests/may_be_skipped.txt does not name it: {report.longrepr[-1]}"
        )


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    """A whole module can be skipped while it is read."""
    outcome = yield
    report = outcome.get_result()
    if _refused(report):
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid}: skipped, but tests/may_be_skipped.txt does not name it"
