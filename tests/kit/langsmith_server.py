"""A server that speaks LangSmith's ingest protocol: batches, multipart, and every way of not being there."""

import email
import json
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

import zstandard

TENANT_ID = "0a0a0a0a-0000-4000-8000-000000000001"
PROJECT_ID = "0b0b0b0b-0000-4000-8000-000000000002"
KEY = "lsv2_pt_of_the_tests"
INFO = {
    "version": "0.10.0",
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "scale_up_qsize_trigger": 1000,
        "scale_up_nthreads_limit": 16,
        "scale_down_nempty_trigger": 4,
        "size_limit": 100,
        "size_limit_bytes": 20_971_520,
    },
}


class LangSmithServer:
    """Keeps what it is told, by the runs' ids."""

    def __init__(self) -> None:
        self.runs: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        """Every time a run came; the first is what counts."""
        self.requests: list[tuple[str, str]] = []
        self.raw: list[bytes] = []
        self.status: int | None = None
        """Of every answer, instead of taking anything."""
        self.retry_after: str | None = None
        """Said with that status."""
        self.refuses: Callable[[dict[str, Any]], bool] = lambda _: False
        """Runs for which a whole request is answered 422."""
        self.without_multipart = False
        self.on_taken: Callable[[], None] = lambda: None
        """Called after runs were kept and before that is answered."""
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._speaks = threading.Event()
        self._speaks.set()
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._speaks.set()
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, after a stop at the same address."""
        handler = type("Handler", (_Handler,), {"told": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens any more, and every connection that there is, is cut."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self._cut()

    def fall_silent(self) -> None:
        """From now on connections are taken, requests are read, and nothing is said or kept."""
        self._speaks.clear()

    def speak(self) -> None:
        """Answer again; whoever asked meanwhile is cut off."""
        self._cut()
        self._speaks.set()

    def opened(self, connection: socket.socket) -> None:
        """A client connected."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """A connection is over."""
        with self._lock:
            self._open.discard(connection)

    def is_silent(self) -> bool:
        """Whether nothing is to be said; only after the silence, to who asked in it."""
        silent = not self._speaks.is_set()
        self._speaks.wait()
        return silent

    def _cut(self) -> None:
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def take(self, runs: list[dict[str, Any]]) -> int:
        """Keep all of them, or none; give the status."""
        with self._lock:
            if any(self.refuses(run) for run in runs):
                return 422
            for run in runs:
                before = self.runs[run["id"]]
                # What is patched is what was posted, with more.
                before.append(run if "run_type" in run or not before else before[-1] | run)
        self.on_taken()
        return 202

    @property
    def latest(self) -> dict[str, dict[str, Any]]:
        """Each run as it last came."""
        with self._lock:
            return {run_id: times[-1] for run_id, times in self.runs.items()}

    def projects(self, name: str) -> list[dict[str, str]]:
        """A project is there from its first run on."""
        there = any(run["session_name"] == name for run in self.latest.values())
        return [{"id": PROJECT_ID, "tenant_id": TENANT_ID, "name": name}] if there else []

    def roots(self) -> dict[str, dict[str, Any]]:
        """Runs of requests, by the requests' ids."""
        chains = [run for run in self.latest.values() if run["run_type"] == "chain"]
        return {run["extra"]["metadata"]["request_id"]: run for run in chains}

    def below(self, root: dict[str, Any]) -> list[dict[str, Any]]:
        """Runs of a request's attempts."""
        found = [run for run in self.latest.values() if run.get("parent_run_id") == root["id"]]
        return sorted(found, key=lambda run: run["extra"]["metadata"]["attempt"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: LangSmithServer

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""

    def setup(self) -> None:
        super().setup()
        self.told.opened(self.connection)

    def finish(self) -> None:
        self.told.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        self.told.requests.append(("GET", self.path))
        if self._is_away():
            return
        path, _, query = self.path.partition("?")
        known = {"/info": INFO, "/sessions": self.told.projects(parse_qs(query).get("name", [""])[0])}
        self._answer(200 if path in known else 404, known.get(path, {}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.told.requests.append(("POST", self.path))
        self.told.raw.append(body)
        if self._is_away():
            return
        if self.path == "/runs/multipart" and not self.told.without_multipart:
            self._answer(self.told.take(_multipart(body, self.headers)), {})
        elif self.path == "/runs/batch":
            told = json.loads(body, parse_float=Decimal)
            self._answer(self.told.take([*told.get("post", []), *told.get("patch", [])]), {})
        else:
            self._answer(404, {})

    def _is_away(self) -> bool:
        if self.told.is_silent():
            self.close_connection = True
            return True
        status = self.told.status
        if status is None and self.headers.get("x-api-key") != KEY and self.path != "/info":
            status = 401
        if status is not None:
            self._answer(status, {"detail": "not now"})
        return status is not None

    def _answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if status == self.told.status and self.told.retry_after is not None:
            self.send_header("retry-after", self.told.retry_after)
        # Whoever was cut off meanwhile hears nothing.
        with suppress(OSError):
            self.end_headers()
            self.wfile.write(body)


def _multipart(body: bytes, headers: Any) -> list[dict[str, Any]]:
    """Runs out of parts `post.<id>` and `post.<id>.<field>`."""
    if headers.get("content-encoding") == "zstd":
        body = zstandard.ZstdDecompressor().decompress(body)
    whole = email.message_from_bytes(b"content-type: " + headers["content-type"].encode() + b"\r\n\r\n" + body)
    runs: dict[str, dict[str, Any]] = defaultdict(dict)
    for part in whole.get_payload():
        operation, run_id, *field = part.get_param("name", header="content-disposition").split(".")
        assert operation in {"post", "patch"}
        content = part.get_payload(decode=True)
        assert int(part["content-length"]) == len(content)
        said = json.loads(content, parse_float=Decimal)
        runs[run_id] |= {field[0]: said} if field else said
    return list(runs.values())
