"""Figures and their CSVs as data: addresses, read from the files that a run has written: nothing is drawn twice."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from model.report.file_names import file_names
from model.report.html.blocks import DETERMINISTIC, PROBABILISTIC, Picture
from model.report.result import Result
from model.report.saving import save_all

ZIPPED, MOST = 250_000, 8_000_000  # bytes of a CSV that is zipped, and of one that stays beside the page
TITLES = {
    "cost_effectiveness_plane": "Cost-effectiveness plane",
    "acceptability": "Cost-effectiveness acceptability curves and frontier",
    "expected_loss": "Expected loss, and value of perfect information",
    "occupancy": "Patients in each state over time",
    "cost_components": "Components of cost",
    "over_time": "Shares of patients over time, beside published points",
    "survival_published": "Survival, beside published curves",
    "sampled_distributions": "Sampled values of the parameters",
    "time_to_event": "Time to events",
    "patient_spread": "Spread over single patients",
    "swimlanes": "Histories of some patients",
    "queue_length": "Patients who wait",
    "units_in_use": "Units of resources in use",
    "waits": "Waits",
    "tornado_inb": "One-way sensitivity of the incremental net benefit",
    "tornado_icer": "One-way sensitivity of the ICER",
    "evppi": "Value of information by parameter",
    "convergence": "Convergence over draws",
}
_DRAWS = ("cost_effectiveness_plane", "acceptability", "expected_loss", "sampled_distributions", "group_acceptability")
_BASE = (
    "occupancy",
    "cost_components",
    "over_time",
    "survival_published",
    "time_to_event",
    "patient_spread",
    "swimlanes",
    "waits",
    "queue_length",
    "units_in_use",
)


def drawn(command: str, result: Result) -> dict[str, Picture]:
    """Of a result that was not saved."""
    with TemporaryDirectory() as folder:
        save_all(result.plans, Path(folder, "figures"))
        return saved(command, result, Path(folder, "figures"))


def saved(command: str, result: Result, folder: Path) -> dict[str, Picture]:
    """Of a result whose figures are in `folder`."""
    return {name: _picture(command, name, folder / file) for name, file in zip(result.plans, file_names(result.plans))}


def _picture(command: str, name: str, path: Path) -> Picture:
    file = path.with_name(f"{path.name}.csv")
    image = address("image/png", path.with_name(f"{path.name}.png").read_bytes())
    about = title(name), image
    if file.stat().st_size > MOST:  # it is not read: that of a million draws has 250 MB
        place = "figures" if command == "run" else f"{command}/figures"
        return Picture(*about, file.name, basis=basis(command, name, file), beside=f"{place}/{file.name}")
    csv = file.read_bytes()
    if len(csv) > ZIPPED:
        return Picture(
            *about,
            f"{path.name}.zip",
            address("application/zip", zipped(f"{path.name}.csv", csv)),
            basis(command, name, file),
        )
    return Picture(*about, f"{path.name}.csv", address("text/csv", csv), basis(command, name, file))


def title(name: str) -> str:
    words = TITLES.get(name) or name.replace("_", " ")
    return words[:1].upper() + words[1:]


def basis(command: str, name: str, csv: Path) -> str:
    """Which figures it shows: of base values, of draws, or of both (''); some tables say it in each row."""
    if name in _DRAWS or command in ("voi", "converge"):
        return PROBABILISTIC
    if name in _BASE or command == "tornado":
        return DETERMINISTIC
    with csv.open("rb") as lines:
        words = {word for line in lines for word in (DETERMINISTIC, PROBABILISTIC) if f"{word},".encode() in line}
    found = [*words]
    return found[0] if len(found) == 1 else ""


def zipped(name: str, content: bytes) -> bytes:
    """A ZIP with one file, the same for the same content."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 1)
    return target.getvalue()


def address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
