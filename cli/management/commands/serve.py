"""Process supervision of `manage.py serve`: web server and worker in one command, until Ctrl-C."""

from __future__ import annotations

import errno
import http.client
import logging
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from setproctitle import setproctitle

from common.processes import forked_program
from common.processes.child_processes import POLL_SECONDS, SELDOM_SECONDS, Child, StopSignal, stop_all
from operations import first_start, migrating
from sample import services

startup = logging.getLogger("startup")
_READY_SECONDS = 60
# Beyond RUNBELL_STOP_SECONDS, which web and worker keep to: the worker stores what came back.
_SLACK_SECONDS = 3


class Command(BaseCommand):
    help = "Run the web server and the worker together, until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = StopSignal()
        setproctitle("runbell serve")
        _refuse_taken_port()
        try:
            with migrating.lock(is_stopped=lambda: stop.received):
                migrating.migrate_or_refuse()
                sign_in = first_start.prepare(settings.DATA_DIR)
        except migrating.StoppedWaiting:
            return
        except OperationalError as error:
            raise CommandError(f"DATABASE_URL: the database cannot be used: {' '.join(str(error).split())}") from None
        children = self.children()
        try:
            if settings.SAMPLE:
                # While the others load.
                forked_program.run_apart(services.create_where_wanted)
            if _wait_until_ready(children, stop):
                self._welcome(sign_in)
            ended = _wait_for_the_first(children, stop)
        finally:
            stop_all(children.values(), settings.STOP_SECONDS + _SLACK_SECONDS, stop)
        if ended:
            code = children[ended].exit_code
            raise CommandError(f"The {ended} process ended by itself (exit code {code}), so everything was stopped.")

    def children(self) -> dict[str, Child]:
        """Start what runs here, each by its name."""
        # Checked already, by us: the checks alone would load the code of every page.
        return {"web": web_server(), "worker": Child("manage.py", "worker", "--skip-checks", shares_memory=True)}

    def _welcome(self, sign_in: first_start.FirstSignIn | None) -> None:
        if settings.LOG_FORMAT == "json":
            startup.info("Runbell %s is ready at %s", settings.VERSION, settings.RUNBELL_URL)
            return
        self.stdout.write(_welcome(sign_in, is_terminal=self.stdout.isatty()))
        self.stdout.flush()


def web_server() -> Child:
    return Child("gunicorn", *_gunicorn_options(), shares_memory=True)


def _gunicorn_options() -> list[str]:
    options = {
        "bind": f"{_socket_name(settings.HOST)}:{settings.PORT}",
        "worker-class": "cli.web_server.gunicorn_worker.ParkingWorker",
        "worker-connections": settings.WEB_CONNECTIONS,
        "workers": settings.WEB_PROCESSES,
        "threads": settings.WEB_THREADS,
        "timeout": 60,
        "graceful-timeout": settings.STOP_SECONDS,
        "keep-alive": 5,
        "name": "runbell",
        "logger-class": "cli.web_server.gunicorn_logger.GunicornLogger",
        "worker-tmp-dir": settings.DATA_DIR,
        # Ours to judge (`ForwardedProto`): gunicorn would believe each local user.
        "forwarded-allow-ips": "",
    }
    given = [f"--{name}={value}" for name, value in options.items()]
    if settings.METRICS_BIND:
        given.append(f"--bind={_socket_name(settings.METRICS_BIND.host)}:{settings.METRICS_BIND.port}")
    # Its control socket would lie in the home folder: nothing of ours stands outside the data folder.
    # Loaded once, before its processes are forked: they share the memory of it.
    return [*given, "--no-control-socket", "--preload", "config.checked_wsgi:application"]


def _socket_name(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _refuse_taken_port() -> None:
    """Raise before anything is touched; gunicorn would try for 5 s and then say it in a traceback."""
    try:
        _try_bind(settings.HOST, settings.PORT)
    except OSError as error:
        raise CommandError(_port_refusal(error)) from None
    bind = settings.METRICS_BIND
    if bind is None:
        return
    try:
        _try_bind(bind.host, bind.port)
    except OSError as error:
        said = f"RUNBELL_METRICS_BIND {_socket_name(bind.host)}:{bind.port} cannot be listened at ({error.strerror})"
        raise CommandError(f"{said}; choose another") from None


def _try_bind(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _port_refusal(error: OSError) -> str:
    other = settings.PORT + 1 if settings.PORT < 65535 else 8000
    if error.errno == errno.EADDRINUSE:
        return f"PORT {settings.PORT} is in use; choose another with PORT={other}"
    if error.errno == errno.EACCES:
        return f"PORT {settings.PORT} is for root alone; choose one above 1023 with PORT=8000"
    return f"RUNBELL_HOST {settings.HOST} is no address of this machine; choose 127.0.0.1 or 0.0.0.0"


def _wait_until_ready(children: dict[str, Child], stop: StopSignal) -> bool:
    """Wait for the web server's answer; False where it is over before that."""
    deadline = time.monotonic() + _READY_SECONDS
    answer = "no answer"
    while not stop.received and not any(child.has_ended() for child in children.values()):
        answer = _health()
        if answer == "200":
            return True
        if time.monotonic() > deadline:
            raise CommandError(f"The web server is not ready after {_READY_SECONDS} s: /healthz gives {answer}.")
        time.sleep(POLL_SECONDS)
    return False


def _health() -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=5)
    # As a proxy in front would ask: else the allowed hosts could refuse.
    address = urlsplit(settings.RUNBELL_URL)
    headers = {"Host": address.netloc}
    try:
        connection.request("GET", "/healthz", headers=headers)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return error.__class__.__name__
    finally:
        connection.close()


def _wait_for_the_first(children: dict[str, Child], stop: StopSignal) -> str:
    """Wait for the first to end and give its name; an empty text where the stop signal came before."""
    while not stop.received:
        for name, child in children.items():
            if child.has_ended():
                return name
        stop.wait(SELDOM_SECONDS)
    return ""


def _welcome(sign_in: first_start.FirstSignIn | None, *, is_terminal: bool) -> str:
    """Say what to do now. A password is shown once, to a person: what is written to a log stays there."""
    rows = [
        ("Open", settings.RUNBELL_URL),
        ("Sign in", "with your account"),
        ("Data", str(settings.DATA_DIR)),
    ]
    note = ""
    if sign_in and sign_in.is_new and is_terminal:
        rows[1:2] = [("Sign in", f"{sign_in.user} / {sign_in.password}"), ("API key", sign_in.api_key)]
        note = f"  They are shown this once, and stand in {first_start.FILE_NAME} in there until you sign in.\n"
    elif sign_in:
        rows[1:2] = [("Sign in", f"as {sign_in.user}: {settings.DATA_DIR / first_start.FILE_NAME}")]
        note = f"  {first_start.FILE_NAME} holds the password and an API key; it goes with the first sign-in.\n"
    lines = "\n".join(f"    {label:<10}{value}" for label, value in rows)
    return f"\n  Runbell {settings.VERSION} is ready\n\n{lines}\n\n{note}  Ctrl-C stops it.\n"
