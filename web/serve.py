"""The server: gunicorn with one worker of many threads.

The worker imports what the app is made of, and makes it: torch is never forked, and the parent stays small.
"""

import ipaddress
import logging
import os
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import AppImportError

from chains import MoodcapError, RequestError, Settings, url_of

from .memory import hold_little

if TYPE_CHECKING:
    from flask import Flask

    from .captions import Captions

log = logging.getLogger(__name__)
GRACE = 30  # seconds for what is being served when the server is told to stop


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn, with everything set by Moodcap's settings."""

    def __init__(self, settings: Settings, make: "Callable[[], Flask]") -> None:
        self.settings, self.make = settings, make
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn's settings."""
        options = {
            "bind": url_of(self.settings.host, self.settings.port).removeprefix("http://"),
            "worker_class": "gthread",
            "workers": 1,
            "threads": self.settings.threads,
            "timeout": 120,
            "graceful_timeout": GRACE,
            "keepalive": 5,
            "post_worker_init": stop_gently,
            "worker_exit": finish,
            "proc_name": "moodcap",
            "loglevel": "warning",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> "Flask":
        """The app, made in the worker."""
        from .logs import set_up_logs

        # one thread looks at photos while another writes: none may wait for the other's core by spinning
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        set_up_logs()
        hold_little()
        if told := exposure(self.settings):
            log.warning(told)
        try:
            return self.make()
        except MoodcapError as error:  # a setting that cannot be used: gunicorn prints it, and starts no other worker
            raise AppImportError(str(error)) from error


def exposure(settings: Settings) -> str | None:
    """What others can do who reach the server, where that is more than its keeper may think."""
    if _is_loopback(settings.host) and not settings.proxies:
        return None
    if not settings.accounts:
        return (
            f"Whoever reaches {settings.host} sees, changes and deletes everything: there are no accounts. "
            "MOODCAP_ACCOUNTS=on has people sign in."
        )
    if not settings.proxies:
        return (
            f"Passwords go to {settings.host} in the clear: put a proxy with HTTPS before it, and set MOODCAP_PROXIES."
        )
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def serve(settings: Settings, make: "Callable[[], Flask]") -> None:
    """Serve until told to stop.

    Raises:
        RequestError: the address or the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise RequestError(
            f"Nothing can be served at {url_of(settings.host, settings.port)}: {why.lower()}. "
            "MOODCAP_HOST and MOODCAP_PORT set another place."
        ) from error
    logging.getLogger("gunicorn.error").addFilter(_is_news)
    Server(settings, make).run()


def _is_news(record: logging.LogRecord) -> bool:
    """Whether gunicorn says more than that a worker could not start which has told why itself."""
    said = record.getMessage()
    return not (
        said.endswith(f"exited with code {Arbiter.APP_LOAD_ERROR}.")
        or said.startswith(("Shutting down:", "Reason: App"))
    )


def stop_gently(worker: Any) -> None:
    """On SIGTERM be unready at once, while what is being served is finished."""
    usual: Any = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: Any) -> None:
        _captions(worker).scheduler.drain()
        usual(number, frame)

    signal.signal(signal.SIGTERM, stop)


def finish(server: Any, worker: Any) -> None:
    """Before the worker goes: end the batch that is being worked on; what was accepted waits for the next start."""
    if getattr(worker, "wsgi", None) is not None:
        _captions(worker).stop(GRACE)


def _captions(worker: Any) -> "Captions":
    found: Captions = worker.wsgi.extensions["moodcap"]
    return found
