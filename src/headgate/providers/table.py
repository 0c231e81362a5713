"""Every operator that Headgate knows, by name, and which of them an environment sets up."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.providers.amazon import AMAZON
from headgate.providers.google import GOOGLE
from headgate.providers.offers import with_offers
from headgate.providers.operators import HOSTED, LOCAL, PER_ACCOUNT, WITH_RESPONSES
from headgate.providers.provider import Auth, Provider
from headgate.providers.variants import address_of, variant

_OPENAI: Final = Provider(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    paths=WITH_RESPONSES,
    auth=Auth.BEARER,
    key_variables=("OPENAI_API_KEY",),
    base_url_variables=("OPENAI_BASE_URL",),
    price_provider="openai",
    model_prefixes=(
        *("gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "codex-", "babbage-", "davinci-"),
        *("whisper-", "tts-", "dall-e-", "omni-moderation-", "text-moderation-"),
    ),
    forwarded_headers=("openai-beta",),
    native_batch=frozenset({Format.OPENAI_CHAT, Format.OPENAI_EMBEDDINGS, Format.OPENAI_RESPONSES}),
)
_ANTHROPIC: Final = Provider(
    name="anthropic",
    title="Anthropic",
    base_url="https://api.anthropic.com",
    paths={
        Format.ANTHROPIC_MESSAGES: "/v1/messages",
        Format.ANTHROPIC_COUNT_TOKENS: "/v1/messages/count_tokens",
    },
    auth=Auth.X_API_KEY,
    key_variables=("ANTHROPIC_API_KEY",),
    bearer_variables=("ANTHROPIC_AUTH_TOKEN",),
    base_url_variables=("ANTHROPIC_BASE_URL",),
    price_provider="anthropic",
    model_prefixes=("claude-",),
    forwarded_headers=("anthropic-version", "anthropic-beta"),
    limit_fields=("max_tokens",),
    native_batch=frozenset({Format.ANTHROPIC_MESSAGES}),
)
_SIMULATOR: Final = Provider(
    name="sim",
    title="Simulated provider",
    base_url="",
    paths={
        Format.OPENAI_CHAT: "/v1/chat/completions",
        Format.OPENAI_EMBEDDINGS: "/v1/embeddings",
        Format.OPENAI_RESPONSES: "/v1/responses",
        Format.ANTHROPIC_MESSAGES: "/v1/messages",
        Format.ANTHROPIC_COUNT_TOKENS: "/v1/messages/count_tokens",
        Format.COHERE_CHAT: "/v2/chat",
        Format.OLLAMA_CHAT: "/api/chat",
        # A server of its own for each model, as the format has it.
        Format.TGI_GENERATE: "/tgi/{model}/generate",
        Format.GEMINI: "/v1beta/models/{model}:generateContent",
        Format.GEMINI_COUNT_TOKENS: "/v1beta/models/{model}:countTokens",
        Format.GEMINI_EMBED_CONTENT: "/v1beta/models/{model}:embedContent",
        Format.GEMINI_BATCH_EMBED_CONTENTS: "/v1beta/models/{model}:batchEmbedContents",
        Format.BEDROCK_CONVERSE: "/model/{model}/converse",
    },
    stream_paths={
        Format.BEDROCK_CONVERSE: "/model/{model}/converse-stream",
        Format.GEMINI: "/v1beta/models/{model}:streamGenerateContent",
        Format.TGI_GENERATE: "/tgi/{model}/generate_stream",
    },
    auth=Auth.NONE,
    key_variables=(),
    base_url_variables=("HEADGATE_SIMULATOR_URL",),
    price_provider="sim",
    forwarded_headers=("anthropic-version", "anthropic-beta"),
)

PROVIDERS: Final[dict[str, Provider]] = {
    value.name: with_offers(value)
    for value in (_OPENAI, _ANTHROPIC, *GOOGLE, *HOSTED, *PER_ACCOUNT, *AMAZON, *LOCAL, _SIMULATOR)
}


def provider(name: str) -> Provider:
    """The operator of that name.

    Raises:
        KeyError: there is none.
    """
    return PROVIDERS[name]


def provider_of_model(model: str) -> Provider | None:
    """The operator that a bare model name belongs to when no deployment names it; the longest prefix wins."""
    best: tuple[int, Provider] | None = None
    for candidate in PROVIDERS.values():
        for prefix in candidate.model_prefixes:
            if model.startswith(prefix) and (best is None or len(prefix) > best[0]):
                best = (len(prefix), candidate)
    return best[1] if best else None


def providers_from_environment(environ: Mapping[str, str]) -> list[tuple[Provider, str, str | None]]:
    """The operators that these variables set up, in the order of the table.

    Returns:
        (provider, base address without a trailing slash, credential or None where none is shown). A provider whose
        credential is a bearer token by its variable comes with `auth` changed accordingly, and one whose API version
        is given with the addresses of that version. One that signs is set up by its address: where its credential
        comes from (a variable, a file, the machine's role) is its signer's to find out.
    """
    found: list[tuple[Provider, str, str | None]] = []
    for known in PROVIDERS.values():
        version = _first(environ, known.version_variables)
        value = known if version is None else variant(known, version=version)
        address = _address(value, environ)
        if address is None:
            continue
        if version is not None:
            address = address_of(value, address, version=version)
        if value.auth is Auth.NONE:
            if _first(environ, value.base_url_variables):
                found.append((value, address, None))
        elif key := _first(environ, value.key_variables):
            found.append((value, address, key))
        elif key := _first(environ, value.bearer_variables):
            found.append((msgspec.structs.replace(value, auth=Auth.BEARER), address, key))
        elif value.auth.signs:
            found.append((value, address, None))
    return found


def own_address(value: Provider, environ: Mapping[str, str]) -> str | None:
    """The operator's own address, with the variables that it names; None: it has none, or one of them is not set."""
    address = value.base_url
    for names in value.address_variables:
        given = _first(environ, names)
        if given is None:
            return None
        address = address.replace("{" + "|".join(names) + "}", given)
    for start, exception in value.base_url_exceptions.items():
        if address.startswith(start):
            return exception + address.removeprefix(start)
    return address or None


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    for name in names:
        if value := environ.get(name, "").strip():
            return value
    return None


def _address(value: Provider, environ: Mapping[str, str]) -> str | None:
    given = _first(environ, value.base_url_variables)
    if given is None:
        return own_address(value, environ)
    given = given.rstrip("/").removesuffix(value.base_url_excess)
    if "://" not in given:
        # OLLAMA_HOST and DATABRICKS_HOST are often a bare host.
        given = f"{'http' if value.auth is Auth.NONE else 'https'}://{given}"
    suffix = value.base_url_suffix
    return given if given.endswith(suffix) else given + suffix
