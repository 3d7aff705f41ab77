#!/bin/sh
# Write the two locks anew from pyproject.toml, for Python 3.11 and every newer one.
# Use: sh requirements/lock.sh [--upgrade]     (needs uv; `pip install uv` in any environment)
set -eu

command -v uv >/dev/null 2>&1 || {
    echo "popmodel: the locks are made with uv (pip install uv); installing them needs only pip." >&2
    exit 1
}
# Only what the public index holds may be locked, wherever this machine looks first.
unset UV_FIND_LINKS UV_EXTRA_INDEX_URL UV_INDEX UV_CONSTRAINT UV_OVERRIDE UV_PRERELEASE

compile() {
    uv pip compile pyproject.toml --group build --quiet --no-config \
        --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links \
        --custom-compile-command "make lock" "$@"
}

compile --extra dev --extra cluster --output-file requirements/test.txt "$@"
# The same versions for users as for tests.
compile --constraints requirements/test.txt --output-file requirements/core.txt

if grep -nE '://|^-|(^|[^#]) @ ' requirements/core.txt requirements/test.txt; then
    echo "popmodel: a lock names an address; it must not." >&2
    exit 1
fi
