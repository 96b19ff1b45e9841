"""Planted credentials are found however they are written, with their name, their form and their place."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.incident.leaks import of_requests, search
from steps.world.credentials import Credentials
from steps.world.journal import Journal
from steps.world.planted import Found, Planted

SECRET = "https://hooks.slack.com/services/T0/B0/a+b=c"
FORMS = {
    "as it is": SECRET,
    "escaped for JSON": SECRET.replace("/", "\\/"),
    "escaped for a URL": quote(SECRET, safe=""),
    "in hexadecimal": SECRET.encode().hex(),
    "in base64": base64.b64encode(SECRET.encode()).decode(),
}


def planted() -> Planted:
    planted = Planted()
    planted.add(SECRET, "slack_webhook_url")
    planted.add("lin_api_0123456789", "linear_api_key")
    return planted


@pytest.mark.parametrize("form", FORMS)
def test_a_credential_is_found_with_its_form_and_its_place(form: str) -> None:
    before = "Größe: "
    (found,) = planted().find(f"{before}{FORMS[form]} and more")
    assert (found.name, found.form, found.at) == ("slack_webhook_url", form, len(before.encode()))


def test_other_ways_of_writing_it_are_found_too() -> None:
    lower = quote_plus(SECRET).replace("%2F", "%2f").replace("%3A", "%3a").replace("%2B", "%2b").replace("%3D", "%3d")
    in_json = json.dumps({"url": SECRET})
    for text in (lower, in_json, quote(in_json), SECRET.encode().hex().upper()):
        assert [one.name for one in planted().find(text)] == ["slack_webhook_url"], text


@given(before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_it_is_found_wherever_it_stands_within_base64(before: bytes, after: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        (found,) = planted().find(encode(before + SECRET.encode() + after))
        assert (found.name, found.form) == ("slack_webhook_url", "in base64")


def test_all_are_found_in_order_and_nothing_else() -> None:
    text = f"lin_api_0123456789, {SECRET}, lin_api_012345678, lin_api_0123456789"
    assert [one.name for one in planted().find(text)] == ["linear_api_key", "slack_webhook_url", "linear_api_key"]
    assert planted().find("lin_api_…") == planted().find(b"\xff\x00") == planted().find("\ud800") == []
    assert Planted().find(SECRET) == []


def test_a_key_and_the_next_one_share_a_name() -> None:
    one = planted()
    one.add("lin_api_abcdefghij", "linear_api_key")
    assert one.names == {"slack_webhook_url", "linear_api_key"}
    assert one.find("x lin_api_abcdefghij") == [Found("linear_api_key", "as it is", 2)]
    assert one.redact("lin_api_abcdefghij lin_api_0123456789") == "«linear_api_key» «linear_api_key»"


def test_of_a_slack_webhook_the_path_alone_is_found_too_and_belongs_into_a_call_of_slack(journal: Journal) -> None:
    credentials = Credentials()
    credentials.plant(journal)
    url = credentials.slack_webhook_url
    path = url.removeprefix("https://hooks.slack.com")
    for text in (url, path, f'https://hooks.slack.com:443 "POST {path} HTTP/1.1" 200', json.dumps({"path": path})):
        assert [one.name for one in journal.planted.find(text)] == ["slack_webhook_url"], text
    assert journal.redact(f"POST {url}") == "POST «slack_webhook_url»"
    assert journal.redact(f'hooks.slack.com "POST {path}"') == 'hooks.slack.com "POST «slack_webhook_url»"'
    team, _, token = path.removeprefix("/services/").split("/")
    assert journal.planted.find(f"https://hooks.slack.com/services/{team}/B0/{token[:8]}") == []
    for address in (url, f"https://hooks.slack.com:443{path}"):
        call = journal.record(caller="agent-sre", callee="slack", method="POST", url=address)
        assert search(of_requests([call]), journal.planted).leaks == {}
    elsewhere = journal.record(caller="agent-sre", callee="loki", method="POST", url=f"http://loki.test{path}")
    assert list(search(of_requests([elsewhere]), journal.planted).leaks) == ["queries"]
