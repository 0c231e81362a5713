"""Python names that the seeds of the product have, and those of them that do not answer yet."""

PYTHON_NAMES: tuple[tuple[str, str], ...] = (
    ("000", "AIProvider"),
    ("000", "create_trace"),
    ("000", "get_system_analytics"),
    ("000", "get_user_analytics"),
    ("000", "langsmith_service"),
    ("000", "track_cost"),
    ("000", "traceable"),
    ("002", "generate_text"),
    ("002", "generate_text_stream"),
    ("003", "BudgetGuard"),
    ("003", "EnhancedAIRouter"),
    ("003", "GenerationRequest"),
    ("004", "ai_request"),
)
"""Seed -> name in `headgate.client`, or of a method of its clients."""

NOT_TRUE_YET: tuple[tuple[str, str, str], ...] = (
    ("003", "GenerationResult.from_cache", "always false: there is no response cache (D1)"),
    ("003", "EnhancedAIRouter.generate", "a model must be named: tasks have no preferred model (D3)"),
    (
        "003",
        "EnhancedAIRouter.batch_generate",
        "calls at full price: there are no batches at the providers' price (D4)",
    ),
)
"""Names that answer, but not with all that the seed says: seed, name, what is missing and the row that it belongs to."""
