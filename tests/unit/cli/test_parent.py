import signal
import subprocess
import sys

from tests.kit.environment import ROOT

CHILD = """
import signal, sys, threading
from headgate.cli.parent import end_with_parent
asked = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: asked.set())
end_with_parent()
print("up", flush=True)
while not asked.wait(0.05):
    pass
sys.exit(7)
"""


def start(**options: object) -> subprocess.Popen[bytes]:
    environ = {"PYTHONPATH": str(ROOT / "src")}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
    )
    assert b"up\n" == child.stdout.readline()
    return child


def test_a_child_stops_gracefully_when_its_standard_input_closes():
    child = start()
    child.stdin.close()
    assert 7 == child.wait(10)
    child.stdout.close()


def test_what_comes_on_standard_input_does_not_matter():
    child = start()
    child.stdin.write(b"hello\n" * 1000)
    child.stdin.flush()
    assert child.poll() is None
    child.send_signal(signal.SIGTERM)
    assert 7 == child.wait(10)
    child.communicate()
