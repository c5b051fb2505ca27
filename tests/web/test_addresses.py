"""Hosts and origins as the settings name them, in every form that browsers and keepers write."""

import socket

import pytest

from chains import Settings
from web import exposure

from .calls import URL, post
from .conftest import MakeApp

CALLS = {"Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize("listed", ["https://good.example", "https://good.example/", "HTTPS://Good.Example:443"])
def test_an_origin_may_call_however_it_is_written(make: MakeApp, listed: str) -> None:
    client, good = make(cors_origins=(listed,)).test_client(), "https://good.example"
    answer = post(client, headers={**CALLS, "Origin": good})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (201, good)
    for other in ("https://good.example.evil", "https://xgood.example", "http://good.example", "https://goodxexample"):
        answer = post(client, headers={**CALLS, "Origin": other})
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_brackets_of_an_origin_are_no_pattern(make: MakeApp) -> None:
    client = make(cors_origins=("http://[::1]:5173",)).test_client()
    good = post(client, headers={**CALLS, "Origin": "http://[::1]:5173"})
    assert (good.status_code, good.headers["Access-Control-Allow-Origin"]) == (201, "http://[::1]:5173")
    for other in ("http://1:5173", "http://::5173", "http://[::1]:51730", "http://[::2]:5173"):
        assert post(client, headers={**CALLS, "Origin": other}).status_code == 403
        assert "Access-Control-Allow-Origin" not in client.get(URL, headers={"Origin": other}).headers


def test_any_origin_may_read_and_change_where_the_setting_says_so(make: MakeApp) -> None:
    client = make(cors_origins=("*",)).test_client()
    headers = {"Origin": "https://any.example", "Access-Control-Request-Method": "POST"}
    assert client.options(URL, headers=headers).headers["Access-Control-Allow-Origin"] in ("*", headers["Origin"])
    for origin in ("https://any.example", "null"):
        answer = post(client, headers={**CALLS, "Origin": origin})
        assert answer.status_code == 201
        assert answer.headers["Access-Control-Allow-Origin"] in ("*", origin)


@pytest.mark.parametrize("origin", ["http://[::1", "[", "http://", "://localhost", "http://evil.example/localhost"])
def test_an_origin_that_is_none_is_refused(make: MakeApp, origin: str) -> None:
    answer = post(make().test_client(), headers={"Origin": origin})
    assert (answer.status_code, answer.json["code"]) == (403, "origin_not_allowed")


def test_ipv6_is_answered_as_it_is_trusted(make: MakeApp) -> None:
    client = make().test_client()
    for host, status in (("[::1]", 200), ("[::1]:5072", 200), ("LocalHost:80", 200), ("[::2]", 400), ("[", 400)):
        answer = client.get("/healthz", headers={"Host": host})
        assert (answer.status_code, str(answer.mimetype).startswith("application/")) == (status, True), host
    own = {"Host": "[::1]:5072", "Origin": "http://[::1]:5072", "Sec-Fetch-Site": "same-origin"}
    assert post(client, headers=own).status_code == 201


def test_every_host_is_answered_where_none_is_named(make: MakeApp) -> None:
    assert make(trusted_hosts=()).test_client().get("/healthz", headers={"Host": "any.example"}).status_code == 200


def test_loopback_is_known_in_both_families() -> None:
    assert exposure(Settings(host="[::1]")) is exposure(Settings(host="LOCALHOST")) is None
    assert "Whoever reaches :: sees" in str(exposure(Settings(host="::")))


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
def test_a_server_listens_at_ipv6() -> None:
    from web.serve import Server

    assert Server(Settings(host="[::1]", port=5072), lambda: None).cfg.address == [("::1", 5072)]  # type: ignore[arg-type, return-value]
