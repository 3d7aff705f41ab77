"""A sweep of a toy job as a command of its own, with the exit codes of the real ones."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from toy_jobs import Ishigami, a_design

from popmodel.cli.sweeping import carry_out, choices
from popmodel.errors import PopmodelError
from popmodel.uncertainty import plan_sweep


@dataclass(frozen=True)
class Hungry(Ishigami):
    """Ishigami that needs memory meanwhile."""

    bytes: int = 0

    def __call__(self, run):
        held = np.ones(self.bytes // 8)
        return Ishigami.__call__(self, run) if held[-1] else None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("runs", type=int)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--log", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--scheduler", default="")
    parser.add_argument("--shard")
    parser.add_argument("--bytes", type=int, default=0)
    parser.add_argument("--plan", action="store_true")
    asked = parser.parse_args()
    kind = (Hungry, {"bytes": asked.bytes}) if asked.bytes else (Ishigami, {})
    job = kind[0](seconds=asked.seconds, log=asked.log, **kind[1])
    from popmodel.cli.sweeping import Executor

    executor = Executor.dask if asked.scheduler else Executor.local
    try:
        options = choices(asked.jobs, executor, asked.scheduler, asked.shard)
        if asked.plan:
            plan = plan_sweep(a_design(asked.runs), job, asked.folder, options)
            print(json.dumps(asdict(plan)))
            return 0
        carry_out("toy", a_design(asked.runs), job, asked.folder, options)
    except KeyboardInterrupt:
        return 130
    except PopmodelError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
