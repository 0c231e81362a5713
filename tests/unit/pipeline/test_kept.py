import msgspec
import pytest

from headgate.domain.errors import BadRequest, NotFound, Refused
from headgate.domain.ids import DeploymentId, OrganizationId
from headgate.pipeline.doors import CHAT, RESPONSES
from headgate.pipeline.kept import LONGEST_ID, find, keeper_of, only_at
from headgate.providers.table import PROVIDERS
from headgate.routing.candidates import Choice
from headgate.routing.target import Target
from tests.kit.fakes import MemoryKept

ACME, OTHER = OrganizationId("acme"), OrganizationId("other")
HERE = DeploymentId("here")
KEEPER = Target(
    deployment_id=HERE, provider=PROVIDERS["openai"], base_url="https://up.example", credential="k", model="m"
)


@pytest.fixture
def kept() -> MemoryKept:
    answers = MemoryKept()
    answers.remember(ACME, "resp_1", HERE)
    return answers


async def asked(kept: MemoryKept, value: object, *, organization: OrganizationId = ACME, door=RESPONSES):
    fields = {"previous_response_id": msgspec.Raw(msgspec.json.encode(value))}
    return await keeper_of(kept, door, fields, organization)


async def refused(kept: MemoryKept, value: object, **changes: OrganizationId) -> Refused:
    with pytest.raises(Refused) as caught:
        await asked(kept, value, **changes)
    return caught.value


async def test_a_request_that_goes_on_is_kept_where_its_answer_is(kept: MemoryKept):
    assert HERE == await asked(kept, "resp_1")


async def test_a_request_that_begins_anew_may_go_anywhere(kept: MemoryKept):
    assert await asked(kept, None) is None
    assert await keeper_of(kept, RESPONSES, {}, ACME) is None
    assert await asked(kept, "resp_1", door=CHAT) is None


async def test_nobody_goes_on_from_what_is_another_organizations_or_nobodys(kept: MemoryKept):
    theirs = await refused(kept, "resp_1", organization=OTHER)
    unknown = await refused(kept, "resp_2")
    assert ("response_not_found", "previous_response_id") == (theirs.code, theirs.param)
    assert isinstance(unknown, NotFound)
    assert theirs.message == unknown.message.replace("resp_2", "resp_1")


@pytest.mark.parametrize("value", ["", "r" * (LONGEST_ID + 1)])
async def test_what_cannot_be_an_id_is_not_looked_up(kept: MemoryKept, value: str):
    kept.fails = AssertionError("looked up")
    with pytest.raises(NotFound) as caught:
        await find(kept, ACME, value)
    assert len(caught.value.message) < LONGEST_ID + 200


async def test_an_id_is_a_text(kept: MemoryKept):
    refusal = await refused(kept, 7)
    assert isinstance(refusal, BadRequest)
    assert ("invalid_type", "previous_response_id") == (refusal.code, refusal.param)


def choice(*targets: Target) -> Choice:
    return Choice(targets=targets, hedge_after_ms=5)


def changed(**changes: object) -> Target:
    return msgspec.structs.replace(KEEPER, **{"deployment_id": DeploymentId("there")} | changes)


def test_deployments_of_the_account_that_keeps_it_are_left_and_nothing_is_sent_twice():
    same, elsewhere = changed(model="n"), changed(base_url="https://other.example")
    left = only_at(choice(elsewhere, same, KEEPER, changed(credential="l")), KEEPER, param="p")
    assert ((same, KEEPER), None) == (left.targets, left.hedge_after_ms)


def test_two_deployments_without_a_credential_are_two_accounts():
    keeper, other = changed(credential=None, deployment_id=HERE), changed(credential=None)
    assert (keeper,) == only_at(choice(other, keeper), keeper, param="p").targets


@pytest.mark.parametrize("keeper", [KEEPER, None])
def test_a_model_that_is_not_served_there_is_refused_with_the_remedy(keeper: Target | None):
    with pytest.raises(NotFound, match="'input'") as caught:
        only_at(choice(changed(credential="l")), keeper, param="previous_response_id")
    assert ("response_not_found", "previous_response_id") == (caught.value.code, caught.value.param)
