"""The examples of the page about the Python client run as they stand, against a running gateway."""

import os
import re
import subprocess
import sys

import pytest

from tests.docs.tree import ROOT
from tests.kit.gateway import GatewayProcess

PAGE = (ROOT / "docs" / "how-to" / "python-sdk.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^## (.+?)\n(?:(?!^## ).)*?^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def test_every_section_has_an_example():
    assert PAGE.count("\n## ") == len(EXAMPLES) == PAGE.count("```python")


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_runs(gateway: GatewayProcess, title: str):
    environ = os.environ | {
        "HEADGATE_BASE_URL": gateway.url,
        "HEADGATE_API_KEY": gateway.key,
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", EXAMPLES[title]], env=environ, capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout or "assert" in EXAMPLES[title]
