"""moto's server in a thread of this process: on loopback, with connections that stay open, and no request log."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from lib.emulator.aws.inventory import inventory
from lib.emulator.aws.turns import TURN

HOST = "127.0.0.1"
INVENTORY_PATH = "/_emulator/inventory"
LOG = logging.getLogger(__name__)
Start = Callable[..., Any]


class Handler(WSGIRequestHandler):
    """Keeps connections open (Terraform sends hundreds of requests) and prints no line per request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the body waits 40 ms for the client to acknowledge the headers

    def run_wsgi(self) -> None:
        """Answer one request. werkzeug's own drains the connection afterwards, and the next request with it."""
        environ = self.make_environ()
        body = _body(environ)
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], None]:
            head[:] = [status, headers]
            return lambda content: None  # PEP 3333's second way to write, which nobody here takes

        answer = self.server.app(environ, start_response)
        content = b"".join(answer)
        if close := getattr(answer, "close", None):
            close()
        code, _, reason = head[0].partition(" ")
        self.send_response(int(code), reason)
        replaced = {"connection", "date", "server"}
        if self.command != "HEAD":  # whose length is that of the body it does not have
            replaced.add("content-length")
            self.send_header("Content-Length", str(len(content)))
        for name, value in head[1]:
            if name.lower() not in replaced:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


def _body(environ: dict[str, Any]) -> bytes:
    """Read here, before a turn is taken: a client that is slow to send must not hold up the others."""
    source: BinaryIO = environ["wsgi.input"]
    return (
        source.read() if environ.get("wsgi.input_terminated") else source.read(int(environ.get("CONTENT_LENGTH") or 0))
    )


class Server(ThreadedWSGIServer):
    """Closes its open connections when it stops, so that none is answered afterwards."""

    def __init__(self, port: int, application: Any) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(HOST, port, application, handler=Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it is open."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget it."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        """Stop listening, and end what is open."""
        self.shutdown()
        self.server_close()
        for connection in tuple(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                LOG.debug("a connection was closed already")


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    server: Server
    thread: threading.Thread

    def stop(self) -> None:
        """End it; what it held is gone."""
        self.server.close()
        self.thread.join()


def start(port: int, account_id: str) -> Served:
    """Listen on `port` of loopback; 0 takes a free one. Raises: OSError where the port is taken."""
    server = Server(port, _application(DomainDispatcherApplication(create_backend_app), account_id))
    thread = threading.Thread(target=server.serve_forever, name="embedded AWS", daemon=True)
    thread.start()
    return Served(f"http://{HOST}:{server.port}", server, thread)


def _application(moto: Any, account_id: str) -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        with TURN:
            try:
                if environ["PATH_INFO"] == INVENTORY_PATH:
                    return _reply(start_response, "200 OK", "application/json", json.dumps(inventory(account_id)))
                answer: Iterable[bytes] = moto(environ, start_response)
            except Exception as error:
                LOG.exception("no answer to %s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
                return _failure(environ, start_response, error)
            return answer

    return application


def _failure(environ: dict[str, Any], start_response: Start, error: Exception) -> Iterable[bytes]:
    """An error that no client retries: what moto lacks, or trips over, is not there at the next attempt either."""
    code, message = "NotImplemented" if isinstance(error, NotImplementedError) else "EmulatorFailure", str(error)
    if "json" in environ.get("CONTENT_TYPE", ""):
        body = json.dumps({"__type": code, "message": message})
        return _reply(start_response, "400 Bad Request", environ["CONTENT_TYPE"], body)
    escaped = message.replace("&", "&amp;").replace("<", "&lt;")
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{escaped}</Message></Error></ErrorResponse>"
    return _reply(start_response, "400 Bad Request", "text/xml", body, ("x-amzn-errortype", code))


def _reply(start_response: Start, status: str, kind: str, body: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    content = body.encode()
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(content))), *headers])
    return [content]
