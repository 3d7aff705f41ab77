"""Where the engine's time goes, by sampling: `python -m benchmarks.sampled [engine|synthesise]`.

Needs Linux with `perf` and `readelf`. Compiled rules have no names for a profiler, so their places
are read from Numba's object code (by attributes that Numba does not promise) and written to the map
that `perf report` looks for. Rules that LLVM has inlined are counted with their callers.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENTS = 20_000
SECONDS = 8.0
RATE = 1999


def engine_work() -> tuple[Any, Callable[[], Any]]:
    """Return the compiled block of the engine and what runs it."""
    from benchmarks.questions import FIVE_PATHWAYS, ask

    from popmodel.engine.compiled import simulate_block

    return simulate_block, ask(FIVE_PATHWAYS, PATIENTS).simulate


def synthesise_work() -> tuple[Any, Callable[[], Any]]:
    """Return the compiled block that makes patients and what runs it."""
    from benchmarks.questions import FIVE_PATHWAYS, ask

    from popmodel.population import synthesise, synthesise_block

    parameters = ask(FIVE_PATHWAYS, PATIENTS).parameters
    return synthesise_block, lambda: synthesise(parameters, PATIENTS, 1, threads=1)


def readable(symbol: str) -> str:
    """Return `module.function` of a mangled name, the name itself if it is none."""
    parts, rest = [], symbol.removeprefix("_ZN")
    while match := re.match(r"(\d+)", rest):
        start, length = match.end(), int(match.group())
        parts.append(rest[start : start + length])
        rest = rest[start + length :]
    return ".".join(parts[1:]) or symbol


def name_rules(block: Any) -> None:
    """Tell `perf` where the rules inside a compiled function are."""
    with tempfile.TemporaryDirectory() as folder, _map().open("w") as names:
        for compiled in block.overloads.values():
            code = Path(folder) / "code.o"
            code.write_bytes(compiled.library._get_compiled_object())
            engine = compiled.library.codegen._engine._ee
            listing = subprocess.run(
                ["readelf", "-sW", str(code)], capture_output=True, text=True, check=True
            ).stdout
            for line in listing.splitlines():
                row = line.split()
                if len(row) >= 8 and row[3] == "FUNC" and int(row[2], 0) > 0:
                    address = engine.get_function_address(row[7])
                    names.write(f"{address:x} {int(row[2], 0):x} {readable(row[7])}\n")


def _map() -> Path:
    return Path(f"/tmp/perf-{os.getpid()}.map")  # noqa: S108 (the place perf looks at)


def shares(work: Callable[[], Any]) -> list[tuple[float, str]]:
    """Run work for a while and return the share of samples by function, largest first."""
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "perf.data")
        command = ["perf", "record", "-q", "-o", data, "-F", str(RATE), "-p", str(os.getpid())]
        recorder = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            work()
        recorder.send_signal(signal.SIGINT)
        recorder.wait()
        report = subprocess.run(
            ["perf", "report", "-i", data, "--stdio", "--sort", "symbol"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    rows = re.findall(r"^\s*([\d.]+)%\s+\[.\]\s+(\S+)", report, re.MULTILINE)
    return [(float(share), name) for share, name in rows]


def main(what: str) -> None:
    """Print the profile."""
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()  # compiled anew: object code is kept then
    block, work = {"engine": engine_work, "synthesise": synthesise_work}[what]()
    work()
    name_rules(block)
    try:
        for share, name in shares(work)[:40]:
            print(f"{share:6.2f} %  {name}")
    finally:
        _map().unlink()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "engine")
