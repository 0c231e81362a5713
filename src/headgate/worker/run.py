"""Runs the worker role: ingest, and the jobs that come round, until told to stop."""

import os
import signal
import sys
import threading

from headgate.control.setup import use_django
from headgate.infra.settings import SettingsError, read_settings


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
    beside = [threading.Thread(target=Rounds().run, args=(stop,), name="jobs")]
    beside += [threading.Thread(target=sender.run, args=(stop,), name="sink") for sender in senders()]
    for thread in beside:
        thread.start()
    ingest.run(stop)
    for thread in beside:
        thread.join()
    return 0
