"""moto's server in a thread of this process: on loopback, one request at a time, no request log."""

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
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from lib.emulator.aws.inventory import inventory
from lib.emulator.aws.patching import Unsupported
from lib.emulator.aws.running import RUNNING
from lib.emulator.aws.turns import TURN

HOST = "127.0.0.1"
INVENTORY_PATH = "/_emulator/inventory"
LOG = logging.getLogger(__name__)
Start = Callable[..., Any]


class Handler(WSGIRequestHandler):
    """Prints no line per request, sends each answer at once, and ends the connection with it, as werkzeug does.

    Of answers sent in two packets, one in a thousand reached the AWS SDK for Go as "use of closed network connection":
    it asked again, and what it had made was there already. Open connections saved no time to be measured.
    Source: https://github.com/aws/aws-sdk-go-v2/issues/2737
    """

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 20
    """Head and body are in one packet, or in as many as a large body needs."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    server: BaseWSGIServer
    thread: threading.Thread

    def stop(self) -> None:
        """End it; what it held is gone."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def start(port: int) -> Served:
    """Listen on `port` of loopback; 0 takes a free one. Raises: OSError where the port is taken."""
    application = _application(DomainDispatcherApplication(create_backend_app))
    with socket.create_server((HOST, port)) as listener:  # werkzeug ends the process where it cannot bind
        server = make_server(HOST, port, application, threaded=True, request_handler=Handler, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, name="embedded AWS", daemon=True)
    thread.start()
    return Served(f"http://{HOST}:{server.port}", server, thread)


def _application(moto: Any) -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        _read_body(environ)  # before the turn is taken: a client that is slow to send must not hold up the others
        with TURN:
            try:
                if environ["PATH_INFO"] == INVENTORY_PATH:
                    found = json.dumps(inventory(RUNNING.account_id))
                    return _reply(start_response, "200 OK", "application/json", found)
                answer: Iterable[bytes] = moto(environ, start_response)
            except Exception as error:
                LOG.exception("no answer to %s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
                return _failure(environ, start_response, error)
            return answer

    return application


def _read_body(environ: dict[str, Any]) -> None:
    source: BinaryIO = environ["wsgi.input"]
    whole = environ.get("wsgi.input_terminated")
    body = source.read() if whole else source.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def _failure(environ: dict[str, Any], start_response: Start, error: Exception) -> Iterable[bytes]:
    """An error that no client retries: what moto lacks, or trips over, is not there at the next attempt either."""
    lacking = isinstance(error, Unsupported | NotImplementedError)  # the latter is what moto raises for what it lacks
    code, message = "NotImplemented" if lacking else "EmulatorFailure", str(error)
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
