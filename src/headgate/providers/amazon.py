"""Amazon's operators, as values: models of many makers under one roof, signed for by region."""

from typing import Final

from headgate.domain.formats import Format
from headgate.providers.provider import Auth, Provider

_RUNTIME: Final = "https://bedrock-runtime.{AWS_REGION|AWS_DEFAULT_REGION}.amazonaws.com"
_ADDRESS: Final = ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME",)
_API_KEY: Final = ("AWS_BEARER_TOKEN_BEDROCK",)
_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")
_MAKERS: Final = (
    "ai21.",
    "amazon.",
    "anthropic.",
    "cohere.",
    "deepseek.",
    "google.",
    "meta.",
    "minimax.",
    "mistral.",
    "moonshot.",
    "moonshotai.",
    "nvidia.",
    "openai.",
    "qwen.",
    "writer.",
    "zai.",
)
_GEOGRAPHIES: Final = ("apac.", "au.", "ca.", "eu.", "global.", "in.", "jp.", "us.", "us-gov.")

AMAZON: Final = (
    Provider(
        name="bedrock",
        title="Amazon Bedrock",
        base_url=_RUNTIME,
        paths={Format.BEDROCK_CONVERSE: "/model/{model}/converse"},
        stream_paths={Format.BEDROCK_CONVERSE: "/model/{model}/converse-stream"},
        auth=Auth.AWS,
        key_variables=(),
        bearer_variables=_API_KEY,
        signer_variables=_KEYS,
        base_url_variables=_ADDRESS,
        price_provider="aws",
        # Models, inference profiles of a geography, and the ARNs of both.
        model_prefixes=(*_MAKERS, *_GEOGRAPHIES, "arn:aws:bedrock:"),
        native_batch=frozenset({Format.BEDROCK_CONVERSE}),
    ),
    # The same address answers for OpenAI's open models in their own format too, and for no others.
    Provider(
        name="bedrock_openai",
        title="Amazon Bedrock, OpenAI's format",
        base_url=f"{_RUNTIME}/openai/v1",
        paths={Format.OPENAI_CHAT: "/chat/completions"},
        auth=Auth.AWS,
        key_variables=(),
        bearer_variables=_API_KEY,
        signer_variables=_KEYS,
        base_url_variables=_ADDRESS,
        base_url_suffix="/openai/v1",
        price_provider="aws",
    ),
)
