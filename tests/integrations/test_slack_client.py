"""slack-sdk speaks through the one socket and opens none of its own."""

from __future__ import annotations

import inspect
import urllib.request
from typing import Any

import pytest
import slack_sdk
from slack_sdk.errors import SlackApiError

from integrations.slack.web.client import Incoming, Web
from outbound.client import Client, Reply, Request, Unreachable
from tests.slack_server import TOKEN, SlackServer


@pytest.fixture(autouse=True)
def no_socket_of_slack_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("slack-sdk opened a connection of its own")

    monkeypatch.setattr(urllib.request, "urlopen", refused)
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refused)
    # What slack-sdk would obey.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")


def through(slack: SlackServer) -> Any:
    client = Client(_Anywhere(), version="1")
    return client.send


class _Anywhere:
    """A policy that lets the tests reach themselves."""

    refused_ports: frozenset[int] = frozenset()
    max_url_length = 8192

    def permits(self, _address: Any) -> bool:
        return True

    def opens(self, _address: Any) -> bool:
        return True


def test_the_web_api_is_asked_through_our_socket(slack: SlackServer) -> None:
    web = Web(through(slack), base_url=slack.api_url, token=TOKEN)
    assert web.auth_test()["team_id"] == "T001"
    with pytest.raises(SlackApiError):
        Web(through(slack), base_url=slack.api_url, token="xoxb-other").auth_test()


def test_pages_of_an_answer_come_through_our_socket_too(slack: SlackServer) -> None:
    slack.channels = [{"id": f"C{number:03}", "name": f"c{number}"} for number in range(5)]
    web = Web(through(slack), base_url=slack.api_url, token=TOKEN)
    names = [one["name"] for page in web.conversations_list(limit=2) for one in page["channels"]]
    assert names == ["c0", "c1", "c2", "c3", "c4"]
    assert len(slack.requests) == 3


def test_an_incoming_webhook_is_called_through_our_socket(slack: SlackServer) -> None:
    assert Incoming(through(slack), slack.hook_url).send(text="hello").body == "ok"
    assert slack.messages == [{"channel": "hook", "text": "hello"}]


def test_our_failures_come_out_as_they_are() -> None:
    def unreachable(_request: Request) -> Reply:
        raise Unreachable("The name could not be resolved")

    with pytest.raises(Unreachable):
        Web(unreachable, base_url="https://slack.test/api/", token=TOKEN).auth_test()
    with pytest.raises(Unreachable):
        Incoming(unreachable, "https://hooks.slack.test/x").send(text="hello")


def test_slack_sdk_still_sends_where_we_stand_in() -> None:
    """Their names are private: another release may send elsewhere, and this says so."""
    for ours, name in (
        (Web, "_perform_urllib_http_request_internal"),
        (Incoming, "_perform_http_request_internal"),
    ):
        assert "urlopen(" in inspect.getsource(getattr(ours.__mro__[1], name, None) or getattr(ours.__base__, name))
        senders = [
            method
            for method in vars(ours.__mro__[-2]).values()
            if inspect.isfunction(method) and "urlopen(" in inspect.getsource(method)
        ]
        assert [method.__name__ for method in senders] == [name]
    assert slack_sdk.version.__version__.startswith("3.")
