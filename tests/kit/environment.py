"""What the tests' gateways are started with: our environment without our settings, and known secrets."""

import os
from pathlib import Path

KEY = "sk-hg-test-key-that-is-long-enough-0123456789"
PASSWORD = "test-password-9f3c"
SECRET = "a secret that all nodes of a test share"
ROOT = Path(__file__).resolve().parents[2]
_FOREIGN = (
    "AI_",
    "OPENAI_",
    "ANTHROPIC_",
    "GEMINI_",
    "GOOGLE_",
    "GROQ_",
    "MISTRAL_",
    "HEADGATE_",
    "LANGSMITH_",
    "LANGCHAIN_",
    "DATABASE_URL",
    "REDIS_URL",
)


def clean_environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Our environment without the settings of whoever runs the tests."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "HEADGATE_DATA_DIR": str(data_dir),
        "HEADGATE_BOOTSTRAP_KEY": KEY,
        "HEADGATE_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
        # One request, one attempt: what is tried again has tests of its own, which say so.
        "HEADGATE_RETRIES": "0",
        **more,
    }
