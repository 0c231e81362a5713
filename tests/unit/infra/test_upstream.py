"""The client against real sockets: what came of a call, and whether it can have cost anything."""

import contextlib
import socket
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from headgate.domain.errors import UpstreamBroken, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from headgate.infra.upstream import HttpUpstream

Script = Callable[[socket.socket], None]


class LoopbackServer:
    """Reads each request whole, then does what the script says with the connection."""

    def __init__(self) -> None:
        self.script: Script = lambda connection: None
        self.asked: list[bytes] = []
        self.connections = 0
        self.released = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            with connection:
                while request := _read_request(connection):
                    self.asked.append(request)
                    self.script(connection)


TLS_HANDSHAKE = b"\x16\x03"


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    try:
        while b"\r\n\r\n" not in received:
            part = connection.recv(65536)
            received += part
            if not part or received.startswith(TLS_HANDSHAKE):
                return received
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0
        )
        while len(body) < length:
            body += connection.recv(65536)
    except OSError:
        return b""
    return head + b"\r\n\r\n" + body


def answer(body: bytes, status: str = "200 OK", *headers: bytes) -> Script:
    lines = [b"HTTP/1.1 " + status.encode(), b"content-length: %d" % len(body), *headers]
    return lambda connection: connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def chunked(*pieces: bytes, then: Script) -> Script:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in pieces:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        then(connection)

    return script


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    opened = LoopbackServer()
    yield opened
    opened.close()


@pytest.fixture
async def upstream() -> AsyncIterator[HttpUpstream]:
    opened = HttpUpstream.open(connect_timeout_s=5, read_timeout_s=5)
    yield opened
    await opened.close()


async def post(upstream: HttpUpstream, server: LoopbackServer, script: Script, **headers: str):
    server.script = script
    return await upstream.post(server.url + "/v1/x", headers, b'{"a":1}', provider="openai")


async def failure(upstream: HttpUpstream, server: LoopbackServer, script: Script) -> UpstreamError:
    """What a call ends in, wherever on the way."""
    with pytest.raises(UpstreamError) as raised:
        await (await post(upstream, server, script)).body()
    return raised.value


async def test_a_call_carries_its_headers_and_body(upstream: HttpUpstream, server: LoopbackServer):
    got = await post(upstream, server, answer(b"{}", "200 OK", b"x-request-id: up-1"), authorization="Bearer key")
    assert (200, "up-1", None) == (got.status, got.header("x-request-id"), got.header("absent"))
    assert b"{}" == await got.body()
    (request,) = server.asked
    assert request.startswith(b"POST /v1/x HTTP/1.1\r\n")
    assert b"authorization: bearer key\r\n" in request.lower()
    assert request.endswith(b'\r\n\r\n{"a":1}')
    assert b"accept-encoding" not in request.lower()


async def test_connections_are_kept_for_the_next_call(upstream: HttpUpstream, server: LoopbackServer):
    for _ in range(3):
        await (await post(upstream, server, answer(b"{}"))).body()
    assert (3, 1) == (len(server.asked), server.connections)


@pytest.mark.parametrize("status", ["404 Not Found", "529 Overloaded", "500 Oh No"])
async def test_an_error_answer_is_an_answer(upstream: HttpUpstream, server: LoopbackServer, status: str):
    got = await post(upstream, server, answer(b'{"error":{}}', status))
    assert (int(status[:3]), b'{"error":{}}') == (got.status, await got.body())


async def test_a_redirect_is_not_followed(upstream: HttpUpstream, server: LoopbackServer):
    got = await post(upstream, server, answer(b"", "307 Temporary Redirect", b"location: " + server.url.encode()))
    assert 307 == got.status
    await got.body()
    assert 1 == len(server.asked)


async def test_a_refused_connection_is_unreachable_and_unbilled(upstream: HttpUpstream):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1/x"
        with pytest.raises(UpstreamUnreachable) as raised:
            await upstream.post(url, {}, b"{}", provider="openai")
    assert (True, "openai") == (raised.value.unbilled, raised.value.provider)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("/v1/x", {}),
        ("ftp://127.0.0.1/x", {}),
        ("http://127.0.0.1:1/x", {"anthropic-beta": "a\nb"}),
        ("http://127.0.0.1:1/x", {"a b": "c"}),
    ],
)
async def test_a_request_that_cannot_be_written_is_unbilled(upstream: HttpUpstream, url: str, headers: dict[str, str]):
    with pytest.raises(UpstreamUnreachable) as raised:
        await upstream.post(url, headers, b"{}", provider="openai")
    assert raised.value.unbilled


async def test_a_failed_tls_handshake_is_unbilled(upstream: HttpUpstream, server: LoopbackServer):
    server.script = lambda connection: connection.sendall(b"this is no handshake")
    with pytest.raises(UpstreamUnreachable) as raised:
        await upstream.post(server.url.replace("http:", "https:"), {}, b"{}", provider="openai")
    assert raised.value.unbilled


async def test_a_connection_that_closes_without_an_answer_may_be_billed(upstream: HttpUpstream, server: LoopbackServer):
    error = await failure(upstream, server, reset)
    assert isinstance(error, UpstreamBroken)
    assert not error.unbilled


async def test_what_is_no_http_is_broken(upstream: HttpUpstream, server: LoopbackServer):
    error = await failure(upstream, server, lambda connection: connection.sendall(b"SSH-2.0-hello\r\n\r\n"))
    assert isinstance(error, UpstreamBroken)
    assert not error.unbilled


async def test_a_body_that_is_cut_short_is_broken(upstream: HttpUpstream, server: LoopbackServer):
    def short(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_RDWR)

    error = await failure(upstream, server, short)
    assert isinstance(error, UpstreamBroken)
    assert not error.unbilled


async def test_a_stream_that_is_reset_in_the_middle_gives_what_came_and_is_broken(
    upstream: HttpUpstream, server: LoopbackServer
):
    got = await post(upstream, server, chunked(b"data: 1\n\n", then=lambda c: c.shutdown(socket.SHUT_RDWR)))
    stream = got.chunks()
    assert b"data: 1\n\n" == await anext(stream)
    with pytest.raises(UpstreamBroken):
        await anext(stream)
    await got.close()


async def test_chunks_come_one_by_one_and_not_when_a_buffer_is_full(upstream: HttpUpstream, server: LoopbackServer):
    second = threading.Event()

    def script(connection: socket.socket) -> None:
        chunked(b"first", then=lambda _: second.wait(10))(connection)
        connection.sendall(b"6\r\nsecond\r\n0\r\n\r\n")

    stream = (await post(upstream, server, script)).chunks()
    assert b"first" == await anext(stream)
    second.set()
    assert [b"second"] == [piece async for piece in stream]


async def test_a_provider_that_never_answers_times_out_and_may_be_billed(server: LoopbackServer):
    impatient = HttpUpstream.open(connect_timeout_s=5, read_timeout_s=0.05)
    error = await failure(impatient, server, lambda _: server.released.wait(10))
    assert isinstance(error, UpstreamTimeout)
    assert (504, False) == (error.status, error.unbilled)
    await impatient.close()


async def test_a_stream_that_stalls_times_out(server: LoopbackServer):
    impatient = HttpUpstream.open(connect_timeout_s=5, read_timeout_s=0.05)
    got = await post(impatient, server, chunked(b"first", then=lambda _: server.released.wait(10)))
    stream = got.chunks()
    assert b"first" == await anext(stream)
    with pytest.raises(UpstreamTimeout):
        await anext(stream)
    await got.close()
    await impatient.close()


async def test_an_answer_can_be_closed_twice_and_before_its_end(upstream: HttpUpstream, server: LoopbackServer):
    got = await post(upstream, server, chunked(b"first", then=lambda _: server.released.wait(10)))
    await anext(got.chunks())
    server.released.set()
    await got.close()
    await got.close()


async def test_odd_bytes_in_a_response_header_do_not_matter(upstream: HttpUpstream, server: LoopbackServer):
    got = await post(upstream, server, answer(b"{}", "200 OK", b"x-request-id: caf\xe9"))
    header = got.header("x-request-id")
    assert header is None or header.startswith("caf")
    assert b"{}" == await got.body()


class Pieces:
    """A body that is not in memory."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.read = 0

    @property
    def length(self) -> int:
        return sum(map(len, self.pieces))

    async def chunks(self) -> AsyncIterator[bytes]:
        self.read += 1
        for piece in self.pieces:
            yield piece


@pytest.mark.parametrize("stream", [False, True])
async def test_a_streamed_body_is_sent_with_its_length_as_often_as_it_is_asked_for(
    server: LoopbackServer, upstream: HttpUpstream, stream: bool
):
    server.script = lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    body = Pieces(b"x" * 70_000, b"", b"y" * 30_000)
    for _ in range(2):
        answer = await upstream.post(server.url, {"a": "b"}, body, provider="acme", stream=stream)
        assert b"ok" == await answer.body()
    assert 2 == body.read
    for asked in server.asked:
        head, _, sent = asked.partition(b"\r\n\r\n")
        assert b"x" * 70_000 + b"y" * 30_000 == sent
        assert b"content-length: 100000" in head.lower()
        assert b"transfer-encoding" not in head.lower()
