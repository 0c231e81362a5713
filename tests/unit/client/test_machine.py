import datetime as dt

from headgate.client.machine import MACHINE


async def test_the_real_machine_is_what_it_says():
    assert MACHINE.monotonic() <= MACHINE.monotonic()
    assert dt.UTC == MACHINE.now().tzinfo
    assert all(0 <= MACHINE.chance() < 1 for _ in range(100))
    assert MACHINE.unique() != MACHINE.unique()
    await MACHINE.sleep_async(0)
