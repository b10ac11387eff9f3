"""The notebooks of examples/, run from top to bottom: `python tests/pages/notebooks.py` writes their outputs into them.

Needs `pip install nbclient ipykernel`; the test that reads them needs neither.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "examples"


def execute(path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=600, resources={"metadata": {"path": str(FOLDER.parent)}}).execute()
    for cell in book.cells:
        cell.metadata = {}
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]  # bars of progress
    nbformat.write(book, path)


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.ipynb")):
        execute(path)
