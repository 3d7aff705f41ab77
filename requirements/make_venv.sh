#!/bin/sh
# Make a virtual environment with the first Python >= 3.11 that really runs.
# Use: [PYTHON=/path/to/python] sh requirements/make_venv.sh DIRECTORY
set -eu

venv=$1

# A name on the PATH may be a shim that only prints an error, so every candidate is run.
usable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

make_venv() {
    if "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        "$1" -m venv --clear "$venv"
    elif command -v uv >/dev/null 2>&1; then
        uv venv --quiet --clear --seed --python "$1" "$venv"
    else
        return 1
    fi
}

if [ -n "${PYTHON:-}" ]; then
    candidates=$PYTHON
else
    candidates="python3.13 python3.12 python3.11 python3.14 python3 python"
fi

without_venv=""
for candidate in $candidates; do
    usable "$candidate" || continue
    if make_venv "$candidate"; then
        echo "Made $venv with $("$candidate" -c 'import sys; print("Python", sys.version.split()[0])')"
        exit 0
    fi
    without_venv=$candidate
done

{
    if [ -n "$without_venv" ]; then
        echo "popmodel: $without_venv has no venv and pip. Install them (Debian and Ubuntu: the package python3-venv) or uv."
    else
        echo "popmodel needs Python 3.11 or newer. Tried: $candidates."
        for candidate in $candidates; do
            found=$("$candidate" -c 'import sys; print(sys.version.split()[0])' 2>/dev/null) || continue
            echo "  $candidate is Python $found"
        done
        echo "Install one, or name it: make demo PYTHON=/path/to/python3.12"
    fi
} >&2
exit 1
