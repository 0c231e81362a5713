import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.providers import table
from headgate.providers.provider import Auth, Provider, UsageQuirk
from headgate.providers.table import (
    PROVIDERS,
    own_address,
    provider,
    provider_of_model,
    providers_from_environment,
)
from headgate.providers.variants import variant
from tests.kit.seeds import SEED_PROVIDERS

BREADTH = [
    "openai",
    "anthropic",
    "groq",
    "together",
    "fireworks",
    "deepseek",
    "xai",
    "openrouter",
    "perplexity",
    "cerebras",
    "sambanova",
    "huggingface",
    "nvidia",
    "mistral",
    "moonshot",
    "zai",
    "alibaba",
    "cohere",
    "venice",
    "writer",
    "ai21",
    "baseten",
    "github_copilot",
    "azure_openai",
    "gemini",
    "vertex",
    "vertex_anthropic",
    "databricks",
    "snowflake",
    "watsonx",
    "vllm",
    "tgi",
    "ollama",
    "lmstudio",
    "llamacpp",
    "mistralrs",
    "doubleword",
    "crusoe",
    "arcee",
    "avian",
    "cloudflare",
    "deepinfra",
    "minimax",
    "novita",
    "ovhcloud",
    "zhipuai",
    "voyage",
    "jina",
    "bedrock",
    "bedrock_openai",
    "sim",
]


def test_every_operator_of_the_contract_is_there():
    assert sorted(BREADTH) == sorted(PROVIDERS)


@pytest.mark.parametrize("value", PROVIDERS.values(), ids=lambda value: value.name)
def test_every_row_is_callable(value: Provider):
    assert value.paths
    assert all(path.startswith("/") for path in value.paths.values())
    assert not value.base_url.endswith("/")
    assert value.base_url.startswith("https://") or value.auth is Auth.NONE or not value.base_url
    assert value.limit_fields


@pytest.mark.parametrize("value", PROVIDERS.values(), ids=lambda value: value.name)
def test_no_credential_travels_to_a_local_server(value: Provider):
    assert (value.auth is Auth.NONE) <= (not value.key_variables)


def test_every_operator_that_the_seeds_name_is_there():
    assert {name for names in SEED_PROVIDERS.values() for name in names} <= PROVIDERS.keys()


def test_an_operator_is_found_by_name():
    assert "Groq" == provider("groq").title
    with pytest.raises(KeyError):
        provider("nobody")


@pytest.mark.parametrize(
    ("expected", "model"),
    [
        ("openai", "gpt-4o-mini"),
        ("openai", "o3-mini"),
        ("openai", "text-embedding-3-small"),
        ("anthropic", "claude-sonnet-4-5"),
        ("gemini", "gemini-2.5-flash"),
        ("mistral", "mistral-small-latest"),
        ("deepseek", "deepseek-chat"),
        ("xai", "grok-4"),
        ("openai", "whisper-1"),
        ("openai", "tts-1-hd"),
        ("openai", "dall-e-3"),
        ("openai", "omni-moderation-latest"),
        ("voyage", "rerank-2.5-lite"),
        ("jina", "jina-reranker-v3"),
    ],
)
def test_a_bare_model_name_belongs_to_its_maker(expected: str, model: str):
    found = provider_of_model(model)
    assert found is not None
    assert expected == found.name


def test_an_unknown_model_name_belongs_to_nobody():
    assert provider_of_model("my-finetune") is None


def test_an_empty_environment_sets_nothing_up():
    assert [] == providers_from_environment({})


def test_keys_set_operators_up_at_their_own_address():
    found = providers_from_environment({"OPENAI_API_KEY": "sk-a", "GROQ_API_KEY": " gsk ", "MISTRAL_API_KEY": ""})
    assert [("openai", "https://api.openai.com/v1", "sk-a"), ("groq", "https://api.groq.com", "gsk")] == [
        (value.name, address, key) for value, address, key in found
    ]


def test_an_address_from_the_environment_counts():
    environ = {"OPENAI_API_KEY": "sk-a", "OPENAI_BASE_URL": "http://localhost:9/v1/"}
    assert "http://localhost:9/v1" == providers_from_environment(environ)[0][1]


def test_the_first_key_variable_wins():
    found = providers_from_environment({"GOOGLE_API_KEY": "second", "GEMINI_API_KEY": "first"})
    assert ["first"] == [key for _, _, key in found]


def test_an_auth_token_is_shown_as_a_bearer():
    (value, _, key), *rest = providers_from_environment({"ANTHROPIC_AUTH_TOKEN": "t"})
    assert (Auth.BEARER, "t", []) == (value.auth, key, rest)


def test_an_api_key_comes_before_an_auth_token():
    (value, _, key), *_ = providers_from_environment({"ANTHROPIC_AUTH_TOKEN": "t", "ANTHROPIC_API_KEY": "k"})
    assert (Auth.X_API_KEY, "k") == (value.auth, key)


def test_an_azure_resource_gets_the_v1_route():
    environ = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/"}
    assert "https://r.openai.azure.com/openai/v1" == providers_from_environment(environ)[0][1]


def test_an_azure_resource_with_an_api_version_gets_the_classic_routes():
    environ = {
        "AZURE_OPENAI_AD_TOKEN": "t",
        "AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/openai/v1",
        "OPENAI_API_VERSION": "2024-10-21",
    }
    ((value, address, key),) = providers_from_environment(environ)
    assert ("https://r.openai.azure.com", "t", Auth.BEARER) == (address, key, value.auth)
    assert "/openai/responses?api-version=2024-10-21" == value.paths[Format.OPENAI_RESPONSES]


def test_an_account_without_an_address_is_not_set_up():
    assert [] == providers_from_environment({"AZURE_OPENAI_API_KEY": "k", "DATABRICKS_TOKEN": "t"})


def test_a_bare_host_gets_a_scheme():
    environ = {"OLLAMA_HOST": "gpu-box:11434", "DATABRICKS_TOKEN": "t", "DATABRICKS_HOST": "dbc.example"}
    addresses = {value.name: address for value, address, _ in providers_from_environment(environ)}
    assert {"ollama": "http://gpu-box:11434", "databricks": "https://dbc.example/serving-endpoints"} == addresses


@pytest.mark.parametrize("given", ["http://gpu-box:11434", "http://gpu-box:11434/", "gpu-box:11434/v1/"])
def test_an_address_is_the_same_with_what_the_paths_have_already(given: str):
    ((_, address, _),) = providers_from_environment({"OLLAMA_HOST": given})
    assert "http://gpu-box:11434" == address


@pytest.mark.parametrize("variable", ["CO_API_KEY", "COHERE_API_KEY"])
def test_cohere_speaks_its_own_format_for_chat(variable: str):
    ((value, address, _),) = providers_from_environment({variable: "k"})
    assert ("https://api.cohere.com", Format.COHERE_CHAT) == (address, next(iter(value.paths)))
    assert Format.OPENAI_CHAT not in value.paths


def test_servers_that_have_a_format_of_their_own_may_be_held_to_it():
    ollama, tgi = variant(provider("ollama"), format_="ollama.chat"), variant(provider("tgi"), format_="tgi.generate")
    assert {Format.OLLAMA_CHAT: "/api/chat"} == ollama.paths
    assert {Format.TGI_GENERATE: "/generate"} == tgi.paths
    assert "/generate_stream" == tgi.stream_paths[Format.TGI_GENERATE]


def test_the_simulator_is_set_up_by_its_address_and_speaks_all_formats():
    ((value, address, key),) = providers_from_environment({"HEADGATE_SIMULATOR_URL": "http://localhost:8100"})
    assert ("sim", "http://localhost:8100", None) == (value.name, address, key)
    assert {
        Format.OPENAI_CHAT,
        Format.OPENAI_EMBEDDINGS,
        Format.ANTHROPIC_MESSAGES,
        Format.ANTHROPIC_COUNT_TOKENS,
        Format.COHERE_CHAT,
        Format.OLLAMA_CHAT,
        Format.TGI_GENERATE,
    } <= set(value.paths)


def test_deviations_are_values_of_the_row():
    assert {UsageQuirk.REASONING_OUTSIDE_COMPLETION} == provider("xai").usage_quirks
    assert {UsageQuirk.AUDIO_OUTSIDE_PROMPT} == provider("mistral").usage_quirks


def test_what_can_be_sent_as_a_batch_is_a_value_of_the_row():
    assert Format.ANTHROPIC_MESSAGES in provider("anthropic").native_batch
    assert Format.OPENAI_CHAT in provider("openai").native_batch
    assert not provider("ollama").native_batch


REGIONAL = msgspec.structs.replace(
    PROVIDERS["openai"],
    name="regional",
    base_url="https://{ZONE|OLD_ZONE}.up.test/{ZONE|OLD_ZONE}/v1",
    auth=Auth.AWS,
    key_variables=(),
    bearer_variables=("ZONE_TOKEN",),
    base_url_variables=("ZONE_URL",),
)


@pytest.mark.parametrize(
    ("expected", "environ"),
    [
        (None, {}),
        (None, {"ZONE": " "}),
        ("https://eu.up.test/eu/v1", {"ZONE": "eu"}),
        ("https://us.up.test/us/v1", {"OLD_ZONE": "us"}),
        ("https://eu.up.test/eu/v1", {"OLD_ZONE": "us", "ZONE": "eu"}),
    ],
)
def test_an_address_may_name_variables(expected: str | None, environ: dict[str, str]):
    assert expected == own_address(REGIONAL, environ)


def test_an_operator_without_an_address_has_none():
    assert own_address(PROVIDERS["azure_openai"], {}) is None


def test_one_that_signs_is_set_up_by_its_address_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table, "PROVIDERS", {"regional": REGIONAL})
    assert [] == providers_from_environment({"ZONE_TOKEN": "t"})
    ((value, address, key),) = providers_from_environment({"ZONE": "eu"})
    assert (Auth.AWS, "https://eu.up.test/eu/v1", None) == (value.auth, address, key)
    ((value, address, key),) = providers_from_environment({"ZONE_URL": "https://own.test", "ZONE_TOKEN": "t"})
    assert (Auth.BEARER, "https://own.test", "t") == (value.auth, address, key)
