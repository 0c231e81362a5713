"""A proxy before Postgres that cuts a connection at its next COMMIT: before it, after it, or while nobody knows."""

import contextlib
import select
import socket
import threading
from enum import Enum
from urllib.parse import urlsplit


class Cut(Enum):
    """When the connection ends."""

    BEFORE = "before"
    """The COMMIT never arrives."""
    AFTER = "after"
    """It is carried out; the answer never arrives."""
    BLIND = "blind"
    """It is sent, and the connection ends at once."""
    SILENT = "silent"
    """It never arrives, and nobody says so: the connection stays."""


class CuttingProxy:
    """Listens on loopback until it is closed; `url` leads through it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.port is not None
        self._upstream = (parts.hostname or "127.0.0.1", parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.next: Cut | None = None
        """What happens at the next COMMIT, once."""
        self.cuts = 0
        self._closing = threading.Event()
        port = self._listener.getsockname()[1]
        self.url = f"postgres://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable&gssencmode=disable"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        """Cut everybody off and end."""
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        pumps: list[threading.Thread] = []
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                break
            pumps.append(threading.Thread(target=self._pump, args=(client, socket.create_connection(self._upstream))))
            pumps[-1].start()
        for pump in pumps:
            pump.join()

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        cut: Cut | None = None
        said = {client: b"", server: b""}
        with client, server, contextlib.suppress(OSError):
            while not self._closing.is_set():
                readable, _, _ = select.select([client, server], [], [], 0.1)
                for side in readable:
                    data = side.recv(1 << 20)
                    if not data:
                        return
                    # It may come in two pieces.
                    commits = b"COMMIT\0" in said[side] + data
                    said[side] = data[-6:]
                    if side is server and cut:
                        if cut is Cut.AFTER and commits:
                            return
                        continue
                    if side is client and self.next and commits:
                        cut, self.next = self.next, None
                        self.cuts += 1
                        if cut is Cut.BEFORE:
                            return
                    if cut is not Cut.SILENT:
                        (server if side is client else client).sendall(data)
                    if cut is Cut.BLIND:
                        return
