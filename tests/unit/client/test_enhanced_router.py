from decimal import Decimal

import pytest

from headgate.client import BatchFailed, EnhancedAIRouter, GenerationRequest
from tests.kit.python_client import RECEIPT, Both, Scripted, answered, completion, refused

REQUEST = GenerationRequest(
    task="caption", prompt="Write a caption", system="You are a social media assistant", org_id="org_123"
)


def router_of(*script) -> tuple[EnhancedAIRouter, Scripted]:
    both = Both("async", Scripted(*script))
    return EnhancedAIRouter(object(), model="gpt-4o", client=both.client), both.gateway


async def test_a_task_is_answered_with_what_it_cost_in_pounds():
    receipt = RECEIPT.decode().replace("cost_eur", "cost_gbp")
    router, gateway = router_of(answered(x_headgate_receipt=receipt))
    result = await router.generate(REQUEST)
    assert ("Hi there", False, Decimal("0.000112"), "aigw_1_a") == (
        result.text,
        result.from_cache,
        result.cost_gbp,
        result.generation.request_id,
    )
    (request,) = gateway.asked
    assert ("caption", "org_123") == (request.headers["x-headgate-task"], request.headers["x-headgate-organization"])
    assert [
        {
            "model": "gpt-4o",
            "messages": [
                {"role": "system", "content": "You are a social media assistant"},
                {"role": "user", "content": "Write a caption"},
            ],
        }
    ] == gateway.bodies


async def test_without_a_rate_the_pounds_are_not_known():
    router, _ = router_of(answered())
    assert (await router.generate(REQUEST)).cost_gbp is None


async def test_several_tasks_come_in_their_order():
    router, gateway = router_of(*[answered(completion(f"Caption {number}")) for number in range(5)])
    requests = [GenerationRequest(task="caption", prompt=f"Caption {number}", model="own") for number in range(5)]
    results = await router.batch_generate(requests, concurrency=1)
    assert [f"Caption {number}" for number in range(5)] == [result.text for result in results]
    assert {"own"} == {body["model"] for body in gateway.bodies}


async def test_several_tasks_of_which_one_fails():
    router, _ = router_of(answered(), refused(401, "invalid_api_key"))
    with pytest.raises(BatchFailed, match="1 of 2"):
        await router.batch_generate([REQUEST, REQUEST], concurrency=1)
