"""A receiver for one test: pytest-httpserver's, which ends at once."""

from __future__ import annotations

from pytest_httpserver import HTTPServer


class HttpReceiver(HTTPServer):
    """The same, but asks every 20 ms whether it is to end: the usual 500 ms were most of the time of many tests."""

    def thread_target(self) -> None:
        assert self.server is not None
        self.server.serve_forever(poll_interval=0.02)
