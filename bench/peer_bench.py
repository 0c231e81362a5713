"""Describes Headgate to a peer benchmark that starts gateways from a JSON list.

    python -m bench.peer_bench > headgate.json
    PEER_BENCH_HOME=... python bench.py run --only direct,litellm,headgate --extra headgate.json --out out.jsonl

The upstream of that benchmark listens on 127.0.0.1:18080 and answers as `gpt-4o-mini`.
"""

import json
import sys
import tempfile

from bench.gateway import KEY
from bench.processes import ROOT

PORT = 18150
UPSTREAM = "http://127.0.0.1:18080/v1"


def description() -> list[dict[str, object]]:
    """One gateway: everything on, one worker, SQLite in a throwaway folder."""
    return [
        {
            "name": "headgate",
            "label": "Headgate",
            "start": [sys.executable, "-m", "headgate", "serve", "--port", str(PORT), "--workers", "1"],
            "port": PORT,
            "path": "/v1/chat/completions",
            "model": "gpt-4o-mini",
            "headers": {"Authorization": f"Bearer {KEY}"},
            "ready": "/readyz",
            "settle": 8,
            "env": {
                "PYTHONPATH": str(ROOT / "src"),
                "HEADGATE_DATA_DIR": tempfile.mkdtemp(prefix="headgate-bench-"),
                "HEADGATE_BOOTSTRAP_KEY": KEY,
                "OPENAI_BASE_URL": UPSTREAM,
                "OPENAI_API_KEY": "sk-bench",
            },
            "note": "everything on: key, policy, price, hold, journal, cost event, request log; all processes counted",
        }
    ]


if __name__ == "__main__":
    print(json.dumps(description(), indent=1))
