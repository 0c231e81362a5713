#!/bin/sh
# Takes the pictures of the documents anew: the tests that walk the pages keep them, this puts them in their place.
set -eu
cd "$(dirname "$0")/.."
rm -rf test-results
"${PYTHON:-.venv/bin/python}" -m pytest -q tests/e2e -k "tutorial or manual"
mkdir -p docs/images
grep -rhoE 'images/[a-z-]+\.png' docs --include='*.md' | sort -u | while read -r picture; do
    name=${picture#images/}
    cp "$(find test-results -name "$name" | head -n 1)" "docs/images/$name"
done
