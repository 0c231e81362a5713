#!/bin/sh
# Every check that needs no running service. All of them run, side by side, so that one look shows all that is wrong.
set -u
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
notes=$(mktemp -d)
trap 'rm -rf "$notes"' EXIT
trap 'exit 130' INT TERM

checks=""
check() {
    name=$1
    shift
    checks="$checks $name"
    { "$@" >"$notes/$name" 2>&1; echo $? >"$notes/$name.status"; } &
}

check types "$python" -m basedpyright --level error
check control-types "$python" -m mypy --no-error-summary
check format "$python" -m ruff format --check --output-format concise .
check lint "$python" -m ruff check --output-format concise .
check arrows "$(dirname "$python")/lint-imports" --no-logo
check unit "$python" -m pytest -q -n "${JOBS:-2}" tests/unit tests/docs
wait

failed=""
for name in $checks; do
    if [ "$(cat "$notes/$name.status")" -ne 0 ]; then
        failed="$failed $name"
        echo "== $name" >&2
        cat "$notes/$name" >&2
    fi
done
if [ -n "$failed" ]; then
    echo "Failed:$failed" >&2
    exit 1
fi
tail -n 1 "$notes/unit" >&2
echo "All checks passed:$checks" >&2
