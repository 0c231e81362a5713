import pytest

from headgate.domain.errors import NotAuthenticated, Unavailable
from headgate.pipeline.identify import identify
from tests.kit.fakes import KEY_HASH, PRINCIPAL, MemoryKeys


async def test_a_key_in_memory_is_known_while_the_store_is_away():
    keys = MemoryKeys({KEY_HASH: PRINCIPAL})
    keys.in_memory.add(KEY_HASH)
    keys.away = True
    assert PRINCIPAL == await identify(keys, KEY_HASH)


async def test_a_key_that_is_not_in_memory_is_looked_up():
    assert PRINCIPAL == await identify(MemoryKeys({KEY_HASH: PRINCIPAL}), KEY_HASH)


async def test_an_unknown_key_is_refused():
    with pytest.raises(NotAuthenticated) as refusal:
        await identify(MemoryKeys({}), KEY_HASH)
    assert "invalid_api_key" == refusal.value.code


async def test_while_the_store_is_away_a_key_that_may_be_good_is_unavailable_and_not_unknown():
    keys = MemoryKeys({KEY_HASH: PRINCIPAL})
    keys.away = True
    with pytest.raises(Unavailable) as refusal:
        await identify(keys, KEY_HASH)
    assert 503 == refusal.value.status
