"""Files beside a scenario that may not be read: an error of the line that names them."""

from pathlib import Path

import pytest

from model.cli import main

BASE = Path(__file__).resolve().parents[1] / "report" / "two_states.yaml"


@pytest.mark.parametrize("method", ["stat", "open"])
def test_a_table_in_a_forbidden_folder_is_an_error_of_its_line(method, tmp_path, monkeypatch, capsys):
    path, table = tmp_path / "F.yaml", tmp_path / "mine.csv"
    table.write_text("p\n0.1\n0.2\n")
    path.write_text(f'extends: {BASE}\nparameters:\n  p: {{distribution: "empirical(mine.csv)"}}\n')
    real = getattr(Path, method)

    def forbidden(self, *arguments, **options):
        if self.name == "mine.csv":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *arguments, **options)

    monkeypatch.setattr(Path, method, forbidden)
    out = tmp_path / "out"
    assert main(["run", str(path), "--draws", "10", "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert "F.yaml:3: parameters.p.distribution" in error and "Traceback" not in error and not out.exists()
