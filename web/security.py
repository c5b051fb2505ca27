"""What every request passes: its id, its host, its origin, its size, its rate; and the headers of every answer."""

import re
import time
import uuid
from typing import Any

import structlog
from flask import Flask, Response, g, request
from flask_cors import CORS
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from chains import PhotoTooLarge, Settings, is_trusted

from .errors import OriginNotAllowed
from .metrics import Metrics
from .owner import current_owner

log = structlog.get_logger(__name__)
FORM = 500_000  # bytes of a form besides its photo; the parser needs room for its parts of 64 kB too
ANY = "*"
SAFE = ("GET", "HEAD", "OPTIONS")
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:",
        "connect-src 'self'", "font-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'self'",
        "frame-ancestors 'none'",
    )
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def secure(app: Flask, settings: Settings, metrics: Metrics) -> None:
    """Have every request of the app watched over."""
    app.config["MAX_CONTENT_LENGTH"] = settings.max_bytes + FORM
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM
    app.config["MAX_FORM_PARTS"] = 20
    if settings.proxies:
        count = settings.proxies
        proxied: Any = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_prefix=count)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    if settings.cors_origins:
        CORS(
            app,
            resources=r"/api/.*",
            origins=["*"] if ANY in settings.cors_origins else list(map(_exactly, settings.cors_origins)),
            methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Prefer", "X-Request-Id"],
            expose_headers=["Location", "Retry-After", "X-Request-Id", "Preference-Applied"],
            max_age=600,
        )

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if re.fullmatch(r"[\w-]{8,64}", given, re.ASCII) else uuid.uuid4().hex
        g.started = time.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        if not is_trusted(request.host, settings.trusted_hosts):
            raise SecurityError("This server is not called by that name; see MOODCAP_TRUSTED_HOSTS.")
        _check_size(settings)
        _check_origin(settings)

    @app.teardown_request
    def close(_: BaseException | None) -> None:
        request.close()  # large photos lie in temporary files

    @app.after_request
    def end(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        if response.status_code not in (429, 503):
            response.headers.pop("Retry-After", None)  # the limiter says it of every answer
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin" if settings.cors_origins else "same-origin"
        response.headers["X-Request-Id"] = g.get("request_id", "")
        _note(response, metrics)
        return response


def limit_rate(app: Flask, settings: Settings, *endpoints: str) -> None:
    """Limit how often one address, or one user where there are accounts, may ask for the endpoints, together."""
    by = current_owner if settings.accounts else get_remote_address
    limiter = Limiter(by, app=app, headers_enabled=True, storage_uri="memory://")
    if settings.rate_limit:
        limit: Any = limiter.shared_limit(settings.rate_limit, scope="captions")
        for endpoint in endpoints:
            app.view_functions[endpoint] = limit(app.view_functions[endpoint])


def _exactly(origin: str) -> re.Pattern[str]:
    """A pattern that fits one origin; as a text the brackets of an IPv6 address would be read as a pattern."""
    return re.compile(re.escape(origin) + r"\Z")


def _check_size(settings: Settings) -> None:
    """Refuse what is too large; read a little of it, for a client that hears nothing while it sends."""
    size = request.content_length or 0
    if size <= settings.max_bytes + FORM:
        return
    left = min(size, 4 * settings.max_bytes)
    source = request.environ["wsgi.input"]
    while left > 0 and (part := source.read(min(left, 1 << 20))):
        left -= len(part)
    raise PhotoTooLarge(f"The photo has more than the {settings.max_bytes:,} bytes that are read.")


def _check_origin(settings: Settings) -> None:
    """Refuse changes that a page of another origin asks for in a user's name."""
    if request.method in SAFE:
        return
    origin = request.headers.get("Origin")
    if origin is not None and {ANY, origin.lower()} & set(settings.cors_origins):
        return
    own = origin is not None and origin.lower() in (
        f"{scheme}://{request.host.lower()}" for scheme in ("http", "https")
    )
    cross = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    if (origin is not None and not own) or (origin is None and cross):
        raise OriginNotAllowed("Pages of this origin may not change anything here; see MOODCAP_CORS_ORIGINS.")


def _note(response: Response, metrics: Metrics) -> None:
    seconds = time.monotonic() - g.get("started", time.monotonic())
    route = request.url_rule.rule if request.url_rule else "none"
    metrics.request_seconds.labels(request.method, route, response.status_code).observe(seconds)
    problem = g.get("problem")
    if problem is not None:
        metrics.rejects.labels(problem).inc()
    if route not in ("/healthz", "/readyz", "/metrics"):
        told = {"code": problem} if problem else {}
        values = {"method": request.method, "route": route, "status": response.status_code}
        log.info("request", **values, seconds=round(seconds, 4), **told)
