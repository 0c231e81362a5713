"""Google's operators: Gemini by API key, and the two of Vertex AI, Google's own models and Anthropic's.

Gemini's own format comes first, so that it is spoken wherever something has to be translated; the key is shown there in
Google's header, and on the route in OpenAI's format as a bearer token. On Vertex every request carries a token that is
fetched and kept (`Auth.GOOGLE`); location and project are in the address, where the global location has no name of its
own, and two continents another host.
"""

from typing import Final

from headgate.domain.formats import Format
from headgate.providers.provider import Auth, BodyChange, Provider, UsageQuirk

_LOCATED: Final = {
    "https://global-aiplatform.googleapis.com": "https://aiplatform.googleapis.com",
    "https://us-aiplatform.googleapis.com": "https://aiplatform.us.rep.googleapis.com",
    "https://eu-aiplatform.googleapis.com": "https://aiplatform.eu.rep.googleapis.com",
}
_VERTEX_VERSION: Final = {"anthropic_version": "vertex-2023-10-16"}

GOOGLE: Final = (
    Provider(
        name="gemini",
        title="Google Gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        paths={
            Format.GEMINI: "/models/{model}:generateContent",
            Format.GEMINI_COUNT_TOKENS: "/models/{model}:countTokens",
            Format.GEMINI_EMBED_CONTENT: "/models/{model}:embedContent",
            Format.GEMINI_BATCH_EMBED_CONTENTS: "/models/{model}:batchEmbedContents",
            Format.OPENAI_CHAT: "/openai/chat/completions",
            Format.OPENAI_EMBEDDINGS: "/openai/embeddings",
        },
        stream_paths={Format.GEMINI: "/models/{model}:streamGenerateContent"},
        auth=Auth.X_GOOG_API_KEY,
        format_auth={Format.OPENAI_CHAT: Auth.BEARER, Format.OPENAI_EMBEDDINGS: Auth.BEARER},
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        base_url_variables=("GOOGLE_GEMINI_BASE_URL",),
        base_url_suffix="/v1beta",
        price_provider="google",
        usage_quirks=frozenset({UsageQuirk.REASONING_IN_TOTAL_ONLY}),
        model_prefixes=("gemini-", "gemma-"),
        native_batch=frozenset({Format.GEMINI}),
    ),
    Provider(
        name="vertex",
        title="Google Vertex AI",
        base_url=(
            "https://{GOOGLE_CLOUD_LOCATION}-aiplatform.googleapis.com"
            "/v1/projects/{GOOGLE_CLOUD_PROJECT}/locations/{GOOGLE_CLOUD_LOCATION}"
        ),
        base_url_exceptions=_LOCATED,
        paths={
            Format.GEMINI: "/publishers/google/models/{model}:generateContent",
            Format.GEMINI_COUNT_TOKENS: "/publishers/google/models/{model}:countTokens",
            Format.GEMINI_EMBED_CONTENT: "/publishers/google/models/{model}:embedContent",
        },
        stream_paths={Format.GEMINI: "/publishers/google/models/{model}:streamGenerateContent"},
        auth=Auth.GOOGLE,
        key_variables=(),
        signer_variables=("GOOGLE_APPLICATION_CREDENTIALS",),
        price_provider="google",
        native_batch=frozenset({Format.GEMINI}),
    ),
    Provider(
        name="vertex_anthropic",
        title="Claude on Vertex AI",
        base_url=(
            "https://{GOOGLE_CLOUD_LOCATION|CLOUD_ML_REGION}-aiplatform.googleapis.com"
            "/v1/projects/{GOOGLE_CLOUD_PROJECT|ANTHROPIC_VERTEX_PROJECT_ID}"
            "/locations/{GOOGLE_CLOUD_LOCATION|CLOUD_ML_REGION}"
        ),
        base_url_exceptions=_LOCATED,
        paths={
            Format.ANTHROPIC_MESSAGES: "/publishers/anthropic/models/{model}:rawPredict",
            Format.ANTHROPIC_COUNT_TOKENS: "/publishers/anthropic/models/count-tokens:rawPredict",
        },
        stream_paths={Format.ANTHROPIC_MESSAGES: "/publishers/anthropic/models/{model}:streamRawPredict"},
        body_changes={
            Format.ANTHROPIC_MESSAGES: BodyChange(without=frozenset({"model"}), plus=_VERTEX_VERSION),
            Format.ANTHROPIC_COUNT_TOKENS: BodyChange(plus=_VERTEX_VERSION),
        },
        auth=Auth.GOOGLE,
        key_variables=(),
        signer_variables=("GOOGLE_APPLICATION_CREDENTIALS",),
        price_provider="google",
        forwarded_headers=("anthropic-beta",),
        limit_fields=("max_tokens",),
        native_batch=frozenset({Format.ANTHROPIC_MESSAGES}),
    ),
)
