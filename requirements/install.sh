#!/bin/sh
# Install into a virtual environment: a lock, every file checked
# against its hash, or the project.
# Use: sh requirements/install.sh VENV LOCK       the locked packages
#      sh requirements/install.sh VENV --project  popmodel, editable
#      sh requirements/install.sh VENV --wheel    popmodel as its users get it
set -eu

python=$1/bin/python

if command -v uv >/dev/null 2>&1; then
    install() { uv pip install --quiet --python "$python" "$@"; }
else
    # Twice quiet: errors only.
    install() { "$python" -m pip install -qq --disable-pip-version-check --no-input "$@"; }
fi

# The build tools are in the locks: nothing is fetched for the project itself.
case $2 in
--project)
    install --no-deps --no-build-isolation --editable .
    ;;
--wheel)
    install --no-deps --no-build-isolation --force-reinstall .
    ;;
*)
    echo "Installing the dependencies locked in $2 (a few minutes the first time)"
    install --require-hashes -r "$2"
    ;;
esac
