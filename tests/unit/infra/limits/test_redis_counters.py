"""Without a Redis; with one: tests/integration/test_rate_limits_redis.py."""

import pytest

from headgate.infra.limits.redis_counters import BATCH, CountersUnavailableError, RedisAdmission, RedisCounters
from tests.kit.gateway import free_port
from tests.kit.limits import counted


def nobody() -> RedisCounters:
    return RedisCounters(f"redis://127.0.0.1:{free_port()}/0", worker="w")


async def test_where_nobody_listens_there_is_no_answer():
    counters = nobody()
    with pytest.raises(CountersUnavailableError):
        await counters.admit([counted(requests=1)], tokens=0, now=0.0)
    await counters.close()


async def test_ends_that_cannot_be_told_are_counted_and_not_kept():
    counters = nobody()
    for number in range(BATCH + 1):
        admission = RedisAdmission([counted(requests=1)], 5, 0.0, ())
        admission.member, admission.second = str(number), 0
        counters.finish(admission, tokens=1)
    await counters.close()
    assert (BATCH + 1, 0) == (counters.unfinished, len(counters._ended))


async def test_connecting_and_confirming_in_vain_is_no_error():
    counters = nobody()
    counters._running["w:1"] = ["c:r/k"]
    await counters.connect()
    await counters.confirm()
    assert {"w:1": ["c:r/k"]} == counters._running
    await counters.close()


def test_an_address_that_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match="scheme"):
        RedisCounters("http://127.0.0.1", worker="w")
