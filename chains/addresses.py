"""Settings that are addresses or rates, checked and brought into one form."""

import ipaddress
import re
from urllib.parse import urlsplit

NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII)
HEADER = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:/@\s]+)(?::\d{1,5})?", re.ASCII)
PORTS = {"http": 80, "https": 443}
ORIGIN = "an origin such as https://captions.example, without a path"


def host(value: str) -> str:
    """An address to listen at: a name, or an IP address without brackets.

    Raises:
        ValueError: it is none.
    """
    bare = _bare(value.strip())
    if not _is_ip(bare) and not NAME.fullmatch(_ascii(bare)):
        raise ValueError(f"{value!r} is no address such as 127.0.0.1, ::1 or a host's name")
    return bare


def trusted_host(value: str) -> str:
    """A host as requests name it: in lower case, IPv6 in brackets, without a port; `.example` is any host below.

    Raises:
        ValueError: it is none.
    """
    given = value.strip().lower()
    dot, name = ("." if given.startswith(".") else ""), _ascii(host_part(given.removeprefix(".")))
    bare = _bare(name if not _is_ip(given) else given)
    if _is_ip(bare) and not dot:
        return _in_url(bare)
    if not NAME.fullmatch(name):
        raise ValueError(f"{value!r} is no host's name; an empty list trusts all names")
    return dot + name


def host_part(value: str) -> str:
    """The host of a `Host` header, without its port; empty where it is none."""
    found = HEADER.fullmatch(value)
    return found[1] if found else ""


def is_trusted(value: str, trusted: tuple[str, ...]) -> bool:
    """Whether a `Host` header names one of the trusted hosts; where there are none, any does."""
    name = host_part(value.lower())
    if name.startswith("[") and _is_ip(name[1:-1]):
        name = _in_url(name[1:-1])
    return not trusted or any(name in (one, one[1:]) or name.endswith(one) if one[0] == "." else name == one
                              for one in trusted)  # fmt: skip


def origin(value: str) -> str:
    """An origin as browsers send it: in lower case, without a slash or a port that goes without saying; or `*`.

    Raises:
        ValueError: it is none.
    """
    if value.strip() == "*":
        return "*"
    try:
        parts = urlsplit(value.strip().lower().removesuffix("/"))
        name, port = _ascii(parts.hostname or ""), parts.port
    except ValueError as error:
        raise ValueError(f"{value!r} is not {ORIGIN}") from error
    whole = parts.path or parts.query or parts.fragment or parts.username is not None
    if parts.scheme not in PORTS or whole or not (_is_ip(name) or NAME.fullmatch(name)):
        raise ValueError(f"{value!r} is not {ORIGIN}")
    shown = "" if port in (None, PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{_in_url(name)}{shown}"


def rate(value: str) -> str:
    """A rate, or several: `10/minute`, `5 per hour; 20/day`; empty for none.

    Raises:
        ValueError: it is none.
    """
    if value.strip():
        from limits import parse_many

        try:
            parse_many(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is no rate such as 10/minute; leave it empty for any") from error
    return value.strip()


def url_of(address: str, port: int) -> str:
    """The URL of a server at an address."""
    return f"http://{_in_url(address)}:{port}"


def _bare(value: str) -> str:
    return value[1:-1] if value.startswith("[") and value.endswith("]") else value


def _in_url(value: str) -> str:
    if ":" not in value:
        return value
    address, percent, scope = value.partition("%")
    return f"[{ipaddress.IPv6Address(address)}{percent}{scope}]"


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
        return True
    except ValueError:
        return False


def _ascii(name: str) -> str:
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name
