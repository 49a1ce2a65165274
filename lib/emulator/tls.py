"""TLS in front of a server that has none: this machine's port outside, a unix socket inside."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from lib.emulator.certificates import Authority, Certificate
from lib.emulator.programs import LOOPBACK, take_port
from lib.errors import EmulatorError

CHUNK = 1 << 16
HANDSHAKE_SECONDS = 10
Filter = Callable[[bytes], bytes]


class Terminator:
    """Listens with TLS and passes on; each connection's bytes to the server go through a filter of its own."""

    def __init__(self, port: int, context: ssl.SSLContext, inside: Path, filter_of: Callable[[], Filter]) -> None:
        """inside: the server's unix socket. filter_of: makes the filter of one connection."""
        self.port, self._context, self._inside, self._filter_of = port, context, inside, filter_of
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls", daemon=True)

    def start(self) -> None:
        """Returns when connections are accepted. Raises: EmulatorError."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(HANDSHAKE_SECONDS)
        except OSError as error:
            self.stop()
            raise EmulatorError(f"port {self.port}, wanted for Valkey, cannot be used: {error.strerror}") from error

    def stop(self) -> None:
        """Ends every connection and the thread."""
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(HANDSHAKE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(HANDSHAKE_SECONDS)
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._accept, LOOPBACK, self.port, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_SECONDS
        )

    async def _close(self) -> None:
        if self._server:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._join(reader, writer)
        writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes bytes both ways until one side ends."""
        server_reader, server_writer = await asyncio.open_unix_connection(self._inside)
        ways = [
            asyncio.create_task(_pass(reader, server_writer, self._filter_of())),
            asyncio.create_task(_pass(server_reader, writer, bytes)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            server_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, filtered: Filter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(filtered(data))
        await writer.drain()


def terminate(inside: Path, authority: Authority, filter_of: Callable[[], Filter], port: int = 0) -> Terminator:
    """TLS in front of the unix socket `inside`, on `port` (0 for a free one). Raises: EmulatorError."""
    terminator = Terminator(take_port(port, "Valkey"), server_context(authority.issue()), inside, filter_of)
    terminator.start()
    return terminator


def server_context(issued: Certificate) -> ssl.SSLContext:
    """What a TLS server shows its clients; Python reads a key from a file only, which is gone again at once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.NamedTemporaryFile() as file:  # made with mode 0600
        file.write(issued.key + issued.certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context
