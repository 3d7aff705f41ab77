"""What compiled schedulers tell the machine about memory; in plain Python all of it does nothing.

Compiled code counts references to arrays atomically, at every call that is not inlined; a scheduler
that hands the same arrays to a rule a billion times need not. And of a million patients the next
one is never in a processor's cache, unless it was asked for in time.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba.core import cgutils
from numba.extending import intrinsic

from popmodel.jit import rule

LINE = 64
"""Bytes a processor fetches at once; where it is another number, hints are too many or too few."""

if numba.config.DISABLE_JIT:

    def lent(array: Any) -> Any:
        """Return an array."""
        return array

    def hold(*arrays: Any) -> None:
        """Do nothing."""

    def fetch_ahead(rows: Any, i: Any, offset: Any) -> None:
        """Do nothing."""

else:

    @intrinsic
    def lent(typing_context: Any, array: Any) -> Any:
        """Return an array whose references are not counted: `hold` the owner as long as it is used.

        What Python passes to an entry point is held by the call.
        """

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            make = context.make_array(signature.return_type)
            view = make(context, builder, value=arguments[0])
            view.meminfo = cgutils.get_null_value(view.meminfo.type)
            view.parent = cgutils.get_null_value(view.parent.type)
            return view._getvalue()

        return array(array), emit

    @rule
    def hold(*arrays: Any) -> None:
        """Keep the owners of lent arrays until here."""

    @intrinsic
    def _fetch_line(typing_context: Any, address: Any) -> Any:
        """Ask the processor for the line at an address; it may refuse, and never fails."""

        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            byte, number, llvm = cgutils.voidptr_t, cgutils.int32_t, cgutils.ir
            kind = llvm.FunctionType(llvm.VoidType(), [byte, number, number, number])
            hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            place = builder.inttoptr(arguments[0], byte)
            builder.call(hint, [place, number(1), number(3), number(1)])  # to write, data
            return context.get_dummy_value()

        return numba.types.void(numba.types.uintp), emit

    @rule
    def fetch_ahead(rows: Any, i: Any, offset: Any) -> None:
        """Ask the processor for row i of an array of records, from a byte on, ahead of need."""
        end = rows.ctypes.data + (i + 1) * rows.itemsize
        for line in range(end - rows.itemsize + offset, end, LINE):
            _fetch_line(np.uintp(line))
        _fetch_line(np.uintp(end - 1))
