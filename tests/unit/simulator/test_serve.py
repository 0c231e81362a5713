"""A simulator as a process of its own."""

import socket
import subprocess
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

Start = Callable[..., subprocess.Popen[str]]
BODY = {"model": "small", "stream": True, "messages": [{"role": "user", "content": "hello"}]}


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().split()[-1]


def test_it_says_where_it_listens_when_it_does(start_simulator: Start):
    process = start_simulator("--port", "0", "--output-tokens", "3")
    url = address_of(process)
    assert {"status": "ok"} == httpx2.get(f"{url}/health").json()
    assert {"output_tokens": 3} == httpx2.get(f"{url}/_simulator/knobs").json()
    process.terminate()
    assert 0 == process.wait(timeout=20)


def test_it_stops_when_its_parent_lets_go(start_simulator: Start):
    process = start_simulator("--port", "0", "--until-stdin-closes")
    address_of(process)
    assert process.stdin is not None
    process.stdin.close()
    assert 0 == process.wait(timeout=20)
    process.stdin = None


def test_it_stops_in_the_middle_of_an_answer(start_simulator: Start):
    process = start_simulator("--port", "0")
    url = address_of(process)
    body = {**BODY, "simulate": {"stall_after": 1, "stall_ms": 600_000}}
    with httpx2.Client(timeout=20) as client, client.stream("POST", f"{url}/v1/chat/completions", json=body) as answer:
        parts = answer.iter_bytes()
        next(parts)
        process.terminate()
        assert 0 == process.wait(timeout=20)
        with pytest.raises(httpx2.TransportError):
            list(parts)


def test_a_port_that_is_taken_is_not_shared(start_simulator: Start):
    url = address_of(start_simulator("--port", "0"))
    second = start_simulator("--port", url.rpartition(":")[2])
    _, said = second.communicate(timeout=20)
    assert 1 == second.returncode
    assert "cannot listen" in said


def test_a_client_that_hangs_up_is_billed_in_full(http: httpx2.Client, bill: Any):
    before = bill.total()["last_sequence"]
    body = {**BODY, "simulate": {"output_tokens": 40, "tokens_per_second": 200}}
    with http.stream("POST", "/v1/chat/completions", json=body) as answer:
        next(answer.iter_bytes())
    entry = bill.next_after(before)
    assert ({"input": 8, "output": 40}, 8 * 230 + 40 * 890, True) == (
        entry["usage"],
        entry["billed_nano"],
        entry["completed"],
    )


def test_a_broken_answer_closes_the_socket_without_an_end(running_url: str, http: httpx2.Client):
    host, port = running_url.removeprefix("http://").split(":")
    body = (
        b'{"model":"echo","stream":true,"messages":[{"role":"user","content":"abcdefgh"}],"simulate":{"break_after":1}}'
    )
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while part := connection.recv(65_536):
            received += part
    assert b'"content":"abcd"' in received
    assert b'"content":"efgh"' not in received
    assert not received.endswith(b"0\r\n\r\n")
