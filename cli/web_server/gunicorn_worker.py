"""gunicorn's gthread worker, with sockets that wait in its poller and not in its threads.

gthread gives a new connection to a thread, which blocks until its head and its body have come and its answer has gone:
as many sockets that do nothing as there are threads stop every page. Here the one poller reads heads and bodies and
sends answers, each with a deadline, and a thread gets a request that is whole. What cannot be kept meanwhile, uploads
and downloads of gigabytes, has threads of its own.
"""

from __future__ import annotations

import resource
import selectors
import sys
import time
from collections.abc import Callable
from concurrent import futures
from contextlib import suppress
from importlib import import_module
from typing import Any

from django.conf import settings
from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker
from setproctitle import setproctitle

from cli.web_server.client_connection import ClientConnection, Stage
from cli.web_server.fair_queue import FairQueue
from cli.web_server.handled_request import HandledRequest
from cli.web_server.request_lane import lane_of

# Bytes of bodies that are coming, on disk, and of answers that are going, in memory, of all connections together.
_MOST_COMING, _MOST_GOING = 512 * 2**20, 64 * 2**20
# Files beside sockets: a kept body is one, and the database and the code need some.
_FILES_EACH, _OTHER_FILES = 2, 256
_READ = 64 * 1024
_LINGER_SECONDS = 2.0
# How often deadlines are looked at.
_LOOK_SECONDS = 0.5
_MOST_ACCEPTED = 64
_SWITCH_SECONDS = 0.0005
# Of the sockets, so many may wait in one lane.
_SHARE_OF_A_LANE = 4
_FULL = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 53\r\n\r\nToo many requests of yours wait here. Send it later.\n"
)
_EVENTS = {Stage.LEAVING: selectors.EVENT_WRITE}


class ParkingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is not typed
    def run(self) -> None:
        """Serve until the end of the process is asked for."""
        setproctitle("runbell web")
        # By its name: this is loaded before Django is set up, where nobody forked us.
        import_module("operations.monitoring.web_background").start()
        self.connections: dict[ClientConnection, None] = {}
        self.transfers = futures.ThreadPoolExecutor(max_workers=2 * self.cfg.threads, thread_name_prefix="transfer")
        self.most = _possible(self.cfg.worker_connections)
        self.queue: FairQueue[HandledRequest] = FairQueue(
            self.cfg.threads, most_waiting=max(1, self.most // _SHARE_OF_A_LANE)
        )
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        # A thread that computes gives way ten times as often: each statement of another waits for that.
        sys.setswitchinterval(_SWITCH_SECONDS)
        self.looked_at = time.monotonic()
        self.set_accept_enabled(True)
        while self.alive and self.is_parent_alive():
            self._turn()
        self._stop()

    def counts_on(self) -> bool:
        """Count a request; whether this process takes more."""
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        return bool(self.alive)

    def handle_quit(self, sig: int, frame: object) -> None:
        self.transfers.shutdown(wait=False, cancel_futures=True)
        super().handle_quit(sig, frame)

    def _turn(self) -> None:
        self.notify()
        self.wait_for_and_dispatch_events(timeout=_LOOK_SECONDS)
        if time.monotonic() - self.looked_at < _LOOK_SECONDS:
            return
        self.looked_at = time.monotonic()
        for connection in [one for one in self.connections if one.stage is not Stage.BUSY and one.is_late]:
            self._drop_late(connection)

    def _stop(self) -> None:
        """Take nobody new, let those be answered who have asked, and end."""
        self.set_accept_enabled(False)
        self._take_last()
        soon = time.monotonic() + _LINGER_SECONDS
        for connection in self.connections:
            if connection.stage in (Stage.IDLE, Stage.HEAD):
                connection.until = min(connection.until, soon)
        latest = time.monotonic() + self.cfg.graceful_timeout
        while self.connections and time.monotonic() < latest:
            self._turn()
        for connection in list(self.connections):
            if connection.stage is not Stage.BUSY:
                self._drop(connection)
        self.tpool.shutdown(wait=False, cancel_futures=True)
        self.transfers.shutdown(wait=False, cancel_futures=True)
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    # Connections come and go.

    def accept(self, listener: Any) -> None:
        for _ in range(_MOST_ACCEPTED):
            if len(self.connections) >= self.most and not self._make_room():
                # All are being answered. The kernel keeps who comes, until the next answer.
                self.set_accept_enabled(False)
                return
            try:
                sock, client = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # The kernel has no more files for us.
                self._make_room()
                return
            connection = ClientConnection(
                sock,
                client,
                listener.getsockname(),
                folder=settings.DATA_DIR,
                longest_kept=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
                patience=settings.REQUEST_BODY_SECONDS,
            )
            self.connections[connection] = None
            self._park(connection, Stage.HEAD, settings.REQUEST_HEAD_SECONDS)

    def _take_last(self) -> None:
        """Take who is connected already, and have the kernel refuse others at once, so that they go elsewhere.

        A listener that is left open goes on connecting, and whoever came so would wait for nothing.
        """
        for listener in self.sockets:
            for _ in range(self.cfg.backlog // _MOST_ACCEPTED):
                self.accept(listener)
            listener.close()

    def _make_room(self) -> bool:
        """Close the one that has kept us waiting longest: who asks for something does so at once."""
        for stage in Stage:
            oldest = next((one for one in self.connections if one.stage is stage), None)
            if oldest is not None and stage is not Stage.BUSY:
                self._drop(oldest)
                return True
        return False

    def _make_room_for_bytes(self) -> None:
        """Close those that have been longest at it, where more is kept of all of them than may be."""
        self._keep_most(Stage.BODY, _MOST_COMING, lambda one: one.request.received)
        self._keep_most(Stage.LEAVING, _MOST_GOING, lambda one: one.waiting)

    def _keep_most(self, stage: Stage, most: int, size: Callable[[ClientConnection], int]) -> None:
        there = [one for one in self.connections if one.stage is stage]
        surplus = sum(map(size, there)) - most
        # Not the last: it may need all of it.
        for one in there[:-1]:
            if surplus <= 0:
                break
            surplus -= size(one)
            self._drop(one)

    def _park(self, connection: ClientConnection, stage: Stage, seconds: float) -> None:
        """Let it wait in the poller, behind those that came there before."""
        self._unpark(connection)
        self.connections[connection] = self.connections.pop(connection)
        connection.enter(stage, seconds)
        call: Callable[[Any], None] = self._send if stage is Stage.LEAVING else self._receive
        self.poller.register(connection.sock, _EVENTS.get(stage, selectors.EVENT_READ), lambda _sock: call(connection))

    def _unpark(self, connection: ClientConnection) -> None:
        if connection.stage is not Stage.BUSY:
            self.poller.unregister(connection.sock)
            connection.stage = Stage.BUSY

    def _drop(self, connection: ClientConnection) -> None:
        self._unpark(connection)
        self.connections.pop(connection, None)
        connection.close()

    def _drop_late(self, connection: ClientConnection) -> None:
        """Close it; who has begun to ask is told why, as far as the socket takes it."""
        begun = connection.stage is Stage.BODY or (connection.stage is Stage.HEAD and connection.request.has_begun)
        if begun:
            self._refuse(connection, 408, "Request Timeout", "The request did not come in time. Send it again.")
        else:
            self._drop(connection)

    def _refuse(self, connection: ClientConnection, status: int, reason: str, message: str) -> None:
        connection.stays_open = False
        util.write_error(connection, status, reason, message)
        self._leave(connection)

    # What a socket has for us, or takes.

    def _receive(self, connection: ClientConnection) -> None:
        try:
            data = connection.sock.recv(_READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
        elif connection.stage is not Stage.CLOSING:
            if connection.stage is Stage.IDLE:
                self._park(connection, Stage.HEAD, settings.REQUEST_HEAD_SECONDS)
            connection.request.take(data)
            connection.moved += len(data)
            self._go_on(connection)

    def _go_on(self, connection: ClientConnection) -> None:
        """Do what can be done with what has come of a request."""
        request = connection.request
        if request.is_ready:
            self._unpark(connection)
            self._handle(connection)
        elif request.is_too_long:
            self._refuse(connection, 431, "Request Header Fields Too Large", "The head of the request is too long.")
        elif request.has_head and connection.stage is Stage.HEAD:
            self._park(connection, Stage.BODY, settings.REQUEST_BODY_SECONDS)
            if request.expects_continue and not request.received:
                with suppress(OSError):
                    connection.say_continue()
        elif connection.stage is Stage.BODY:
            self._make_room_for_bytes()

    def _send(self, connection: ClientConnection) -> None:
        try:
            connection.moved += connection.flush()
        except OSError:
            self._drop(connection)
            return
        if not connection.outbox:
            self._answered(connection)

    # Threads take a request, and give its answer.

    def _handle(self, connection: ClientConnection) -> None:
        """Let a request that is whole wait for a thread."""
        if connection.request.is_streamed:
            connection.begin_transfer()
            handled = HandledRequest(self, connection, None)
            self._submit(self.transfers, handled.begin, handled)
            return
        lane = lane_of(connection.request.head, connection.client)
        if self.queue.put(lane, HandledRequest(self, connection, lane)):
            self._start_waiting()
            return
        connection.stays_open = False
        connection.sendall(_FULL)
        self._leave(connection)

    def _start_waiting(self) -> None:
        while (handled := self.queue.take()) is not None:
            self._submit(self.tpool, handled.begin, handled)

    def _submit(self, pool: futures.Executor, work: Callable[[], None], handled: HandledRequest) -> None:
        done = pool.submit(work)
        done.add_done_callback(lambda _done: self.method_queue.defer(self._finished, handled))

    def _finished(self, handled: HandledRequest) -> None:
        connection = handled.connection
        if handled.lane is not None:
            self.queue.done(handled.lane, handled.cpu_seconds)
            handled.lane = None
            self._start_waiting()
        if handled.is_streamed:
            connection.begin_transfer()
            self._submit(self.transfers, handled.finish, handled)
            return
        if self.alive:
            self.set_accept_enabled(True)
        connection.stays_open = handled.stays_open
        if connection.stays_open:
            connection.next_request(handled.surplus + connection.request.surplus)
        self._leave(connection)

    def _leave(self, connection: ClientConnection) -> None:
        """Let the rest of the answer go."""
        if not connection.outbox:
            self._answered(connection)
            return
        self._park(connection, Stage.LEAVING, settings.REQUEST_BODY_SECONDS)
        self._make_room_for_bytes()

    def _answered(self, connection: ClientConnection) -> None:
        if not connection.stays_open:
            self._close_gently(connection)
        elif connection.request.has_begun:
            self._park(connection, Stage.HEAD, settings.REQUEST_HEAD_SECONDS)
            self._go_on(connection)
        else:
            # Who has asked for our end may have the next request on its way.
            seconds = self.cfg.keepalive if self.alive else min(self.cfg.keepalive, _LINGER_SECONDS)
            self._park(connection, Stage.IDLE, seconds)

    def _close_gently(self, connection: ClientConnection) -> None:
        try:
            connection.half_close()
        except OSError:
            self._drop(connection)
            return
        self._park(connection, Stage.CLOSING, _LINGER_SECONDS)


def _possible(wanted: int) -> int:
    """Give how many connections there may be: as many as wanted, where the kernel lets us have as many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted * _FILES_EACH + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return max(1, min(wanted, (soft - _OTHER_FILES) // _FILES_EACH))
    return wanted
