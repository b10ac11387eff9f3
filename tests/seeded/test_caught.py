"""`run_model.py verify` catches nine of ten of the errors that can be seen. All of them: python tests/seeded/harness.py."""

from __future__ import annotations

import harness
import pytest
import seeds

import model

LEAST = 0.9
SAMPLED = [seed for name in ("files", "code") for seed in seeds.read(name)[::3]]

if hasattr(model, "verify"):

    @pytest.mark.slow
    def test_nine_of_ten_visible_errors_are_caught():
        found = harness.catch(SAMPLED)
        assert harness.share(found) >= LEAST, harness.table(found)
