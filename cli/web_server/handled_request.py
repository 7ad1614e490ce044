"""One request and its answer, in a thread: gunicorn's parser, the application, and what it gives."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from gunicorn import http
from gunicorn.http import wsgi

from cli.web_server.client_connection import ClientConnection
from cli.web_server.fair_queue import Lane

# A file that is longer goes by a thread for transfers.
_SHORT_FILE = 4 * 2**20


class HandledRequest:
    """`begin`, and where it then `is_streamed`, `finish` in a thread that may wait."""

    def __init__(self, worker: Any, connection: ClientConnection, lane: Lane | None) -> None:
        self._worker, self.connection = worker, connection
        # Where its thread is given back; None where it has one of those for transfers.
        self.lane, self.cpu_seconds = lane, 0.0
        self._begun = datetime.now()
        self._request: Any = None
        self._answer: Any = None
        self._body: Any = None
        self._environ: dict[str, Any] = {}
        self.is_streamed = False
        # Behind this request, what its parser has read of the next.
        self.surplus = b""
        self.stays_open = False

    def begin(self) -> None:
        begun = time.thread_time()
        self._begin()
        if not self.is_streamed:
            self.finish()
        self.cpu_seconds = time.thread_time() - begun

    def _begin(self) -> None:
        with _Mishaps(self):
            self._parser = http.get_parser(self._worker.cfg, self.connection, self.connection.client)
            self._request = next(self._parser)
            self._worker.cfg.pre_request(self._worker, self._request)
            self._answer, self._environ = wsgi.create(
                self._request, self.connection, self.connection.client, self.connection.server, self._worker.cfg
            )
            self._environ["wsgi.multithread"] = True
            if not self._worker.counts_on():
                self._answer.force_close()
            self._body = self._worker.wsgi(self._environ, self._answer.start_response)
            self.is_streamed = not self.connection.is_transfer and self._comes_in_pieces()

    def finish(self) -> None:
        if self._body is not None:
            with _Mishaps(self):
                self._write()
                self.stays_open = not self._answer.should_close() and self._is_read()
        self.is_streamed = False
        with _Mishaps(self):
            self.connection.flush()

    def _comes_in_pieces(self) -> bool:
        """Whether to wait for whoever reads it: the rest are bytes that are there already."""
        if isinstance(self._body, self._environ["wsgi.file_wrapper"]):
            length = self._answer.response_length
            return length is None or length > _SHORT_FILE
        return bool(getattr(self._body, "streaming", False))

    def _write(self) -> None:
        try:
            if isinstance(self._body, self._environ["wsgi.file_wrapper"]) and not self.connection.is_transfer:
                self._answer.write_file(self._body)
            else:
                for piece in self._body:
                    self._answer.write(piece)
            self._answer.close()
        finally:
            self._worker.log.access(self._answer, self._request, self._environ, datetime.now() - self._begun)
            if hasattr(self._body, "close"):
                # What is done at its close, such as a row of the audit log, shall not delay it.
                with suppress(OSError):
                    self.connection.flush()
                self._body.close()
            self._worker.cfg.post_request(self._worker, self._request, self._environ, self._answer)

    def _is_read(self) -> bool:
        """Whether the next request can follow. A body that nobody read is not waited for."""
        if self.connection.request.is_streamed and not self.connection.request.is_read:
            return False
        if not self._parser.finish_body():
            return False
        self.surplus = self._parser.unreader.take_buffered()
        return True

    def failed(self, error: BaseException) -> None:
        """Say what went wrong: to the client while that is possible, else to the log."""
        self._body, self.stays_open, self.is_streamed = None, False, False
        if isinstance(error, (http.errors.NoMoreData, StopIteration, OSError)):
            self._worker.log.debug("The connection ended early: %r", error)
            # Whoever is too slow, or gone, gets no more of it.
            self.connection.empty()
        elif self._answer is not None and self._answer.headers_sent:
            self._worker.log.error("An answer broke off", exc_info=error)
        else:
            self._worker.handle_error(self._request, self.connection, self.connection.client, error)


class _Mishaps:
    """Tell the request of whatever goes wrong."""

    def __init__(self, handled: HandledRequest) -> None:
        self._handled = handled

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is not None:
            self._handled.failed(error)
        return error is not None
