import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest

from headgate.domain.errors import BadRequest, Forbidden, NotAuthenticated, TooLarge, Unavailable
from headgate.server.pages import SESSION_PATH, ConsoleProxy
from tests.kit.gateway import free_port
from tests.unit.server.exchanges import Client, call


class Seen(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Console:
    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.session: tuple[int, bytes] = (401, b"{}")
        self.content_type = "text/html"
        console = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                console.seen.append(Seen(self.command, self.path, headers, body))
                told = console.session if self.path == SESSION_PATH else (200, b"hello")
                self.send_response(302 if self.path.startswith("/moved") else told[0])
                self.send_header("content-type", console.content_type)
                self.send_header("location", "/elsewhere")
                self.send_header("set-cookie", "a=1")
                self.send_header("set-cookie", "b=2")
                self.send_header("content-length", str(len(told[1])))
                self.end_headers()
                self.wfile.write(told[1])

            def do_GET(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def console() -> Iterator[Console]:
    opened = Console()
    yield opened
    opened.server.shutdown()
    opened.server.server_close()


@pytest.fixture
async def proxy(console: Console):
    opened = ConsoleProxy(console.url)
    yield opened
    await opened.close()


async def test_a_page_comes_as_the_console_gave_it(console: Console, proxy: ConsoleProxy):
    client = await call(proxy, Client("/admin/", method="GET", query="q=a%20b&p=2", headers={"cookie": "s=1"}))
    assert (200, b"hello", "text/html") == (client.status, client.answer, client.headers["content-type"])
    assert ("GET", "/admin/?q=a%20b&p=2", "s=1") == (
        console.seen[0].method,
        console.seen[0].path,
        console.seen[0].headers["cookie"],
    )


async def test_every_cookie_is_set(proxy: ConsoleProxy):
    client = await call(proxy, Client("/admin/", method="GET"))
    cookies = [value for name, value in client.headers_heard if name == b"set-cookie"]
    assert [b"a=1", b"b=2"] == cookies


async def test_a_form_is_posted(console: Console, proxy: ConsoleProxy):
    headers = {"content-type": "application/x-www-form-urlencoded", "host": "headgate.example"}
    await call(proxy, Client("/admin/login/", b"user=a&", b"password=b", headers=headers))
    seen = console.seen[0]
    assert ("POST", b"user=a&password=b", "headgate.example") == (seen.method, seen.body, seen.headers["host"])


async def test_a_redirect_goes_to_the_browser(console: Console, proxy: ConsoleProxy):
    client = await call(proxy, Client("/moved", method="GET"))
    assert (302, "/elsewhere", 1) == (client.status, client.headers["location"], len(console.seen))


async def test_the_console_learns_who_asks_and_not_what_the_client_claims(console: Console, proxy: ConsoleProxy):
    await call(proxy, Client("/", method="GET", headers={"x-forwarded-for": "6.6.6.6", "connection": "close"}))
    assert ("10.0.0.9", "http") == (
        console.seen[0].headers["x-forwarded-for"],
        console.seen[0].headers["x-forwarded-proto"],
    )


async def test_a_quoted_path_stays_quoted(console: Console, proxy: ConsoleProxy):
    await call(proxy, Client("/admin/a b/\u00e9?#/", method="GET"))
    assert "/admin/a%20b/%C3%A9%3F%23/" == console.seen[0].path


async def test_cookies_that_cannot_be_read_log_nobody_out_in_silence(console: Console, proxy: ConsoleProxy):
    client = Client("/admin/", method="GET")
    client.unreadable = ["cookie"]
    with pytest.raises(BadRequest) as refusal:
        await proxy(client)
    assert ("cookie", []) == (refusal.value.param, console.seen)


async def test_while_the_console_is_away_a_page_says_so():
    proxy = ConsoleProxy(f"http://127.0.0.1:{free_port()}")
    client = await call(proxy, Client("/admin/", method="GET"))
    assert 503 == client.status
    assert b"console is starting or away" in client.answer
    await proxy.close()


@pytest.mark.parametrize("path", ["/api/v1/ai/analytics/system/", "/costs"])
async def test_programs_are_told_in_their_envelope_that_the_console_is_away(path: str):
    proxy = ConsoleProxy(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match="try again") as raised:
        await call(proxy, Client(path, method="GET"))
    assert ("console_unavailable", 5) == (raised.value.code, raised.value.retry_after_s)
    await proxy.close()


async def test_a_form_that_is_too_large_is_refused(proxy: ConsoleProxy):
    with pytest.raises(TooLarge):
        await proxy(Client("/admin/", headers={"content-length": str(10**9)}))


async def test_the_console_tells_which_key_is_behind_a_session(console: Console):
    console.session = (200, b'{"sha256":"' + b"ab" * 32 + b'"}')
    proxy = ConsoleProxy(console.url)
    cookies = {"cookie": "headgate_session=s", "x-csrftoken": "t", "origin": "http://here", "x-headgate-team": "x"}
    assert b"\xab" * 32 == await proxy.key_hash_of_session(Client("/api/ai/request", b"{}", headers=cookies))
    (seen,) = console.seen
    assert ("POST", SESSION_PATH, b"") == (seen.method, seen.path, seen.body)
    assert ("headgate_session=s", "t") == (seen.headers["cookie"], seen.headers["x-csrftoken"])
    assert "x-headgate-team" not in seen.headers
    await proxy.close()


@pytest.mark.parametrize(
    ("status", "error"), [(401, NotAuthenticated), (302, NotAuthenticated), (403, Forbidden), (500, Unavailable)]
)
async def test_a_session_that_the_console_does_not_know_is_none(console: Console, status: int, error: type[Exception]):
    console.session = (status, b"{}")
    proxy = ConsoleProxy(console.url)
    with pytest.raises(error):
        await proxy.key_hash_of_session(Client("/api/ai/request", b"{}", headers={"cookie": "a=b"}))
    await proxy.close()


async def test_what_the_console_says_against_a_session_is_passed_on(console: Console):
    console.session = (403, b'{"error":"Switch at /account/.","code":"not_a_member"}')
    console.content_type = "application/json"
    proxy = ConsoleProxy(console.url)
    with pytest.raises(Forbidden, match="Switch at /account/") as caught:
        await proxy.key_hash_of_session(Client("/api/ai/request", b"{}", headers={"cookie": "a=b"}))
    assert "not_a_member" == caught.value.code
    await proxy.close()


async def test_while_the_console_is_away_sessions_cannot_be_looked_up():
    proxy = ConsoleProxy(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match="show a virtual key"):
        await proxy.key_hash_of_session(Client("/api/ai/request", b"{}", headers={"cookie": "a=b"}))
    await proxy.close()
