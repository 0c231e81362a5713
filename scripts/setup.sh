#!/bin/sh
# Makes .venv and installs exactly what a lock names: sh scripts/setup.sh requirements.lock
# Needs nothing but Python 3.11 or newer; everything else comes hash-checked from the package registry.
set -eu
cd "$(dirname "$0")/.."
lock=$1

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON3:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
        if is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "Headgate needs Python 3.11 or newer; found $(python3 --version 2>&1 || true). Name one with PYTHON3=/path/to/python3.11." >&2
    return 1
}

if ! is_new_enough .venv/bin/python; then
    python=$(find_python)
    echo "Setting up .venv ($("$python" --version))" >&2
    rm -rf .venv
    if ! "$python" -m venv .venv; then
        echo "Python has no working venv module; on Debian or Ubuntu install the package python3-venv." >&2
        exit 1
    fi
fi

echo "Installing $lock" >&2
pip() {
    .venv/bin/python -m pip --quiet --disable-pip-version-check --no-input "$@"
}
pip install --require-hashes --requirement "$lock"
# flit-core, which builds this, is in the lock: nothing unlocked is fetched.
pip install --no-deps --no-build-isolation --editable .
