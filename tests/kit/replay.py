"""An upstream that answers every request with what it was told, and keeps what it was asked."""

import itertools
import json
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from tests.kit.recorded_converse import frames_of


class Scripted(NamedTuple):
    """The answer to give."""

    status: int
    content_type: str
    body: bytes
    headers: Sequence[tuple[str, str]] = ()
    cuts: Sequence[int] = ()
    """Offsets at which a streamed body is cut into chunks; empty: one chunk."""
    streamed: bool = False


class Asked(NamedTuple):
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes


class ReplayUpstream:
    """Serves on a loopback port of its own thread."""

    def __init__(self) -> None:
        self.script = Scripted(200, "application/json", b"{}")
        self.asked: list[Asked] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                upstream.asked.append(Asked(self.path, headers, body))
                upstream._answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        script = self.script
        handler.send_response(script.status)
        handler.send_header("content-type", script.content_type)
        for name, value in script.headers:
            handler.send_header(name, value)
        if not script.streamed:
            handler.send_header("content-length", str(len(script.body)))
            handler.end_headers()
            handler.wfile.write(script.body)
            return
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        edges = [0, *sorted(script.cuts), len(script.body)]
        for start, end in itertools.pairwise(edges):
            if end > start:
                handler.wfile.write(b"%x\r\n%s\r\n" % (end - start, script.body[start:end]))
                handler.wfile.flush()
        handler.wfile.write(b"0\r\n\r\n")


def scripted(exchange: Mapping[str, Any], cuts: Sequence[int] = ()) -> Scripted:
    """The recorded answer of an exchange."""
    headers = exchange.get("response_headers") or {}
    content_type = headers.get("content-type", "application/json")
    passed = [(name, value) for name, value in headers.items() if name in {"retry-after", "x-request-id", "request-id"}]
    if "response_sse" in exchange:
        body = exchange["response_sse"].encode()
        return Scripted(exchange["status"], "text/event-stream", body, passed, cuts, streamed=True)
    if "response_ndjson" in exchange:
        body = exchange["response_ndjson"].encode()
        return Scripted(exchange["status"], "application/x-ndjson", body, passed, cuts, streamed=True)
    if "response_events" in exchange:
        body = frames_of(exchange)
        return Scripted(exchange["status"], "application/vnd.amazon.eventstream", body, passed, cuts, streamed=True)
    response = exchange["response"]
    if isinstance(response, list) and exchange["url_path"].endswith(":streamGenerateContent"):
        # Written as Google writes it.
        body = json.dumps(response, ensure_ascii=False, indent=2).replace("\n  },\n  {", "\n  }\n,\r\n  {").encode()
        return Scripted(exchange["status"], content_type, body, passed, cuts, streamed=True)
    text = response if isinstance(response, str) else json.dumps(response, ensure_ascii=False, separators=(",", ":"))
    return Scripted(exchange["status"], content_type, text.encode(), passed)
