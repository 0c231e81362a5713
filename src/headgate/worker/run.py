"""Runs the worker role: ingest, and the jobs that come round, until told to stop."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Final

from headgate.control.setup import use_django
from headgate.infra import clock
from headgate.infra.settings import SettingsError, read_settings

SINKS_WITHIN_S: Final = 3.0
"""So long are sinks waited for at a stop, in all."""


def run_worker() -> int:
    """Ingest until SIGTERM or SIGINT, then to the end of what is there.

    Returns:
        0 after a stop, 1 when another worker runs on this node or a setting cannot be honoured.
    """
    use_django()
    # Models can be imported only once Django is set up.
    from headgate.worker.ingest import AnotherIngestError, Ingest
    from headgate.worker.jobs import Rounds
    from headgate.worker.sinks.compose import announcing, senders

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        ingest = Ingest(read_settings(os.environ).data_dir, announcing())
    except (AnotherIngestError, SettingsError) as error:
        print(f"headgate worker: {error}", file=sys.stderr)
        return 1
    jobs = threading.Thread(target=Rounds().run, args=(stop,), name="jobs")
    # They end with the process wherever they are: what was not taken is still in the queue.
    sinks = [threading.Thread(target=sender.run, args=(stop,), name="sink", daemon=True) for sender in senders()]
    for thread in (jobs, *sinks):
        thread.start()
    ingest.run(stop)
    jobs.join()
    wait_for(sinks)
    return 0


def wait_for(sinks: Sequence[threading.Thread]) -> None:
    """Let sinks end what they are at, but not for long: one that is silent holds up no stop."""
    deadline = clock.monotonic() + SINKS_WITHIN_S
    for sink in sinks:
        sink.join(max(0.0, deadline - clock.monotonic()))
