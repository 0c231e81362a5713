"""Model names that the seeds of the product list, by the seed's number: every one of them must be callable and priced."""

SEED_MODELS: dict[str, tuple[str, ...]] = {
    # By their names for people: GPT-4 Turbo, GPT-3.5 Turbo, Claude 3.5 Sonnet, Claude 3 Haiku.
    "000": ("gpt-4-turbo", "gpt-3.5-turbo", "claude-3-5-sonnet", "claude-3-haiku"),
    "002": (
        "gpt-4",
        "gpt-4o",
        "gpt-4o-mini",
        "claude-3-5-sonnet",
        "claude-3-5-sonnet-20241022",
        "claude-3-5-haiku",
    ),
    "004": (
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-4-turbo",
        "gpt-4",
        "gpt-3.5-turbo",
        "o1-preview",
        "o1-mini",
        "claude-3-5-sonnet",
        "claude-3-5-sonnet-20241022",
        "claude-3-opus-20240229",
        "claude-3-sonnet-20240229",
        "claude-3-haiku-20240307",
        "gemini-pro",
        "gemini-pro-vision",
        "mistral-large",
        "mistral-medium",
        "mistral-small",
    ),
}
"""Seeds 001 and 003 name no model."""

SEED_PROVIDERS: dict[str, tuple[str, ...]] = {
    "000": ("openai", "anthropic"),
    "002": ("openai", "anthropic"),
    "003": ("openai", "anthropic", "ollama", "vllm", "tgi"),
    "004": ("openai", "anthropic", "gemini", "mistral"),
}
"""Operators that they name, as our table calls them."""
