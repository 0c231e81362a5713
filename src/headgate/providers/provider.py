"""What an operator is: an address, an auth scheme, the formats it speaks and how it deviates from them."""

import re
from enum import StrEnum
from typing import Final

import msgspec

from headgate.domain.formats import Format

_VARIABLES: Final = re.compile(r"\{([A-Z0-9_|]+)\}")


class Auth(StrEnum):
    """How the provider credential is shown upstream."""

    BEARER = "bearer"
    """`authorization: Bearer <credential>`."""
    X_API_KEY = "x-api-key"
    """`x-api-key: <credential>`."""
    API_KEY = "api-key"
    """`api-key: <credential>`, Azure's."""
    X_GOOG_API_KEY = "x-goog-api-key"
    """`x-goog-api-key: <credential>`, Gemini's."""
    AWS = "aws"
    """Every request is signed (SigV4); see `Signer` in `pipeline/ports.py`."""
    GOOGLE = "google"
    """An OAuth token of a service account, fetched and kept; see `Signer`."""
    NONE = "none"
    """No credential: local servers."""

    @property
    def signs(self) -> bool:
        """Whether the credential is not a header that stays the same."""
        return self in {Auth.AWS, Auth.GOOGLE}


class UsageQuirk(StrEnum):
    """Deviations from a format's usage arithmetic; see `docs/reference/usage.md`."""

    REASONING_OUTSIDE_COMPLETION = "reasoning_outside_completion"
    """xAI chat: `reasoning_tokens` come on top of `completion_tokens`."""
    REASONING_IN_TOTAL_ONLY = "reasoning_in_total_only"
    """Gemini's OpenAI route: reasoning is `total - prompt - completion`."""
    AUDIO_OUTSIDE_PROMPT = "audio_outside_prompt"
    """Mistral: `prompt_tokens_details.audio_tokens` come on top of `prompt_tokens`."""
    SEARCH_TOKENS_APART = "search_tokens_apart"
    """Perplexity: `citation_tokens`, `reasoning_tokens`, `num_search_queries` stand at the top level, on top."""
    TEN_SECONDS_AT_LEAST = "ten_seconds_at_least"
    """Groq: sound of less than ten seconds is billed as ten (its speech to text page)."""


class BodyChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator wants to be otherwise at the top of a body than its format has it."""

    without: frozenset[str] = frozenset()
    """Fields that it refuses: its address says them."""
    plus: dict[str, str] = {}
    """Fields that it needs, where the body has none of that name."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One operator, as a value."""

    name: str
    """Our name for it, also the prefix in `<provider>/<model>`."""
    title: str
    """Its own name, for people."""
    base_url: str
    """As its own SDK would have it: most OpenAI-compatible ones include `/v1`, Anthropic, Groq and Cerebras do not.
    Empty: there is one address per account, and a deployment or a variable must give it. `{NAME}` in it stands for an
    environment variable, `{ONE|OTHER}` for the first of them that is set."""
    base_url_exceptions: dict[str, str] = {}
    """What an address with its variables filled in would begin with -> what it begins with: names of places that do not
    follow the pattern."""
    paths: dict[Format, str]
    """Format -> path below the base address, in which `{model}` stands for the model's name. A format that is absent is
    not spoken. Where a door's own format is absent, the first one that can be translated is spoken."""
    stream_paths: dict[Format, str] = {}
    """Where a streamed answer has another path."""
    body_changes: dict[Format, BodyChange] = {}
    """How bodies deviate from their format."""
    auth: Auth
    format_auth: dict[Format, Auth] = {}
    """Formats for which the same credential is shown in another way."""
    key_variables: tuple[str, ...]
    """Environment variables that its own SDK reads for the credential, first one set wins."""
    base_url_variables: tuple[str, ...] = ()
    """Environment variables that its own SDK reads for the address."""
    base_url_suffix: str = ""
    """Part of `base_url` that the variable's value leaves out (`/openai/v1` behind an Azure resource)."""
    base_url_excess: str = ""
    """End of an address that people write although the paths have it already; it is taken off (`/v1` of Ollama, whose
    own format lies beside it)."""
    versioned_paths: dict[Format, str] = {}
    """Paths below the address without its suffix, for a deployment that names an API version: `{version}` in them."""
    version_variables: tuple[str, ...] = ()
    """Environment variables that its own SDK reads for the API version."""
    bearer_variables: tuple[str, ...] = ()
    """Variables whose credential is a bearer token although `auth` says otherwise; read after `key_variables`."""
    signer_variables: tuple[str, ...] = ()
    """Environment variables that its signer reads, among other places; see `Auth.signs`."""
    price_provider: str
    """Operator name of the price cards (an id of `genai-prices` where it has one)."""
    usage_quirks: frozenset[UsageQuirk] = frozenset()
    model_prefixes: tuple[str, ...] = ()
    """Bare model names that start so belong to this operator when no deployment names them."""
    forwarded_headers: tuple[str, ...] = ()
    """Client headers that are part of this operator's protocol and travel through (`anthropic-beta`, ...)."""
    limit_fields: tuple[str, ...] = ("max_completion_tokens", "max_tokens")
    """Request fields that bound the output here; a limit in another field is not believed when money is held."""
    speech_tells_usage: bool = False
    """Speech that is asked for as events tells what it used, where it is billed by tokens."""
    completion_tokens: int | None = None
    """Longest answer of a text completion that names no limit; None: as long as the model likes."""
    native_batch: frozenset[Format] = frozenset()
    """Formats of which it takes many requests at once and answers later, for less; whatever its own batch API is."""
    usage_needs_asking: bool = True
    """OpenAI-format streams: usage comes only with `stream_options.include_usage`. False: the operator refuses the
    field, or always sends usage."""

    @property
    def address_variables(self) -> tuple[tuple[str, ...], ...]:
        """Environment variables that `base_url` names; of each group the first one that is set counts."""
        return tuple(dict.fromkeys(tuple(group.split("|")) for group in _VARIABLES.findall(self.base_url)))
