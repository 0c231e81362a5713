"""One worker process of a node that counts rate limits: `python -m tests.kit.limits_worker <folder> <mode> <figure>`.

Modes: `hammer` asks so many times and prints how often it was admitted; `hold` is admitted so many times, says so, and
holds on; `churn` is admitted and ends, over and over, with so many at once.
"""

import sys
import time
from pathlib import Path

from headgate.infra.limits.node import NodeLimiter
from headgate.infra.limits.shared_file import SharedFile
from headgate.pipeline.ports import Admission
from tests.kit.limits import BOOT, counted

PER_MINUTE = 2_000
AT_ONCE = 8
LIMITS = (
    counted("minute", requests=PER_MINUTE),
    counted("tokens", tokens=PER_MINUTE * 10),
    counted("wide", requests=1_000_000),
)
AT_ONCE_LIMITS = (counted("once", concurrency=AT_ONCE), counted("wide", requests=1_000_000_000))


def main() -> None:
    folder, mode, figure = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    # What is tested is what is counted, however long a busy machine lets the holder of the lock wait for its turn.
    assert SharedFile.lock.__kwdefaults__ is not None
    SharedFile.lock.__kwdefaults__["wait_s"] = 30.0
    limiter = NodeLimiter(SharedFile(folder, boot_id=BOOT, monotonic=time.monotonic), time.monotonic)
    print("ready", flush=True)
    sys.stdin.readline()
    if mode == "hammer":
        admitted = sum(isinstance(limiter.admit_now(LIMITS, tokens=10, now=0.0), Admission) for _ in range(figure))
        print(admitted, limiter.counted_alone.locked, flush=True)
    elif mode == "hold":
        held = [limiter.admit_now(AT_ONCE_LIMITS, tokens=0, now=0.0) for _ in range(figure)]
        print(sum(isinstance(one, Admission) for one in held), flush=True)
        sys.stdin.readline()
    else:
        while True:
            for one in [limiter.admit_now(AT_ONCE_LIMITS, tokens=5, now=0.0) for _ in range(figure)]:
                if isinstance(one, Admission):
                    limiter.finish(one, tokens=3)


if __name__ == "__main__":
    main()
