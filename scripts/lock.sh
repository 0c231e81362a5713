#!/bin/sh
# Writes requirements.lock and requirements-dev.lock: every platform, every hash, no index address.
# Versions that stand in the locks stay unless --upgrade is given.
set -eu
cd "$(dirname "$0")/.."

# Links and indexes of this machine must not decide what others install.
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_FIND_LINKS UV_INDEX UV_DEFAULT_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL

compile() {
    .venv/bin/python -m uv pip compile pyproject.toml "$@" \
        --no-config --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
}

compile --group build --output-file requirements.lock "$@"
compile --group dev --output-file requirements-dev.lock "$@"
