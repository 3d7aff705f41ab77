"""The command line: one file a command, no logic; every error ends here, none as a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from popmodel.cli.calibrate import calibrate as calibrate_command
from popmodel.cli.charts import charts as charts_command
from popmodel.cli.check import check as check_command
from popmodel.cli.compare import compare as compare_command
from popmodel.cli.economics import economics as economics_command
from popmodel.cli.evidence import evidence as evidence_command
from popmodel.cli.explain import explain as explain_command
from popmodel.cli.export import export as export_command
from popmodel.cli.merge import merge as merge_command
from popmodel.cli.new import new as new_command
from popmodel.cli.patient import patient as patient_command
from popmodel.cli.places import places as places_command
from popmodel.cli.psa import psa as psa_command
from popmodel.cli.report import report as report_command
from popmodel.cli.run import run as run_command
from popmodel.cli.schema import schema as schema_command
from popmodel.cli.search import search as search_command
from popmodel.cli.solve import solve as solve_command
from popmodel.cli.sweep import sweep as sweep_command
from popmodel.cli.validate import validate as validate_command
from popmodel.cli.voi import voi as voi_command

# Click's own error, whether typer brings click along or depends on it.
_UsageProblem = typer.BadParameter.__mro__[2]

INTERRUPTED = 130

app = typer.Typer(
    name="popmodel",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Pathways of depression care in, outcomes, costs and their uncertainty out.",
    epilog="Exit codes: 0 done, 1 failed while running, 2 wrong input, 3 partly done, "
    "4 a check is not met, 130 interrupted.",
)
app.command("run")(run_command)
app.command("compare")(compare_command)
app.command("check")(check_command)
app.command("charts")(charts_command)
app.command("report")(report_command)
app.command("export")(export_command)
app.command("economics")(economics_command)
app.command("evidence")(evidence_command)
app.command("explain")(explain_command)
app.command("patient")(patient_command)
app.command("calibrate")(calibrate_command)
app.command("psa")(psa_command)
app.command("voi")(voi_command)
app.command("search")(search_command)
app.command("solve")(solve_command)
app.command("places")(places_command)
app.command("sweep")(sweep_command)
app.command("validate")(validate_command)
app.command("merge")(merge_command)
app.command("schema")(schema_command)
app.command("new")(new_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Args:
        arguments: What was typed after `popmodel`; the process's own arguments if None.
    """
    try:
        code = app(args=arguments, prog_name="popmodel", standalone_mode=False)
        sys.stdout.flush()
    except Exception as error:  # the one place: a message instead of a traceback
        return _told(error)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    if code == INTERRUPTED:
        return _say("interrupted", INTERRUPTED)
    return code if isinstance(code, int) else 0


def _told(error: Exception) -> int:
    """Print what a user should read about an error, and return the exit code."""
    if os.environ.get("POPMODEL_DEBUG") == "1":
        traceback.print_exc()
    if isinstance(error, typer.Abort):
        return _say("interrupted", INTERRUPTED)
    if isinstance(error, _UsageProblem):
        error.show()  # type: ignore[attr-defined]
        return 2
    if isinstance(error, BrokenPipeError):
        # The reader of our output is gone (`popmodel evidence | head`); Python would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, MemoryError):
        return _say("there is not enough memory; try fewer --patients or --threads", 1)
    return _told_by_us(error)


def _told_by_us(error: Exception) -> int:
    from popmodel.errors import InputError, PopmodelError

    if isinstance(error, InputError):
        print(error, file=sys.stderr)  # noqa: T201
        count = len(error.problems)
        return _say(f"{count} problem{'s' * (count > 1)}; nothing was run", error.exit_code)
    if isinstance(error, PopmodelError):
        return _say(str(error), error.exit_code)
    if isinstance(error, OSError):
        return _say(f"{error.strerror or error}: {error.filename or 'output'}", 1)
    return _say(_bug(error), 1)


def _bug(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    where = f" in {os.path.basename(last.filename)}:{last.lineno} ({last.name})" if last else ""  # noqa: PTH119
    return (
        f"this is a bug of popmodel: {type(error).__name__}: {error}{where}\n"
        "Please report it with the command you typed; POPMODEL_DEBUG=1 prints the full traceback."
    )


def _say(text: str, code: int) -> int:
    print(f"popmodel: {text}", file=sys.stderr)  # noqa: T201
    return code
