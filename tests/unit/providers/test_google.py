import pytest

from headgate.providers.table import PROVIDERS, own_address, providers_from_environment


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
@pytest.mark.parametrize("name", ["vertex", "vertex_anthropic"])
def test_vertex_is_where_project_and_location_say(name: str, location: str, host: str):
    environ = {"GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": location}
    assert f"https://{host}/v1/projects/p/locations/{location}" == own_address(PROVIDERS[name], environ)


def test_without_a_location_there_is_no_address():
    assert own_address(PROVIDERS["vertex"], {"GOOGLE_CLOUD_PROJECT": "p"}) is None


def test_anthropics_own_variables_set_claude_up_alone():
    environ = {"ANTHROPIC_VERTEX_PROJECT_ID": "p", "CLOUD_ML_REGION": "us-east5"}
    assert ["vertex_anthropic"] == [value.name for value, _, _ in providers_from_environment(environ)]


def test_geminis_address_may_come_without_its_version():
    environ = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": "http://localhost:9"}
    ((value, address, key),) = providers_from_environment(environ)
    assert ("gemini", "http://localhost:9/v1beta", "k") == (value.name, address, key)
