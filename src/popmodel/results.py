"""The answer to a scenario: tables in memory or in a folder, and how it was made."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pyarrow import Table
from pyarrow.parquet import write_table

from popmodel.errors import InputError, nearest
from popmodel.provenance import file_hash
from popmodel.safe_csv import safe_csv
from popmodel.scenario.place import is_analysis

TABLES: Final = (
    "strategies", "incremental", "versus_comparator", "thresholds", "severity_curves",
    "subgroups", "flow", "cost_by_category", "impact_inventory", "budget", "waterfall", "courses",
    "equity", "remission_per_million", "burden", "stays", "courses_by_setting", "waits",
    "services", "service_use", "beds",
)  # fmt: skip
"""Tables that are small: CSV files, a column `structure` first when there are several. The last
three are written where a service has a number of places."""


@dataclass(frozen=True)
class Result:
    """Tables of a run.

    Attributes:
        tables: small tables by name, all structures together.
        structures: names of the structures, in order.
        weeks: weekly table by structure.
        rows: patient tables by (structure, strategy); empty when they were written to `folder`.
        manifest: how it was made.
        resolved: the scenario with every default filled in.
        folder: where it was saved, if it was.
    """

    tables: Mapping[str, pd.DataFrame]
    structures: tuple[str, ...]
    weeks: Mapping[str, pd.DataFrame]
    rows: Mapping[tuple[str, str], pd.DataFrame]
    manifest: Mapping[str, Any]
    resolved: Mapping[str, Any]
    folder: Path | None = field(default=None)

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Return a table by its file name without ending: `result.strategies`."""
        if name in TABLES:
            return self.tables[name]
        raise AttributeError(name)

    def _structure(self, name: str | None) -> str:
        if name is None and len(self.structures) == 1:
            return self.structures[0]
        if name in self.structures:
            return str(name)
        known = ", ".join(self.structures)
        close = nearest(str(name), self.structures)
        hint = f"; did you mean {close}?" if close else ""
        raise InputError(f"structure {name!r}: one of {known} is needed{hint}")

    def weekly(self, structure: str | None = None) -> pd.DataFrame:
        """Return occupancy, happenings and costs by week under a structure."""
        return self.weeks[self._structure(structure)]

    def patients(self, strategy: str, structure: str | None = None) -> pd.DataFrame:
        """Return one row a patient for a strategy under a structure."""
        key = (self._structure(structure), strategy)
        if key in self.rows:
            return self.rows[key]
        if self.folder is None or strategy not in self.manifest["strategies"]:
            known = ", ".join(self.manifest["strategies"])
            raise InputError(f"strategy {strategy!r}: one of {known} is needed")
        path = structure_folder(self.folder, self.structures, key[0]) / "patients"
        return pd.read_parquet(path / f"{strategy}.parquet")


def structure_folder(folder: Path, structures: tuple[str, ...], structure: str) -> Path:
    """Return where a structure's weekly and patient tables lie."""
    return folder if len(structures) == 1 else folder / structure


class Folder:
    """A result folder under way: filled beside its place, moved there when complete.

    A run that fails or is killed leaves the earlier result as it was.
    """

    def __init__(self, final: Path) -> None:
        """Make the temporary folder beside `final`."""
        self.final = final
        final.parent.mkdir(parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))

    def __enter__(self) -> Folder:
        """Start filling."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Remove what is left when filling failed."""
        if self.path.exists():
            shutil.rmtree(self.path)

    def write_patients(self, folder: Path, strategy: str, table: pd.DataFrame) -> None:
        """Write one patient table."""
        place = folder / "patients"
        place.mkdir(parents=True, exist_ok=True)
        words = [name for name in table.columns if table[name].dtype == "category"]
        write_table(
            Table.from_pandas(table, preserve_index=False),
            place / f"{strategy}.parquet",
            compression="snappy",
            use_dictionary=words,
        )

    def publish(self, result: Result) -> Path:
        """Write the remaining tables and put the folder in its place."""
        for name, table in result.tables.items():
            if table.empty:
                continue
            (self.path / f"{name}.csv").write_text(safe_csv(table), encoding="utf-8", newline="")
        for structure, table in result.weeks.items():
            place = structure_folder(self.path, result.structures, structure)
            place.mkdir(parents=True, exist_ok=True)
            table.to_parquet(place / "weekly.parquet", compression="zstd", index=False)
        _write_yaml(self.path / "resolved.yaml", result.resolved)
        files = sorted(p for p in self.path.rglob("*") if p.is_file())
        manifest = dict(result.manifest)
        manifest["outputs"] = {p.relative_to(self.path).as_posix(): file_hash(p) for p in files}
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
        (self.path / "manifest.json").write_text(text + "\n", encoding="utf-8")
        return self.put_in_place()

    def put_in_place(self) -> Path:
        """Move the folder, complete now, to where an earlier result may lie; analyses stay."""
        for p in [one for one in self.path.rglob("*") if one.is_file()]:
            with p.open("rb+") as handle:
                os.fsync(handle.fileno())
        self.path.chmod(0o755)
        if self.final.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{self.final.name}-old-", dir=self.final.parent))
            self.final.replace(old / "result")
            self.path.replace(self.final)
            for analysis in filter(is_analysis, (old / "result").iterdir()):
                analysis.replace(self.final / analysis.name)
            shutil.rmtree(old)
        else:
            self.path.replace(self.final)
        return self.final


def _write_yaml(path: Path, data: Mapping[str, Any]) -> None:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    with path.open("w", encoding="utf-8") as handle:
        yaml.dump(dict(data), handle)
