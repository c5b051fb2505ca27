"""Addresses and rates: what can be used comes in one form, and the rest is refused."""

import pytest

from chains import addresses


@pytest.mark.parametrize(
    ("given", "host", "url"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:80"), ("::1", "::1", "http://[::1]:80"),
        ("[::1]", "::1", "http://[::1]:80"), ("::", "::", "http://[::]:80"), (" localhost ", "localhost", "http://localhost:80"),
        ("fe80::1%eth0", "fe80::1%eth0", "http://[fe80::1%eth0]:80"), ("my-host.local", "my-host.local", "http://my-host.local:80"),
    ],
)  # fmt: skip
def test_an_address_to_listen_at(given: str, host: str, url: str) -> None:
    assert addresses.host(given) == host
    assert addresses.url_of(host, 80) == url


@pytest.mark.parametrize("given", ["", "http://localhost", "localhost:80", "[::1]:80", "a..b", "a b", "::1::", "-x"])
def test_no_address_to_listen_at(given: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        addresses.host(given)


@pytest.mark.parametrize(
    ("given", "trusted"),
    [
        ("::1", "[::1]"), ("[::1]", "[::1]"), ("[0:0:0:0:0:0:0:1]:5000", "[::1]"), ("FE80::A", "[fe80::a]"),
        ("Example.COM", "example.com"), ("example.com:8080", "example.com"), (".example.com", ".example.com"),
        ("bücher.example", "xn--bcher-kva.example"), ("192.168.1.20", "192.168.1.20"),
    ],
)  # fmt: skip
def test_a_host_to_answer_to(given: str, trusted: str) -> None:
    assert addresses.trusted_host(given) == trusted


@pytest.mark.parametrize("given", ["", "*", "http://example.com", "example.com/x", "[::1", "."])
def test_no_host_to_answer_to(given: str) -> None:
    with pytest.raises(ValueError, match="is no host's name"):
        addresses.trusted_host(given)


@pytest.mark.parametrize(
    ("host", "fits"),
    [
        ("[::1]", True), ("[::1]:5072", True), ("[0:0::1]:5072", True), ("LOCALHOST:1", True), ("a.b.example", True),
        ("b.example", True), ("xb.example", False), ("[::2]:5072", False), ("::1", False), ("", False), ("[", False),
        ("localhost.evil", False), ("evil:localhost", False), ("[::1].evil", False),
    ],
)  # fmt: skip
def test_what_a_request_names_is_trusted_or_not(host: str, fits: bool) -> None:
    trusted = tuple(map(addresses.trusted_host, ("localhost", "::1", ".b.example")))
    assert addresses.is_trusted(host, trusted) is fits
    assert addresses.is_trusted(host, ())


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://good.example/", "https://good.example"), ("HTTPS://Good.Example", "https://good.example"),
        ("http://[::1]:5173/", "http://[::1]:5173"), ("https://x.example:443", "https://x.example"), ("*", "*"),
        ("http://x:8080", "http://x:8080"), ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_an_origin(given: str, origin: str) -> None:
    assert addresses.origin(given) == origin


@pytest.mark.parametrize(
    "given",
    [
        "", "good.example", "https://good.example/app", "https://[::1", "ftp://x", "null", "https://a@b", "https://*.x",
        "https://x:port", "https://", "https://x/?a", "https://a b",
    ],
)  # fmt: skip
def test_no_origin(given: str) -> None:
    with pytest.raises(ValueError, match="is not an origin such as"):
        addresses.origin(given)


def test_rates() -> None:
    for given in ("240/minute", "5 per hour; 20/day", "10/15 minutes", ""):
        assert addresses.rate(given) == given
    assert addresses.rate(" ") == ""
    for given in ("fast", "10", "/minute", "10/fortnight", "-1/minute", "10/minute; fast", "1.5/minute", "10/minute x"):
        with pytest.raises(ValueError, match="is no rate"):
            addresses.rate(given)
