"""The OpenAI-compatible operators, as values.

Environment variables are those of the operator's own SDK or documentation; where there is none, the tuple is empty and
the operator is set up as a deployment. `tests/unit/providers/test_table.py` holds what must be true of every row.
"""

from typing import Final

from headgate.domain.formats import Format
from headgate.providers.provider import Auth, Provider, UsageQuirk

CHAT: Final = {Format.OPENAI_CHAT: "/chat/completions"}
_EMBEDDINGS: Final = {Format.OPENAI_EMBEDDINGS: "/embeddings"}
CHAT_AND_EMBEDDINGS: Final = {**CHAT, **_EMBEDDINGS}
RESPONSES: Final = {Format.OPENAI_RESPONSES: "/responses"}
WITH_RESPONSES: Final = {**CHAT_AND_EMBEDDINGS, **RESPONSES}
_LIMIT: Final = ("max_tokens",)
_CHAT_BATCH: Final = (Format.OPENAI_CHAT,)
_BATCH: Final = (Format.OPENAI_CHAT, Format.OPENAI_EMBEDDINGS)


def _operator(
    name: str,
    title: str,
    base_url: str,
    keys: tuple[str, ...],
    *,
    addresses: tuple[str, ...] = (),
    suffix: str = "",
    paths: dict[Format, str] = CHAT_AND_EMBEDDINGS,
    price: str | None = None,
    quirks: frozenset[UsageQuirk] = frozenset(),
    prefixes: tuple[str, ...] = (),
    limits: tuple[str, ...] = ("max_completion_tokens", "max_tokens"),
    ask: bool = True,
    auth: Auth = Auth.BEARER,
    batch: tuple[Format, ...] = (),
) -> Provider:
    return Provider(
        name=name,
        title=title,
        base_url=base_url,
        paths=paths,
        auth=auth,
        key_variables=keys,
        base_url_variables=addresses,
        base_url_suffix=suffix,
        price_provider=price or name,
        usage_quirks=quirks,
        model_prefixes=prefixes,
        limit_fields=limits,
        usage_needs_asking=ask,
        native_batch=frozenset(batch),
    )


HOSTED: Final = (
    _operator(
        "groq",
        "Groq",
        "https://api.groq.com",
        ("GROQ_API_KEY",),
        addresses=("GROQ_BASE_URL",),
        paths={
            Format.OPENAI_CHAT: "/openai/v1/chat/completions",
            Format.OPENAI_EMBEDDINGS: "/openai/v1/embeddings",
            Format.OPENAI_RESPONSES: "/openai/v1/responses",
        },
        quirks=frozenset({UsageQuirk.TEN_SECONDS_AT_LEAST}),
        batch=_CHAT_BATCH,
    ),
    _operator(
        "together",
        "Together AI",
        "https://api.together.xyz/v1",
        ("TOGETHER_API_KEY",),
        addresses=("TOGETHER_BASE_URL",),
        limits=_LIMIT,
        batch=_CHAT_BATCH,
    ),
    _operator(
        "fireworks",
        "Fireworks AI",
        "https://api.fireworks.ai/inference/v1",
        ("FIREWORKS_API_KEY",),
        batch=_CHAT_BATCH,
        paths=WITH_RESPONSES,
    ),
    _operator(
        "deepseek",
        "DeepSeek",
        "https://api.deepseek.com",
        ("DEEPSEEK_API_KEY",),
        paths={**CHAT, **RESPONSES},
        prefixes=("deepseek-",),
        limits=_LIMIT,
    ),
    _operator(
        "xai",
        "xAI",
        "https://api.x.ai/v1",
        ("XAI_API_KEY",),
        paths={**CHAT, **RESPONSES},
        price="x-ai",
        quirks=frozenset({UsageQuirk.REASONING_OUTSIDE_COMPLETION}),
        prefixes=("grok-",),
    ),
    _operator(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
        paths={**CHAT_AND_EMBEDDINGS, **RESPONSES, Format.ANTHROPIC_MESSAGES: "/messages"},
    ),
    _operator(
        "perplexity",
        "Perplexity",
        "https://api.perplexity.ai",
        ("PERPLEXITY_API_KEY",),
        addresses=("PERPLEXITY_BASE_URL",),
        paths=CHAT,
        quirks=frozenset({UsageQuirk.SEARCH_TOKENS_APART}),
        prefixes=("sonar",),
        limits=_LIMIT,
        ask=False,
    ),
    _operator(
        "cerebras",
        "Cerebras",
        "https://api.cerebras.ai",
        ("CEREBRAS_API_KEY",),
        addresses=("CEREBRAS_BASE_URL",),
        paths={Format.OPENAI_CHAT: "/v1/chat/completions"},
    ),
    _operator("sambanova", "SambaNova", "https://api.sambanova.ai/v1", ("SAMBANOVA_API_KEY",), limits=_LIMIT),
    _operator(
        "huggingface",
        "Hugging Face",
        "https://router.huggingface.co/v1",
        ("HF_TOKEN",),
        paths={**CHAT, **RESPONSES},
        limits=_LIMIT,
    ),
    _operator("nvidia", "NVIDIA NIM", "https://integrate.api.nvidia.com/v1", ("NVIDIA_API_KEY",), limits=_LIMIT),
    _operator(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        quirks=frozenset({UsageQuirk.AUDIO_OUTSIDE_PROMPT}),
        prefixes=("mistral-", "ministral-", "codestral-", "magistral-", "devstral-", "pixtral-", "open-mi"),
        batch=_BATCH,
        limits=_LIMIT,
        ask=False,
    ),
    _operator(
        "moonshot",
        "Moonshot AI",
        "https://api.moonshot.ai/v1",
        ("MOONSHOT_API_KEY",),
        paths=CHAT,
        price="moonshotai",
        prefixes=("kimi-", "moonshot-"),
    ),
    _operator(
        "zai",
        "Z.ai",
        "https://api.z.ai/api/paas/v4",
        ("ZAI_API_KEY",),
        prefixes=("glm-",),
        limits=_LIMIT,
    ),
    _operator(
        "alibaba",
        "Alibaba Cloud Model Studio",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ("DASHSCOPE_API_KEY",),
        prefixes=("qwen-", "qwen3"),
        batch=_BATCH,
        limits=_LIMIT,
    ),
    _operator(
        "cohere",
        "Cohere",
        "https://api.cohere.com",
        ("CO_API_KEY", "COHERE_API_KEY"),
        addresses=("CO_API_URL",),
        # Its own format only for chat: there it says what it bills. Embeddings by its OpenAI-compatible way.
        paths={Format.COHERE_CHAT: "/v2/chat", Format.OPENAI_EMBEDDINGS: "/compatibility/v1/embeddings"},
        prefixes=("command-", "c4ai-", "embed-", "rerank-v", "rerank-english-", "rerank-multilingual-"),
        limits=_LIMIT,
    ),
    _operator(
        "voyage",
        "Voyage AI",
        "https://api.voyageai.com/v1",
        ("VOYAGE_API_KEY",),
        paths=_EMBEDDINGS,
        price="voyageai",
        prefixes=("voyage-", "rerank-1", "rerank-2", "rerank-3", "rerank-lite-"),
    ),
    _operator("jina", "Jina AI", "https://api.jina.ai/v1", ("JINA_API_KEY",), paths=_EMBEDDINGS, prefixes=("jina-",)),
    _operator("venice", "Venice", "https://api.venice.ai/api/v1", ("VENICE_API_KEY",)),
    _operator(
        "writer",
        "Writer",
        "https://api.writer.com",
        ("WRITER_API_KEY",),
        addresses=("WRITER_BASE_URL",),
        paths={Format.OPENAI_CHAT: "/v1/chat"},
        prefixes=("palmyra-",),
        limits=_LIMIT,
    ),
    _operator(
        "ai21",
        "AI21 Labs",
        "https://api.ai21.com/studio/v1",
        ("AI21_API_KEY",),
        paths=CHAT,
        prefixes=("jamba-",),
        limits=_LIMIT,
    ),
    _operator("baseten", "Baseten", "https://inference.baseten.co/v1", ("BASETEN_API_KEY",), paths=CHAT),
    _operator(
        "github_copilot",
        "GitHub Copilot",
        "https://api.githubcopilot.com",
        ("GITHUB_COPILOT_API_TOKEN", "COPILOT_GITHUB_TOKEN"),
        addresses=("COPILOT_API_URL",),
        price="github-copilot",
        paths=WITH_RESPONSES,
    ),
    _operator(
        "doubleword",
        "Doubleword",
        "https://api.doubleword.ai/v1",
        ("DOUBLEWORD_API_KEY",),
        batch=_BATCH,
    ),
    _operator("crusoe", "Crusoe", "https://api.inference.crusoecloud.com/v1", ("CRUSOE_API_KEY",), paths=CHAT),
    _operator("arcee", "Arcee AI", "https://api.arcee.ai/api/v1", ("ARCEEAI_API_KEY",), paths=CHAT, limits=_LIMIT),
    _operator("avian", "Avian", "https://api.avian.io/v1", ("AVIAN_API_KEY",), paths=CHAT, limits=_LIMIT),
    _operator("deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai", ("DEEPINFRA_API_KEY",), limits=_LIMIT),
    _operator("minimax", "MiniMax", "https://api.minimax.io/v1", ("MINIMAX_API_KEY",), paths=CHAT),
    _operator(
        "novita", "Novita AI", "https://api.novita.ai/openai/v1", ("NOVITA_API_KEY",), limits=_LIMIT, batch=_CHAT_BATCH
    ),
    _operator(
        "ovhcloud",
        "OVHcloud AI Endpoints",
        "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
        ("OVHCLOUD_API_KEY",),
        limits=_LIMIT,
    ),
    _operator(
        "zhipuai",
        "Zhipu AI",
        "https://open.bigmodel.cn/api/paas/v4",
        ("ZHIPUAI_API_KEY",),
        limits=_LIMIT,
        batch=_BATCH,
    ),
)

_AZURE: Final = Provider(
    name="azure_openai",
    title="Azure OpenAI",
    base_url="",
    paths={
        **WITH_RESPONSES,
        Format.OPENAI_COMPLETIONS: "/completions",
        Format.OPENAI_IMAGES: "/images/generations",
        Format.OPENAI_IMAGE_EDITS: "/images/edits",
    },
    # As the vendor's SDK has them: the model is in the path, but for responses.
    versioned_paths={
        Format.OPENAI_CHAT: "/openai/deployments/{model}/chat/completions?api-version={version}",
        Format.OPENAI_EMBEDDINGS: "/openai/deployments/{model}/embeddings?api-version={version}",
        Format.OPENAI_RESPONSES: "/openai/responses?api-version={version}",
        Format.OPENAI_COMPLETIONS: "/openai/deployments/{model}/completions?api-version={version}",
        Format.OPENAI_IMAGES: "/openai/deployments/{model}/images/generations?api-version={version}",
        Format.OPENAI_IMAGE_EDITS: "/openai/deployments/{model}/images/edits?api-version={version}",
        Format.OPENAI_TRANSCRIPTIONS: "/openai/deployments/{model}/audio/transcriptions?api-version={version}",
        Format.OPENAI_TRANSLATIONS: "/openai/deployments/{model}/audio/translations?api-version={version}",
        Format.OPENAI_SPEECH: "/openai/deployments/{model}/audio/speech?api-version={version}",
    },
    auth=Auth.API_KEY,
    key_variables=("AZURE_OPENAI_API_KEY",),
    bearer_variables=("AZURE_OPENAI_AD_TOKEN",),
    base_url_variables=("AZURE_OPENAI_ENDPOINT",),
    base_url_suffix="/openai/v1",
    version_variables=("OPENAI_API_VERSION",),
    price_provider="azure",
    native_batch=frozenset({Format.OPENAI_CHAT, Format.OPENAI_RESPONSES}),
)

PER_ACCOUNT: Final = (
    _AZURE,
    _operator(
        "databricks",
        "Databricks",
        "",
        ("DATABRICKS_TOKEN",),
        addresses=("DATABRICKS_HOST",),
        suffix="/serving-endpoints",
        limits=_LIMIT,
    ),
    _operator("snowflake", "Snowflake Cortex", "", (), paths=CHAT),
    _operator("cloudflare", "Cloudflare Workers AI", "", (), limits=_LIMIT),
    _operator(
        "watsonx",
        "IBM watsonx.ai",
        "",
        ("WATSONX_TOKEN",),
        addresses=("WATSONX_URL",),
        suffix="/ml/v1",
        paths=CHAT,
    ),
)

_TGI: Final = Provider(
    name="tgi",
    title="Text Generation Inference",
    base_url="http://localhost:3000",
    # Its chat format first: it knows the model's template, and tools.
    paths={Format.OPENAI_CHAT: "/v1/chat/completions", Format.TGI_GENERATE: "/generate"},
    stream_paths={Format.TGI_GENERATE: "/generate_stream"},
    auth=Auth.NONE,
    key_variables=(),
    base_url_excess="/v1",
    price_provider="tgi",
    limit_fields=_LIMIT,
)
_OLLAMA: Final = Provider(
    name="ollama",
    title="Ollama",
    base_url="http://localhost:11434",
    paths={
        Format.OLLAMA_CHAT: "/api/chat",
        Format.OPENAI_CHAT: "/v1/chat/completions",
        Format.OPENAI_EMBEDDINGS: "/v1/embeddings",
        Format.OPENAI_RESPONSES: "/v1/responses",
        Format.ANTHROPIC_MESSAGES: "/v1/messages",
    },
    auth=Auth.NONE,
    key_variables=(),
    base_url_variables=("OLLAMA_HOST",),
    base_url_excess="/v1",
    price_provider="ollama",
    limit_fields=_LIMIT,
)

LOCAL: Final = (
    _operator("vllm", "vLLM", "http://localhost:8000/v1", (), paths=WITH_RESPONSES, auth=Auth.NONE),
    _TGI,
    _OLLAMA,
    _operator("lmstudio", "LM Studio", "http://localhost:1234/v1", (), paths=WITH_RESPONSES, auth=Auth.NONE),
    _operator("llamacpp", "llama.cpp", "http://localhost:8080/v1", (), paths=WITH_RESPONSES, auth=Auth.NONE),
    _operator(
        "mistralrs",
        "mistral.rs",
        "http://localhost:1234/v1",
        (),
        paths=WITH_RESPONSES,
        auth=Auth.NONE,
        limits=_LIMIT,
    ),
)
