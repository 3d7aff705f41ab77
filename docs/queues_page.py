"""How the queues are verified: measure the sixty settings, and the tables of the page about them.

`python docs/queues_page.py [KIND …]` measures anew (minutes; all kinds, or some) and writes
`docs/queues_measured.csv`; `docs/build.py` writes the tables from that file. Figures are those of
`tests/verification/queues`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from dossier import table
from scipy import stats

DOCS = Path(__file__).parent
MEASURED = DOCS / "queues_measured.csv"
SEED, ALL = 2026, 60
COLUMNS = (
    "kind", "places", "load", "extra", "tick_days", "measure", "theory", "value", "error", "z",
    "replicates", "joined",
)  # fmt: skip
KINDS = {
    "exponential": "M/M/c (Erlang C)",
    "fixed": "M/D/c (Crommelin)",
    "mixed": "M/G/1, hyperexponential (Pollaczek–Khinchine)",
    "cut": "M/G/1, cut exponential (Pollaczek–Khinchine)",
    "impatient": "M/M/c+M (Erlang-A)",
    "urgent": "two classes, M/M/c (Cobham; Kella–Yechiali)",
}


def tests_package() -> None:
    """Let `tests.…` mean the tests of this repository, whatever else is installed."""
    here = ModuleType("tests")
    here.__path__ = [str(DOCS.parent / "tests")]
    sys.modules["tests"] = here


def measured() -> list[dict[str, str]]:
    """Return the rows of the file, none if there is no file."""
    if not MEASURED.exists():
        return []
    with MEASURED.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def is_of(row: Mapping[str, str], one: Any) -> bool:
    """Whether a row is about a setting."""
    said = (row["kind"], int(row["places"]), float(row["load"]), float(row["extra"]))
    return said == (one.kind, one.places, one.load, one.extra)


def measure_all(kinds: Sequence[str], threads: int = 2) -> None:
    """Measure the settings of some kinds, or all; keep what the file says of the others."""
    tests_package()
    from tests.verification.queues.design import SETTINGS, Setting
    from tests.verification.queues.measure import measure, relaxation

    rows: dict[int, list[tuple[object, ...]]] = {}
    wanted = [n for n, one in enumerate(SETTINGS) if not kinds or one.kind in kinds]
    for n, one in enumerate(SETTINGS):
        if n not in wanted:
            rows[n] = [tuple(row.values()) for row in measured() if is_of(row, one)]

    def one_setting(n: int) -> None:
        one: Setting = SETTINGS[n]
        rows[n] = [
            (
                one.kind, one.places, one.load, one.extra, one.tick, m.measure, f"{m.theory:.8g}",
                f"{m.value:.8g}", f"{m.error:.4g}", f"{m.z:.3f}", m.replicates, m.joined,
            )
            for m in measure(one, SEED + n)
        ]  # fmt: skip
        print(one.name, *rows[n], sep="\n  ", flush=True)

    order = sorted(wanted, key=lambda n: -relaxation(SETTINGS[n]))
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one_setting, order))
    with MEASURED.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(row for n in sorted(rows) for row in rows[n])


def queues_parts() -> dict[str, str]:
    """Return the generated part of the page: a row a kind of queue, and the test of all z."""
    rows = measured()
    if not rows:
        return {"queues_measured": "Not measured yet.\n"}
    lines = []
    for kind, label in KINDS.items():
        own = [row for row in rows if row["kind"] == kind]
        if not own:
            continue
        settings = {(row["places"], row["load"], row["extra"]) for row in own}
        lines.append(
            (
                label, len(settings), _span(own, "places"), _span(own, "load"),
                f"{_patients(own):.1f}", _most(own, high=False), _most(own, high=True),
                f"{max(abs(float(row['z'])) for row in own):.1f}",
            )
        )  # fmt: skip
    head = (
        "queue", "settings", "places", "load", "million patients",
        "largest relative error to load 0.9", "above", "largest z, either sign",
    )  # fmt: skip
    return {"queues_measured": f"{table(head, lines)}\n{_agreement(rows)}"}


def _span(rows: Sequence[Mapping[str, str]], name: str) -> str:
    values = sorted({float(row[name]) for row in rows})
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"


def _patients(rows: Sequence[Mapping[str, str]]) -> float:
    return sum(int(row["joined"]) for row in rows if row["measure"] == "wait") / 1e6


def _most(rows: Sequence[Mapping[str, str]], *, high: bool) -> str:
    errors = [
        float(row["error"]) / float(row["value"])
        for row in rows
        if (float(row["load"]) > 0.9) == high
    ]
    return f"{100.0 * max(errors):.2f} %" if errors else ""


def _agreement(rows: Sequence[Mapping[str, str]]) -> str:
    """Return how the z of all settings lie, as a sentence."""
    z = [float(row["z"]) for row in rows]
    outside = sum(abs(value) > 3.0 for value in z)
    words = []
    for name, label in (("wait", "mean wait"), ("share", "share"), ("queue", "queue length")):
        own = [float(row["z"]) for row in rows if row["measure"] == name]
        words.append(f"{label} p = {stats.kstest(own, 'norm').pvalue:.2f}")
    settings = sum(row["measure"] == "wait" for row in rows)
    so_far = "" if settings == ALL else f" Measured so far: {settings} of {ALL} settings."
    return (
        f"Of {len(z)} measures (mean wait; share waiting or, with reneging, giving up; queue "
        f"length; wait of the urgent) {outside} lie outside three standard errors. "
        "Kolmogorov–Smirnov test of z against the standard normal, settings as the sample: "
        f"{', '.join(words)}.{so_far}\n"
    )


if __name__ == "__main__":
    measure_all(sys.argv[1:])
