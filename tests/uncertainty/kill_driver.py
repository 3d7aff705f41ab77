"""Kill a sweep at random moments and count what is lost; run as a process of its own.

One process imports everything once and forks a child a try, so that a try costs little. Prints
JSON: runs started, runs that were finished and started again, files left over.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from toy_jobs import Ishigami, a_design, noted

from popmodel.uncertainty import run_sweep
from popmodel.uncertainty.batch import DONE
from popmodel.uncertainty.store import question, read_chunks


def finished(folder: Path, asked) -> set[int]:
    if not (folder / "chunks").is_dir():
        return set()
    found = read_chunks(folder, asked)
    assert not found.damaged, f"torn: {found.damaged}"
    return {
        one.run for batch in found.batches.values() for one in batch.records if one.status == DONE
    }


def child(work) -> int:
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return pid


def main(folder: str, runs: int, kills: int, longest: float, seed: int) -> None:
    place, log = Path(folder) / "sweep", Path(folder) / "log"
    job = Ishigami(log=str(log), seconds=0.002)
    design = a_design(runs)
    asked = question(design, job.identity, job.columns, {})
    chance = random.Random(seed)  # noqa: S311
    again = killed = 0
    for _ in range(kills):
        before, length = finished(place, asked), len(noted(log))
        pid = child(lambda: run_sweep(design, job, place))
        time.sleep(chance.uniform(0, longest))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        killed += os.WIFSIGNALED(status)
        again += len(before & set(noted(log)[length:]))
    before, length = finished(place, asked), len(noted(log))
    os.waitpid(child(lambda: run_sweep(design, job, place)), 0)
    again += len(before & set(noted(log)[length:]))
    left = [p.name for p in place.rglob(".*")] + [p.name for p in (place / "claims").iterdir()]
    print(json.dumps({"killed": killed, "again": again, "left": left, "started": len(noted(log))}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
