import pytest

from headgate.domain.errors import UpstreamUnsigned
from headgate.domain.ids import DeploymentId
from headgate.infra.signing.signers import Signers
from headgate.providers.provider import Auth
from headgate.providers.table import PROVIDERS
from headgate.routing.target import Target
from tests.kit.fakes import MemorySigner

TARGET = Target(
    deployment_id=DeploymentId("d1"), provider=PROVIDERS["openai"], base_url="https://a.test", credential="c", model="m"
)


async def test_the_scheme_of_the_operator_decides_who_signs():
    signers = Signers({Auth.BEARER: MemorySigner()})
    headers = await signers.sign(TARGET, "POST", "https://a.test/x", {"a": "b"}, b"body")
    assert {"a": "b", "authorization": "Signed c POST 16 4"} == headers


async def test_a_scheme_that_nobody_signs_by_is_said():
    with pytest.raises(UpstreamUnsigned, match=r"OpenAI cannot be signed here \(bearer\)"):
        await Signers({}).sign(TARGET, "POST", "https://a.test/x", {}, b"")
