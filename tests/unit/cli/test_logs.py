import json
import subprocess
import sys

from tests.kit.environment import ROOT

CODE = """
import structlog
from headgate.cli.logs import configure_logs
configure_logs()
log = structlog.get_logger()
log.warning("key_lookup_failed", reason="ü")
try:
    1 / 0
except ZeroDivisionError as error:
    log.error("fault", exc_info=error)
"""


def test_a_fact_is_one_line_of_json_on_standard_error():
    environ = {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", CODE], env=environ, capture_output=True, check=True)
    assert b"" == done.stdout
    warning, fault = (json.loads(line) for line in done.stderr.splitlines())
    assert ("key_lookup_failed", "warning", "ü") == (warning["event"], warning["level"], warning["reason"])
    assert warning["timestamp"].endswith("Z")
    assert "ZeroDivisionError" == fault["exception"][0]["exc_type"]
