"""Slack and the approval application as their contracts say, forged answers, and the reference's approvals."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from steps.drivers.approvals import Approvers
from steps.incident.alert import Alert as KnownAlert
from steps.incident.alert import make_alert
from steps.incident.approvals import (
    PARTIES,
    Decided,
    PromptPeople,
    as_approved,
    asks_application,
    button_of,
    differ,
    facts_of,
    ids_on_buttons,
    moments,
    on_time,
    records,
    refused,
    rejected_after,
    tells,
)
from steps.incident.approvals import Approvals as Claims
from steps.incident.forgery import FORGERIES, about_another
from steps.incident.incident import Incident
from steps.incident.remediation import Remediation
from steps.incident.sayings import Saying
from steps.incident.waiting import BedNotReady, Waiting
from steps.reference.agent.alert import Alert
from steps.reference.agent.approval_application import ApprovalApplication as ApplicationClient
from steps.reference.agent.approvals import Answer, Approvals, Decision, Outcome, Question, UnknownRequestError
from steps.reference.agent.callbacks import Callbacks
from steps.reference.agent.settings import read
from steps.reference.agent.slack import ForgedError, message_of
from steps.reference.agent.slack import Slack as SlackClient
from steps.reference.calls import RefusedError, Retries, TransientError
from steps.reference.settings import Secret, SettingsError
from steps.targets.profile import Limits, Rulings
from steps.world.journal import Journal
from steps.world.services.approvals import (
    PATH,
    Approval,
    ApprovalApplication,
    Message,
    Person,
    Slack,
    form,
    signature,
    webhook_url,
)
from steps.world.services.approvals.blocks import InvalidMessage, checked, texts_of
from steps.world.services.covered import uncovered
from steps.world.services.signals import Signals
from tests.eventually import eventually
from tests.test_claims import comment, issue_of
from tests.test_claims_remediation import FUNCTION
from tests.test_claims_remediation import call as call_of_function

SECRET = "the-signing-secret"
SOMEBODY = Person("U0SOMEBODY", "some.body", "Some Body")
TEXT = {"type": "plain_text", "text": "Hello"}


class Clock:
    """A time that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def client_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://approvals")


# -- Block Kit


def saying(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "button", "text": TEXT, "action_id": "a", **changes}


def actions(*buttons: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(buttons), **changes}


def section(**parts: Any) -> dict[str, Any]:
    return {"type": "section", **parts}


def mrkdwn(length: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": "x" * length}


def said(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def paragraph(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(pieces)}


def rich(*elements: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements), **changes}


GOOD_BLOCKS: list[dict[str, Any]] = [
    {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
    section(text=mrkdwn(3000)),
    section(fields=[mrkdwn(2000)] * 10),
    section(text=mrkdwn(1), accessory=button()),
    actions(*(button(action_id=str(n)) for n in range(25))),
    actions(button(action_id="a" * 255, value="v" * 2000, text={"type": "plain_text", "text": "x" * 75})),
    actions(button(style="danger", confirm={"title": TEXT, "text": TEXT, "confirm": TEXT, "deny": TEXT})),
    {"type": "context", "elements": [mrkdwn(1)] * 10},
    {"type": "divider", "block_id": "b" * 255},
    {"type": "image", "image_url": "https://example.com/graph.png", "alt_text": "graph"},
    rich(paragraph(said("Pod: ", bold=True), said("checkout", code=True), {"type": "link", "url": "https://x"})),
    rich(
        paragraph(
            {"type": "user", "user_id": "U1"},
            {"type": "usergroup", "usergroup_id": "S1"},
            {"type": "channel", "channel_id": "C1"},
            {"type": "broadcast", "range": "here"},
            {"type": "emoji", "name": "rotating_light", "unicode": "1f6a8"},
            {"type": "date", "timestamp": 1_800_000_000, "format": "{date_num}", "fallback": "then"},
            {"type": "color", "value": "#ff0000"},
        ),
        block_id="b",
    ),
    rich({"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": [paragraph(said("a"))] * 3}),
    rich({"type": "rich_text_preformatted", "elements": [said("kubectl get pods")], "border": 0}),
    rich({"type": "rich_text_quote", "elements": [said("overloaded")]}),
    {"type": "markdown", "text": "**Approve?**"},
]


@pytest.mark.parametrize("block", GOOD_BLOCKS)
def test_a_block_within_slacks_limits_is_taken(block: dict[str, Any]) -> None:
    assert len(checked([block])) == 1


@pytest.mark.parametrize(
    "blocks",
    [
        "a section",
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "header", "text": mrkdwn(1)}],
        [section()],
        [section(text=mrkdwn(3001))],
        [section(text=mrkdwn(0))],
        [section(fields=[mrkdwn(1)] * 11)],
        [section(fields=[mrkdwn(2001)])],
        [section(text="bare text")],
        [section(text=mrkdwn(1), colour="red")],
        [actions()],
        [actions(*(button(action_id=str(n)) for n in range(26)))],
        [actions(button(), button())],
        [actions(button(action_id="a" * 256))],
        [actions(button(value="v" * 2001))],
        [actions(button(value=7))],
        [actions(button(url="https://example.com/" + "x" * 3000))],
        [actions(button(text={"type": "plain_text", "text": "x" * 76}))],
        [actions(button(text=mrkdwn(1)))],
        [actions(button(style="warning"))],
        [{"type": "context", "elements": [mrkdwn(1)] * 11}],
        [{"type": "divider", "block_id": "b" * 256}],
        [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
        [{"type": "banner"}],
        [{"type": "divider"}] * 51,
        [rich(said("bare"))],
        [rich(paragraph(TEXT))],
        [rich(paragraph(said("")))],
        [rich(paragraph(said("x", blink=True)))],
        [rich(paragraph({"type": "link"}))],
        [rich({"type": "rich_text_list", "elements": [paragraph(said("a"))]})],
        [rich({"type": "rich_text_list", "style": "bullet", "elements": [said("a")]})],
        [rich(paragraph(said("a")), text="x")],
        [{"type": "rich_text"}],
        [{"type": "markdown", "text": ""}],
        [{"type": "markdown", "text": "x" * 12_001}],
    ],
)
def test_a_block_beyond_slacks_limits_is_refused(blocks: Any) -> None:
    with pytest.raises(InvalidMessage) as refused:
        checked(blocks)
    assert refused.value.code == "invalid_blocks"


def test_the_pieces_of_rich_text_are_read_as_one() -> None:
    link = {"type": "link", "url": "https://x/"}
    items = {"type": "rich_text_list", "style": "ordered", "elements": [paragraph(said("a"), said("b")), paragraph()]}
    block = rich(paragraph(said("Pod: ", bold=True), said("checkout-"), said("v1 ", code=True), link), items)
    assert list(texts_of([block, section(text=mrkdwn(2))])) == ["Pod: checkout-v1 https://x/", "ab", "", "xx"]


def test_the_facts_may_stand_in_an_attachment_of_the_old_form_and_not_beside_the_blocks_of_one() -> None:
    fields = [{"title": "Pod", "value": "checkout &amp; till", "short": True}, {"title": "Namespace", "value": "shop"}]
    old = {"color": "danger", "pretext": "Run pod-restart?", "fields": fields, "callback_id": "unseen"}
    request = {"text": "Approve?", "blocks": [actions(button())], "attachments": [old]}
    seen = Message("1", "#c", request)
    tells(seen, {"the action": "pod-restart", "parameter name": "checkout & till", "parameter namespace": "shop"})
    assert "unseen" not in seen.text and len(seen.buttons) == 1
    hidden = Message("1", "#c", request | {"attachments": [old | {"blocks": [section(text=mrkdwn(1))]}]})
    with pytest.raises(AssertionError, match="parameter namespace 'shop'"):
        tells(hidden, {"parameter namespace": "shop"})


def test_the_text_of_a_message_is_read_only_where_it_has_no_blocks_of_its_own() -> None:
    request = {"text": "pod-restart &amp; shop", "attachments": [{"blocks": [actions(button())]}]}
    facts = {"the action": "pod-restart & shop"}
    tells(Message("1", "#c", request), facts)
    tells(Message("1", "#c", request | {"blocks": []}), facts)
    hidden = Message("1", "#c", request | {"blocks": [actions(button())]})
    with pytest.raises(AssertionError, match="the action 'pod-restart & shop'"):
        tells(hidden, facts)


# -- Slack's webhook


@dataclass
class Workspace:
    """Slack with one webhook."""

    clock: Clock = field(default_factory=Clock)
    url: str = field(default_factory=webhook_url)

    def __post_init__(self) -> None:
        self.slack = Slack(rate=1, burst=2, clock=self.clock)
        self.slack.add_webhook(self.url, "#agent-approvals")
        self.client = client_of(self.slack.app)

    async def post(self, message: Any, **request: Any) -> httpx.Response:
        return await self.client.post(self.url, **({"json": message} | request))


async def test_a_message_is_taken_with_a_plain_ok_and_no_ts() -> None:
    workspace = Workspace()
    answer = await workspace.post({"text": "hello", "channel": "#elsewhere"})
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["content-type"].startswith("text/plain")
    assert [(message.channel, message.text) for message in workspace.slack.messages] == [("#agent-approvals", "hello")]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": 7}, "invalid_payload"),
        (["hello"], "invalid_payload"),
        ({"text": "hello", "blocks": [{"type": "banner"}]}, "invalid_blocks"),
        ({"attachments": [{"blocks": [{"type": "banner"}]}]}, "invalid_blocks"),
        ({"attachments": ["red"]}, "invalid_payload"),
        ({"attachments": [{}] * 101}, "too_many_attachments"),
    ],
)
async def test_a_bad_message_is_refused_with_slacks_word_for_it_in_plain_text(message: Any, code: str) -> None:
    workspace = Workspace()
    answer = await workspace.post(message)
    assert (answer.status_code, answer.text) == (400, code)
    assert workspace.slack.messages == []


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ({"type": "video", "title": TEXT}, "a block of type video"),
        ({"type": "input", "label": TEXT}, "a block of type input"),
        (actions(button(), {"type": "overflow", "options": []}), "an element of type overflow"),
        (actions({"type": "static_select", "options": []}), "an element of type static_select"),
        (section(text=TEXT, accessory={"type": "multi_users_select"}), "an element of type multi_users_select"),
        ({"type": "image", "slack_file": {"id": "F1"}, "alt_text": "graph"}, "an image that is a slack_file"),
    ],
)
@pytest.mark.parametrize("attached", [False, True])
async def test_what_slack_has_and_the_double_has_not_breaks_a_scenario_and_fails_nobody(
    block: dict[str, Any], what: str, attached: bool
) -> None:
    workspace = Workspace()
    message: dict[str, Any] = {"text": "x"}
    answer = await workspace.post(
        message | ({"attachments": [{"blocks": [block]}]} if attached else {"blocks": [block]})
    )
    assert (answer.status_code, workspace.slack.messages) == (501, [])
    exchange = Journal().record(
        caller="agent-sre", callee="slack", method="POST", url=workspace.url, status=501, response_body=answer.content
    )
    assert str(uncovered([exchange])).startswith(
        f"The suite's double of slack does not cover {what}, which agent-sre asks for: POST https://hooks.slack.com/"
    )


@pytest.mark.parametrize(
    "block",
    [
        actions({"type": "multi_users_select"}),
        actions({"type": "plain_text_input"}),
        {"type": "context", "elements": [{"type": "overflow"}]},
        {"type": ["video"]},
        {"type": "actions", "elements": {"type": "overflow"}},
    ],
)
async def test_what_slack_has_elsewhere_alone_is_refused(block: dict[str, Any]) -> None:
    answer = await Workspace().post({"text": "x", "blocks": [block]})
    assert (answer.status_code, answer.text) == (400, "invalid_blocks")


@pytest.mark.parametrize(("body", "media_type"), [(b"{", "application/json"), (b'{"text": "x"}', "text/plain")])
async def test_a_body_that_is_not_json_is_an_invalid_payload(body: bytes, media_type: str) -> None:
    workspace = Workspace()
    answer = await workspace.client.post(workspace.url, content=body, headers={"content-type": media_type})
    assert (answer.status_code, answer.text) == (400, "invalid_payload")


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ("forbidden", (403, "action_prohibited")),
        ("gone", (404, "channel_not_found")),
        ("removed", (404, "no_service")),
        ("archived", (410, "channel_is_archived")),
    ],
)
async def test_what_becomes_of_a_channel_is_told_as_slack_tells_it(state: Any, answer: tuple[int, str]) -> None:
    workspace = Workspace()
    workspace.slack.becomes(workspace.url, state)
    refused = await workspace.post({"text": "hello"})
    assert (refused.status_code, refused.text) == answer
    workspace.slack.becomes(workspace.url, "open")
    assert (await workspace.post({"text": "hello"})).status_code == 200


async def test_an_unknown_webhook_has_no_service_and_none_can_be_read() -> None:
    workspace = Workspace()
    assert (await workspace.client.post(webhook_url(), json={"text": "x"})).text == "no_service"
    assert (await workspace.client.get(workspace.url)).status_code == 405


async def test_more_than_a_message_a_second_is_limited_until_the_time_that_is_told() -> None:
    workspace = Workspace()
    for _ in range(2):
        assert (await workspace.post({"text": "burst"})).status_code == 200
    limited = await workspace.post({"text": "too much"})
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "1")
    workspace.clock.now += 1
    assert (await workspace.post({"text": "in time"})).status_code == 200
    workspace.slack.limit_reached(workspace.url, 30)
    workspace.clock.now += 60  # a limit lasts from the first message that meets it
    for passed in (0, 29):
        workspace.clock.now += passed
        assert (await workspace.post({"text": "too early"})).headers["retry-after"] == f"{30 - passed}"
    workspace.clock.now += 1
    assert (await workspace.post({"text": "after it"})).status_code == 200
    assert len(workspace.slack.messages) == 4


# -- a click


APPROVE, REJECT = button(action_id="approve_r-1", value="r-1"), button(action_id="reject_r-1", value="r-1")
MESSAGE = Message("1800000000.000100", "#agent-approvals", {"text": "Approve?", "blocks": [actions(APPROVE, REJECT)]})


def test_a_click_is_told_as_slack_tells_it() -> None:
    payload = Slack().click(MESSAGE, APPROVE, SOMEBODY)
    assert {
        "type",
        "user",
        "api_app_id",
        "token",
        "container",
        "trigger_id",
        "team",
        "channel",
        "message",
        "response_url",
        "actions",
    } <= payload.keys()
    assert payload["type"] == "block_actions"
    assert payload["user"].items() >= {"id": "U0SOMEBODY", "username": "some.body"}.items()
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == MESSAGE.ts
    [action] = payload["actions"]
    assert (action["action_id"], action["value"], action["type"]) == ("approve_r-1", "r-1", "button")
    assert abs(float(action["action_ts"]) - time.time()) < 60
    body = form(payload)
    assert json.loads(parse_qs(body.decode())["payload"][0]) == payload


def test_a_signature_is_the_published_one() -> None:
    """The example of Slack's own documentation on verifying requests."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    assert signature("8f742231b10e8888abcd99yyyzzz85a5", 1531420618, body) == {
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }


async def test_a_response_url_may_be_used_five_times_in_half_an_hour() -> None:
    workspace = Workspace()
    url = workspace.slack.click(MESSAGE, APPROVE, SOMEBODY)["response_url"]
    answers = [(await workspace.client.post(url, json={"text": "done"})).text for _ in range(6)]
    assert answers == ["ok"] * 5 + ["used_url"]
    late = workspace.slack.click(MESSAGE, APPROVE, SOMEBODY)["response_url"]
    workspace.clock.now += 1801
    assert (await workspace.client.post(late, json={"text": "done"})).text == "expired_url"


# -- the approval application

ASKED: dict[str, Any] = {
    "request_id": "r-1",
    "agent_name": "agent-sre",
    "action": "execute_lambda_function",
    "lambda_function": "pod-restart",
    "parameters": {"name": "p-1", "replicas": 3},
    "alertname": "HighLoad",
    "correlation_id": "c-1",
    "timeout": 600.0,
    "callback_url": "http://agent-sre/approval/callback",
    "metadata": {"labels": {}, "annotations": {}},
}


async def test_the_application_takes_a_request_once_and_tells_where_its_status_is() -> None:
    application = ApprovalApplication()
    async with client_of(application.app) as client:
        first, again = [await client.post(PATH, json=ASKED) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json() and len(application.approvals) == 1
        approval_id = first.json()["approval_id"]
        assert first.json()["status_url"] == f"http://approvals{PATH}/status/{approval_id}"
        assert (await client.get(first.json()["status_url"])).json()["status"] == "pending"
        application.decide(application.approvals[0], "reject", SOMEBODY)
        told = (await client.get(first.json()["status_url"])).json()
        assert (told["status"], told["request_id"], told["user_name"]) == ("rejected", "r-1", "Some Body")
        assert application.approvals[0].callback == {
            "provider": "custom",
            "request_id": "r-1",
            "decision": "reject",
            "user_id": "U0SOMEBODY",
            "user_name": "Some Body",
            "timestamp": told["timestamp"],
        }


@pytest.mark.parametrize("missing", [name for name in ASKED if name not in ("callback_url", "metadata")])
async def test_the_application_refuses_a_request_that_lacks_something(missing: str) -> None:
    application = ApprovalApplication()
    async with client_of(application.app) as client:
        answer = await client.post(PATH, json={name: value for name, value in ASKED.items() if name != missing})
    assert answer.status_code == 400 and missing in answer.json()["error"]
    assert application.approvals == []


@pytest.mark.parametrize(
    "changes",
    [{"callback_url": ""}, {"callback_url": None}, {"metadata": None}, {"timeout": 600}, {"more": []}],
)
async def test_the_application_takes_what_may_be_left_open(changes: dict[str, Any]) -> None:
    application = ApprovalApplication()
    async with client_of(application.app) as client:
        assert (await client.post(PATH, json=ASKED | changes)).status_code == 201
    assert bool(application.approvals[0].asked.callback_url) is ("callback_url" not in changes)


@pytest.mark.parametrize(
    "changes", [{"request_id": ""}, {"timeout": 0}, {"timeout": "600"}, {"parameters": "{}"}, {"callback_url": "agent"}]
)
async def test_the_application_refuses_what_cannot_be(changes: dict[str, Any]) -> None:
    async with client_of(ApprovalApplication().app) as client:
        assert (await client.post(PATH, json=ASKED | changes)).status_code == 400
        assert (await client.post(PATH, content=b"{")).status_code == 400
        assert (await client.get(f"{PATH}/status/nobody")).status_code == 404


# -- the reference: its settings

ASKING = {"LINEAR_API_KEY": "k", "OPERATION_MODE": "supervised"}
SLACK_SET = {"SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/x", "SLACK_SIGNING_SECRET": SECRET}


def test_an_agentic_agent_asks_nobody_and_a_supervised_one_decides_nothing_by_itself() -> None:
    assert read({"LINEAR_API_KEY": "k"} | SLACK_SET).approval is None
    asked = read(ASKING | SLACK_SET).approval
    assert asked and (asked.require_all, asked.timeout, asked.at_timeout) == (False, 3600, "pending")


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({}, "who approves"),
        ({"OPERATION_MODE": "relaxed"}, "OPERATION_MODE must be"),
        ({"SLACK_WEBHOOK_URL": "https://hooks"}, "SLACK_SIGNING_SECRET"),
        ({"CUSTOM_APPROVAL_ENDPOINT": "http://approvals"}, "CUSTOM_APPROVAL_CALLBACK_URL"),
        (SLACK_SET | {"APPROVAL_TIMEOUT_ACTION": "shrug"}, "APPROVAL_TIMEOUT_ACTION must be"),
        (SLACK_SET | {"APPROVAL_REQUIRE_ALL": "maybe"}, "APPROVAL_REQUIRE_ALL must be"),
    ],
)
def test_a_supervised_agent_without_anybody_to_ask_does_not_start(variables: dict[str, str], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        read(ASKING | variables)


# -- the reference: deciding

FIRING = Alert.model_validate(
    {"alertname": "HighLoad", "status": "firing", "labels": {}, "startsAt": "2026-11-23T13:27:01Z"}
)


def question(parameters: dict[str, Any] | None = None, alert: Alert = FIRING) -> Question:
    return Question("r-1", alert, "pod-restart", parameters or {"name": "p-1"}, "c-1", 600)


@dataclass
class Place:
    """A provider of which tests decide whether it can be asked."""

    name: str
    troubles: list[Exception] = field(default_factory=list)
    asked: int = 0

    async def ask(self, _: Question) -> Answer | None:
        self.asked += 1
        if self.troubles:
            raise self.troubles.pop(0)
        return None


def asking(
    *places: Place, require_all: bool = False, timeout: float = 60, at_timeout: Outcome = "pending"
) -> Approvals:
    return Approvals(places, require_all=require_all, timeout=timeout, at_timeout=at_timeout, later=0.001)


def says(approved: bool, by: str = "some.body") -> Answer:
    return Answer("r-1", approved, by, "2026-11-23T13:28:00Z")


async def decided(approvals: Approvals, *answers: tuple[str, bool]) -> Decision:
    """The decision after these answers of places."""
    deciding = asyncio.create_task(approvals.decide(question()))
    await asyncio.sleep(0)
    for provider, approved in answers:
        approvals.take(provider, says(approved))
    return await deciding


@pytest.mark.parametrize(
    ("require_all", "answers", "outcome"),
    [
        (False, [("slack", True)], "approved"),
        (False, [("custom", False)], "rejected"),
        (False, [("slack", True), ("custom", False)], "approved"),
        (False, [("slack", False), ("custom", True)], "rejected"),
        (True, [("slack", True), ("custom", True)], "approved"),
        (True, [("slack", True), ("slack", True), ("custom", False)], "rejected"),
        (True, [("slack", False), ("custom", True)], "rejected"),
        (True, [("slack", True), ("slack", False), ("custom", True)], "approved"),
    ],
)
async def test_answers_decide(require_all: bool, answers: list[tuple[str, bool]], outcome: str) -> None:
    decision = await decided(asking(Place("slack"), Place("custom"), require_all=require_all), *answers)
    assert (decision.outcome, decision.timed_out) == (outcome, False)


async def test_all_means_each_place_and_two_answers_of_one_are_one() -> None:
    approvals = asking(Place("slack"), Place("custom"), require_all=True, timeout=0.05)
    decision = await decided(approvals, ("slack", True), ("slack", True))
    assert (decision.outcome, decision.timed_out) == ("pending", True)


@pytest.mark.parametrize("at_timeout", ["pending", "approved", "rejected"])
async def test_the_time_decides_when_nobody_does_and_a_late_answer_changes_nothing(at_timeout: Outcome) -> None:
    approvals = asking(Place("slack"), timeout=0.02, at_timeout=at_timeout)
    decision = await decided(approvals)
    assert (decision.outcome, decision.timed_out) == (at_timeout, True)
    assert approvals.take("slack", says(at_timeout != "approved")) == at_timeout


async def test_an_answer_to_no_question_is_unknown() -> None:
    with pytest.raises(UnknownRequestError):
        asking(Place("slack")).take("slack", says(True))


async def test_a_place_that_is_down_is_asked_again_and_one_that_refuses_is_not() -> None:
    down = Place("slack", [TransientError("down"), TransientError("down")])
    deaf = Place("custom", [RefusedError("invalid_blocks")] * 2)
    approvals = asking(down, deaf, timeout=0.1)
    await decided(approvals)
    assert (down.asked, deaf.asked) == (3, 1)


# -- the reference: Slack


def slack_client(client: httpx.AsyncClient, url: str = "http://slack/hook") -> SlackClient:
    return SlackClient(
        client, Secret("hook", url), Secret("secret", SECRET), "#agent-approvals", timeout=1, retries=Retries(3, 0.01)
    )


LONG = Alert.model_validate(
    {
        "alertname": "High<Load>&",
        "status": "firing",
        "labels": {"severity": "critical"},
        "annotations": {"description": "<&>" * 4000},
        "startsAt": "2026-11-23T13:27:01Z",
    }
)


@pytest.mark.parametrize("asked", [question(), question({"text": "<x>" * 4000}, LONG)])
async def test_every_question_is_a_message_that_slack_takes(asked: Question) -> None:
    workspace = Workspace()
    await slack_client(workspace.client, workspace.url).ask(asked)
    [message] = workspace.slack.messages
    assert asked.function in message.text and asked.alert.alertname in message.text
    assert button_of(message, "approve")["action_id"] == "approve_r-1"
    assert button_of(message, "reject")["action_id"] == "reject_r-1"


async def test_slacks_rate_limit_is_waited_out_by_all_messages() -> None:
    posted: list[float] = []

    def answer(_: httpx.Request) -> httpx.Response:
        posted.append(time.monotonic())
        return httpx.Response(429, headers={"retry-after": "1"}) if len(posted) == 1 else httpx.Response(200, text="ok")

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        slack = slack_client(client)
        await asyncio.gather(slack.ask(question()), slack.ask(question()))
    early = [moment for moment in posted[1:] if moment < posted[0] + 1]
    assert len(posted) in (3, 4)
    assert len(early) <= 1  # the one that was under way when the limit was told


def clicked(button_: dict[str, Any] = APPROVE, at: float | None = None) -> tuple[dict[str, str], bytes]:
    body = form(Slack().click(MESSAGE, button_, SOMEBODY))
    headers = signature(SECRET, int(time.time() if at is None else at), body)
    return {name.lower(): value for name, value in headers.items()}, body


@pytest.mark.parametrize(("button_", "approved"), [(APPROVE, True), (REJECT, False)])
def test_a_genuine_click_is_an_answer_with_its_person_and_time(button_: dict[str, Any], approved: bool) -> None:
    answer = slack_client(httpx.AsyncClient()).read(*clicked(button_))
    assert (answer.question_id, answer.approved) == ("r-1", approved)
    assert "some.body" in answer.by and "U0SOMEBODY" in answer.by
    assert abs(datetime.fromisoformat(answer.at) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("seconds", [-299, 299])
def test_a_signature_is_good_for_five_minutes(seconds: int) -> None:
    assert slack_client(httpx.AsyncClient()).read(*clicked(at=time.time() + seconds)).approved


@pytest.mark.parametrize("seconds", [-302, 302])
def test_a_signature_is_bad_beyond_them(seconds: int) -> None:
    with pytest.raises(ForgedError):
        slack_client(httpx.AsyncClient()).read(*clicked(at=time.time() + seconds))


def test_a_click_is_good_once() -> None:
    slack, click = slack_client(httpx.AsyncClient()), clicked()
    slack.read(*click)
    with pytest.raises(ForgedError, match="before"):
        slack.read(*click)
    assert slack.read(*clicked()).approved


# -- the reference: its door


@asynccontextmanager
async def door() -> AsyncIterator[tuple[httpx.AsyncClient, Approvals]]:
    """The callback door of an agent that waits for the answer to r-1."""
    slack = slack_client(httpx.AsyncClient())
    application = ApplicationClient(httpx.AsyncClient(), "http://a", "POST", "http://cb", 1, 1, Retries(1, 1))
    approvals = asking(Place("slack"), Place("custom"), require_all=True)
    waiting = asyncio.create_task(approvals.decide(question()))
    await asyncio.sleep(0)
    callbacks = Callbacks(approvals, slack, application)
    async with client_of(Starlette(routes=[Route("/", callbacks.receive, methods=["POST"])])) as client:
        yield client, approvals
    waiting.cancel()


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_answer_is_refused_and_decides_nothing(forgery: str) -> None:
    body, headers = FORGERIES[forgery](Slack().click(MESSAGE, APPROVE, SOMEBODY), SECRET)
    async with door() as (client, approvals):
        refused(await client.post("/", content=body, headers=headers))
        assert approvals.take("custom", says(True)) == "pending"
        assert approvals.take("slack", says(True)) == "approved"


async def test_an_answer_about_an_unknown_request_is_refused() -> None:
    payload = Slack().click(MESSAGE, APPROVE, SOMEBODY)
    changed = about_another(payload, {"r-1"})
    assert "r-1" not in json.dumps(changed)
    body = form(changed)
    headers = signature(SECRET, int(time.time()), body) | {"content-type": "application/x-www-form-urlencoded"}
    async with door() as (client, _):
        assert (await client.post("/", content=body, headers=headers)).status_code == 404


CUSTOM = {"provider": "custom", "request_id": "r-1", "decision": "approve", "user_id": "u", "user_name": "U"}


async def test_the_answers_of_all_places_are_taken_at_one_door() -> None:
    headers, body = clicked()
    async with door() as (client, _):
        first = await client.post("/", json=CUSTOM)
        form_ = {"content-type": "application/x-www-form-urlencoded"}
        second = await client.post("/", content=body, headers=headers | form_)
    assert first.json() == {"status": "processed", "request_id": "r-1", "approval_status": "pending"}
    assert second.json() == {"status": "processed", "request_id": "r-1", "approval_status": "approved"}


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"{}", b"[" * 100_000]
    + [json.dumps(CUSTOM | bad).encode() for bad in ({"provider": "slack"}, {"decision": "maybe"}, {"request_id": 7})],
)
async def test_a_callback_that_cannot_be_understood_is_refused(body: bytes) -> None:
    async with door() as (client, _):
        assert (await client.post("/", content=body)).status_code == 400


async def test_an_agent_that_asks_nobody_takes_no_answers() -> None:
    routes = [Route("/", Callbacks(None, None, None).receive, methods=["POST"])]
    async with client_of(Starlette(routes=routes)) as client:
        assert (await client.post("/", json=CUSTOM)).status_code == 503


# -- the reference: the approval application


@pytest.mark.parametrize("callback_url", ["http://agent/approval/callback", None])
async def test_the_application_is_asked_in_its_form_and_for_its_decision_where_it_does_not_call_back(
    callback_url: str | None,
) -> None:
    application = ApprovalApplication()
    async with client_of(application.app) as client:
        asker = ApplicationClient(client, f"http://approvals{PATH}", "POST", callback_url, 0.005, 1, Retries(1, 0.01))
        asked = asyncio.create_task(asker.ask(question()))
        await eventually(lambda: bool(application.approvals))
        [approval] = application.approvals
        assert approval.asked.model_dump() | {"metadata": {}} == {
            **ASKED,
            "alertname": "HighLoad",
            "parameters": {"name": "p-1"},
            "callback_url": callback_url,
            "metadata": {},
        }
        application.decide(approval, "approve", SOMEBODY)
        answer = await asyncio.wait_for(asked, 30)
    assert answer is None if callback_url else (answer and answer.approved and answer.by == "Some Body")


# -- claims


def known_alert() -> KnownAlert:
    return make_alert(function="pod-restart")


def request_about(alert: KnownAlert, **changes: Any) -> Message:
    asked = {
        "blocks": [
            section(text={"type": "mrkdwn", "text": f"{alert.function} for {alert.name}"}),
            section(text={"type": "mrkdwn", "text": alert.annotations["lambda_parameters"]}),
            actions(
                button(action_id="approve_3f2a-77", text={"type": "plain_text", "text": "Approve"}),
                button(action_id="reject_3f2a-77", text={"type": "plain_text", "text": "Reject"}),
            ),
        ]
    }
    return Message("1", "#c", asked | changes)


def test_a_request_is_known_by_its_facts_buttons_and_id() -> None:
    alert = known_alert()
    message = request_about(alert)
    tells(message, facts_of(alert))
    assert ids_on_buttons(message, list(alert.labels.values())) == {"3f2a-77"}


@pytest.mark.parametrize(
    ("approve", "reject", "found"),
    [
        ("approve-3f2a-77", "reject-3f2a-77", "3f2a-77"),
        ("3f2a-77-approve", "3f2a-77-reject", "3f2a-77"),
        ("3f2a-77_yes", "3f2a-77_no", "3f2a-77"),
        ("Confirm-3f2a-77", "CANCEL-3f2a-77", "3f2a-77"),
        ("granted:3f2a-77", "refused:3f2a-77", "3f2a-77"),
        ("request-ok-3f2a77", "request-stop-3f2a77", "3f2a77"),
        ("approveAction-3f2a77", "denyAction-3f2a77", "3f2a77"),
        ("approve-3f2a77b", "reject-3f2a77c", None),
        ("request-a-3f2a77", "request-b-3f2a77", None),
    ],
)
def test_a_request_id_may_stand_on_either_side_of_a_word_that_decides(
    approve: str, reject: str, found: str | None
) -> None:
    buttons = [button(action_id=approve, style="primary"), button(action_id=reject, style="danger")]
    message = Message("1", "#c", {"blocks": [actions(*buttons)]})
    assert ids_on_buttons(message, []) == ({found} if found else set())


def test_a_request_that_keeps_a_parameter_to_itself_is_missed_by_its_name() -> None:
    alert = known_alert()
    with pytest.raises(AssertionError, match="parameter namespace 'shop'"):
        tells(request_about(alert, blocks=[section(text=mrkdwn(1))]), facts_of(alert))


@pytest.mark.parametrize(
    "buttons",
    [
        [button(action_id="approve"), button(action_id="reject")],
        [button(action_id="approve", value="12-HighLoad"), button(action_id="reject", value="12-HighLoad")],
        [button(action_id="approve_3f2a-77"), button(action_id="reject_9d01-15")],
    ],
)
def test_what_is_not_on_both_buttons_or_names_something_else_is_no_request_id(buttons: list[dict[str, Any]]) -> None:
    message = Message("1", "#c", {"blocks": [actions(*buttons)]})
    assert ids_on_buttons(message, ["12-HighLoad in shop"]) == set()


@pytest.mark.parametrize(
    ("approve", "reject"),
    [
        ({"text": saying("Yes")}, {"text": saying("No")}),
        ({"text": saying("Go ahead")}, {"text": saying("Leave it")}),
        ({"text": saying("Tun"), "style": "primary"}, {"text": saying("Lassen"), "style": "danger"}),
        ({"text": saying("Do it"), "value": "approve_1"}, {"text": saying("Do not approve"), "value": "1"}),
    ],
)
def test_what_a_button_means_may_be_said_in_many_ways(approve: dict[str, Any], reject: dict[str, Any]) -> None:
    link = button(action_id="a3") | {"text": saying("Go to ticket"), "url": "https://linear.app/homelab/issue/BVL-1"}
    buttons = [button(action_id="a1") | approve, button(action_id="a2") | reject, link]
    message = Message("1", "#c", {"text": "x", "blocks": [actions(*buttons)]})
    assert button_of(message, "approve") is buttons[0]
    assert button_of(message, "reject") is buttons[1]


@pytest.mark.parametrize(
    "buttons",
    [
        [],
        [button(action_id="a"), button(action_id="b")],
        [button(action_id="approve_1"), button(action_id="approve_2")],
    ],
)
def test_a_request_without_exactly_one_button_to_approve_is_missed(buttons: list[dict[str, Any]]) -> None:
    with pytest.raises(AssertionError, match="one button to approve"):
        button_of(Message("1", "#c", {"text": "x", "blocks": [actions(*buttons)]}), "approve")


COMPLETE = ASKED | {"timeout": 600}


def asked_about(alert: KnownAlert, **changes: Any) -> dict[str, Any]:
    parameters = json.loads(alert.annotations["lambda_parameters"])
    return COMPLETE | {"alertname": alert.name, "parameters": parameters} | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"callback_url": None}, "callback_url is null"),
        ({"callback_url": ""}, 'callback_url is ""'),
        ({"request_id": ""}, 'request_id is ""'),
        ({"timeout": 600_000}, "timeout is 600000"),
        ({"lambda_function": "scale-deployment"}, 'lambda_function is "scale-deployment"'),
        ({"parameters": {}}, "parameters is {}"),
    ],
)
def test_a_request_to_the_application_is_missed_by_what_it_lacks(changes: dict[str, Any], words: str) -> None:
    alert = known_alert()
    asks_application(asked_about(alert), alert, 600)
    with pytest.raises(AssertionError) as missed:
        asks_application(asked_about(alert, **changes), alert, 600)
    assert words in str(missed.value)


def test_what_is_carried_out_is_what_was_approved() -> None:
    alert = make_alert(function=FUNCTION)
    told = json.loads(alert.annotations["lambda_parameters"])
    as_approved(call_of_function(told | {"dry_run": False}), alert)
    with pytest.raises(AssertionError, match=r"to be called with namespace = \"shop\", but it got only \['name'\]"):
        as_approved(call_of_function({"name": alert.pod}), alert)
    with pytest.raises(AssertionError, match='but it got "another"'):
        as_approved(call_of_function(told | {"name": "another"}), alert)
    with pytest.raises(AssertionError, match=r"to call pod-restart\."):
        as_approved(call_of_function(told), make_alert(function="pod-restart"))
    as_approved(call_of_function({"name": "what the model thinks"}), make_alert())


NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
REJECTED = Decided("reject", SOMEBODY, NOW, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "Remediation rejected by some.body at 2026-11-24T01:02:04.250Z",
        "**Denied** by Some Body (2026-11-24 01:02:02 UTC)",
        "declined: U0SOMEBODY, 2026-11-24T02:02:03+01:00",
        "rejected by some.body at 2026-11-24 01:02:04.25 +0000 UTC",
        "rejected by some.body at 2026-11-24 02:02:04.250 +0100",
        "case 2026-13-45 10:00:00, rejected by some.body at 2026-11-24 01:02:04.123456789 +0000 UTC m=+7.5",
        f"refused by some\\.body at {NOW.timestamp()}",
    ],
)
def test_a_decision_is_recorded_in_anybodys_words(text: str) -> None:
    records(issue_of(known_alert(), comments=(comment(text),)), REJECTED, within=6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Remediation rejected at 2026-11-24T01:02:04Z", "none of its 2 texts names some.body"),
        ("Rejected by some.body", "gives the times 12:00:00"),
        ("Approved by some.body at 2026-11-24T01:02:04Z", "it says: Approved by some.body"),
        ("Rejected by some.body at 2026-11-24T00:02:03Z", "gives the times 00:02:03"),
        ("Rejected by some.body at 2026-11-24 01:02:04.25 +0100", "gives the times 01:02:04"),
        ("Rejected by some.body at 2026-13-45 10:00:00", "gives the times 12:00:00"),
    ],
)
def test_a_decision_without_its_person_or_time_is_not_recorded(text: str, words: str) -> None:
    late = NOW.replace(hour=12, minute=0, second=0)
    with pytest.raises(AssertionError, match=words):
        records(issue_of(known_alert(), comments=(comment(text, late),)), REJECTED, within=6)


def test_a_decision_that_is_never_asked_for_is_seen_and_one_that_is_asked_for_late_may_be_recorded_late() -> None:
    journal, asked = Journal(), SimpleNamespace(id=str(uuid.uuid4()))
    approvers = SimpleNamespace(approvals=lambda mark: [asked], decide=lambda *decided: None)
    waiting = Waiting(journal, Limits(poll=0.1))
    approvals = Claims(approvers, journal, waiting, None, None, None)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="ask the approval application for the decision"):
        approvals.decide_quietly(known_alert(), "approve", SOMEBODY)

    def ask(*decided: Any, status: str = "approved") -> None:
        address = f"http://approvals.ai.svc.cluster.local/approvals/status/{asked.id}"
        late = journal.cursor() + 10
        journal.record(
            caller="agent-sre",
            callee="approval-app",
            method="GET",
            url=address,
            began=journal.cursor() - 1,
            ended=late,
            status=200,
            response_body=json.dumps({"status": status}).encode(),
        )

    approvers.decide = partial(ask, status="pending")
    with pytest.raises(AssertionError, match="but it never did"):
        approvals.decide_quietly(known_alert(), "approve", SOMEBODY)
    approvers.decide = ask
    decided = approvals.decide_quietly(known_alert(), "approve", SOMEBODY)
    assert decided.heard_late == pytest.approx(10, abs=1)


def test_a_message_without_buttons_is_no_second_request() -> None:
    alert, journal = known_alert(), Journal()
    buttons = [{"type": "button", "text": TEXT, "value": alert.mark}]
    request = {"text": alert.mark, "blocks": [{"type": "actions", "elements": buttons}]}
    told: list[dict[str, Any]] = [{"text": f"{alert.mark} fires"}, request]
    approvers = SimpleNamespace(messages=lambda mark: [Message("1.5", "#sre-alerts", one) for one in told])
    waiting = Waiting(journal, Limits(recovery=0.1))
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    approvals = Claims(approvers, journal, waiting, incident, None, None)  # type: ignore[arg-type]
    approvals.once_on_slack(alert)
    told.append(request)
    with pytest.raises(AssertionError, match="on Slack, but there are 2"):
        approvals.once_on_slack(alert)


def test_people_are_asked_by_the_request_and_not_by_a_message_before_it() -> None:
    alert, journal = known_alert(), Journal()
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    approvals = Claims(None, journal, Waiting(journal, Limits(ticket=0.1)), incident, None, None)  # type: ignore[arg-type]

    def post(text: str, began: float) -> None:
        body = json.dumps({"text": alert.mark, "blocks": [{"type": text}]}).encode()
        journal.record(
            caller="agent-sre", callee="slack", method="POST", url="https://s.test/", request_body=body, began=began
        )

    post("section", 100.0)
    with pytest.raises(AssertionError, match="it asked nobody"):
        approvals.asked_at(alert)
    post("button", 103.0)
    assert approvals.asked_at(alert) == 103


def test_the_tracker_says_when_a_comment_was_written() -> None:
    said = comment("Some Body has decided to leave it alone", NOW)
    assert records(issue_of(known_alert(), comments=(said,)), REJECTED, within=6) == said.body


def test_the_tracker_says_when_a_comment_was_changed() -> None:
    asked = comment("Some Body has decided to leave it alone", NOW - timedelta(seconds=60))
    told = asked.model_copy(update={"edited_at": NOW + timedelta(seconds=1)})
    assert records(issue_of(known_alert(), comments=(told,)), REJECTED, within=6) == told.body
    with pytest.raises(AssertionError, match="gives the times 01:01:03"):
        records(issue_of(known_alert(), comments=(asked,)), REJECTED, within=6)


def test_of_a_decision_in_unknown_words_the_opposite_reads_otherwise() -> None:
    one, other = known_alert(), known_alert()
    differ(f"{one.name}: Some Body said no.", one, f"{other.name}: Some Body said yes.", other)
    with pytest.raises(AssertionError, match="says the same of the opposite"):
        differ(f"{one.name}: Some Body answered.", one, f"{other.name}: Some Body answered.", other)


ASKED_AT = NOW.timestamp()


@pytest.mark.parametrize(
    ("text", "after", "words"),
    [
        ("Rejected: nobody answered.", 10, None),
        ("Nobody answered, so it is left alone.", 10, None),
        ("Rejected: nobody answered.", 5, "after 5.00 s"),
        ("Nobody has answered so far.", 5, "none of its 1 comments"),
        ("Nobody answered, so it is left alone.", 15, "after 15.00 s"),
        ("Approved: nobody answered.", 10, "none of its 1 comments"),
    ],
)
def test_a_rejection_by_the_time_is_told_at_the_time_out_in_anybodys_words(
    text: str, after: float, words: str | None
) -> None:
    issue = issue_of(known_alert(), comments=(comment(text, NOW + timedelta(seconds=after)),))
    if words is None:
        rejected_after(issue, ASKED_AT, 10, 0)
    else:
        with pytest.raises(AssertionError, match=words):
            rejected_after(issue, ASKED_AT, 10, 0)


@pytest.mark.parametrize(
    "asking", ["Approve or reject it on Slack within 10 s.", "It will be rejected if nobody answers for 10 s."]
)
def test_what_the_ticket_says_when_people_are_asked_is_no_rejection_yet(asking: str) -> None:
    asked = comment(asking, NOW + timedelta(seconds=0.1))
    told = comment("The request has timed out, nothing was done.", NOW + timedelta(seconds=10))
    rejected_after(issue_of(known_alert(), comments=(asked, told)), ASKED_AT, 10, 0)
    for comments in [(asked,), (asked, comment("Rejected: nobody answered.", NOW + timedelta(seconds=5)))]:
        with pytest.raises(AssertionError, match=r"after (0\.10|5\.00) s"):
            rejected_after(issue_of(known_alert(), comments=comments), ASKED_AT, 10, 0)


@pytest.mark.parametrize(
    ("text", "open_"),
    [
        ("No decision within 2 s: it stays pending, for somebody to do by hand.", True),
        ("Remediation pending\n\nNobody has decided it within 2 s.", True),
        ("Timed out: pod-restart still waits for approval.", True),
        ("Nobody answered. Nothing is done, the remediation remains pending.", True),
        ("Approval timed out, the request stays open.", True),
        ("Approval timed out, the request is still open.", True),
        ("Nobody answered, so it is left alone.", False),
        ("The pending remediation is rejected.", False),
        ("The pending remediation is cancelled.", False),
        ("Timed out waiting for approval.", False),
        ("It is no longer pending: nobody answered.", False),
        ("Nobody answered while it was still waiting: aborted.", False),
        ("It was pending for too long and will not run.", False),
        ("Nobody answered in time. The ticket stays open.", False),
        ("Nobody answered in time. The ticket is left open.", False),
        ("The request has timed out, nothing was done.", False),
    ],
)
def test_what_stays_pending_is_no_rejection_by_the_time(text: str, open_: bool) -> None:
    issue = issue_of(known_alert(), comments=(comment(text, NOW + timedelta(seconds=2)),))
    if open_:
        with pytest.raises(AssertionError, match="to say that the remediation is rejected"):
            rejected_after(issue, ASKED_AT, 2, 0)
    else:
        rejected_after(issue, ASKED_AT, 2, 0)


EDITED = "Rejected: nobody answered in time."


@pytest.mark.parametrize(
    ("then", "after", "words"),
    [
        (EDITED, 2, None),
        ("⏹ pod-restart is left alone", 2, None),
        (EDITED, 1, "after 1.00 s"),
        (EDITED, 4, "after 4.00 s"),
        ("Approved: nobody answered.", 2, "none of its 1 comments"),
    ],
)
def test_a_rejection_by_the_time_may_be_told_in_a_comment_that_is_edited(
    then: str, after: float, words: str | None
) -> None:
    at = NOW + timedelta(seconds=after)
    waits = comment("pod-restart waits for people", NOW - timedelta(seconds=0.1))
    edited = waits.model_copy(update={"body": then, "edited_at": at})
    later = edited.model_copy(update={"body": f"{then} Closed.", "edited_at": at + timedelta(seconds=30)})
    said = [Saying(at, then, True, call=None)]  # type: ignore[arg-type]
    if words is None:
        rejected_after(issue_of(known_alert(), comments=(edited,)), ASKED_AT, 2, 0)
        rejected_after(issue_of(known_alert(), comments=(later,)), ASKED_AT, 2, 0, said)
    else:
        with pytest.raises(AssertionError, match=words):
            rejected_after(issue_of(known_alert(), comments=(edited,)), ASKED_AT, 2, 0, said)


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (f"pod-restart\nApproval: {EDITED}", None),
        ("pod-restart\nApproval: waiting\nLogs: none", "none of its 0 comments"),
        ("pod-restart\nApproval: approve or reject it on Slack\n", "none of its 0 comments"),
    ],
)
def test_a_rejection_by_the_time_may_be_told_in_the_description(then: str, words: str | None) -> None:
    first = "pod-restart\nApproval: approve or reject it on Slack"
    told = [(NOW - timedelta(seconds=1), first), (NOW + timedelta(seconds=2), then)]
    said = [Saying(at, text, False, call=None) for at, text in told]  # type: ignore[arg-type]
    issue = issue_of(known_alert(), description=then, comments=())
    if words is None:
        rejected_after(issue, ASKED_AT, 2, 0, said)
    else:
        with pytest.raises(AssertionError, match=words):
            rejected_after(issue, ASKED_AT, 2, 0, said)


def test_text_without_a_time_has_no_moments() -> None:
    assert moments("at 3 o'clock, ticket 1234567890123, 2026-11-24") == []
    assert moments("2026-13-45 10:00:00") == moments("2026-11-24 25:00:00 +0000 UTC") == []


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T01:02:03Z",
        "2026-11-24 01:02:03",
        "2026-11-24 01:02:03 UTC",
        "2026-11-24 01:02:03.000 +0000 UTC",
        "2026-11-24 02:02:03 +0100",
        "2026-11-23 20:02:03-05:00",
        f"{NOW.timestamp()}",
    ],
)
def test_a_time_is_read_once_in_whatever_form(text: str) -> None:
    assert moments(f"rejected at {text} (2026-13-45 10:00:00)") == [NOW]


@pytest.mark.parametrize(("seconds", "holds"), [(1.6, True), (2.4, True), (1.5, False), (2.5, False), (0, False)])
def test_a_timeout_acts_a_fifth_sooner_or_later_at_most(seconds: float, holds: bool) -> None:
    claim: Callable[[], None] = lambda: on_time(seconds, 2, 0, "call pod-restart")  # noqa: E731
    if holds:
        claim()
    else:
        with pytest.raises(AssertionError, match=r"2 s \(± 20%\)"):
            claim()


@pytest.mark.parametrize(
    ("timeout", "within", "seconds", "holds"),
    [
        (30, 6, 42, True),
        (30, 6, 42.1, False),
        (30, 6, 23.9, False),
        (2, 6, 3.39, True),
        (2, 6, 4, False),
        (30, 30, 51, True),
        (30, 30, 60, False),
        (2, 6, 1, False),
        (2, 6, 0.002, False),
        (2, 6, 2000, False),
    ],
)
def test_what_a_timeout_brings_about_may_be_seen_later_but_not_at_twice_the_time(
    timeout: float, within: float, seconds: float, holds: bool
) -> None:
    told = comment("Rejected: nobody answered.", NOW + timedelta(seconds=seconds))
    issue = issue_of(known_alert(), comments=(told,))
    if holds:
        rejected_after(issue, ASKED_AT, timeout, within)
    else:
        with pytest.raises(AssertionError, match=f"after {seconds:.2f} s"):
            rejected_after(issue, ASKED_AT, timeout, within)


@pytest.mark.parametrize(("after", "is_in_time"), [(0.5, True), (1.5, True), (1.7, False)])
def test_a_decision_that_the_suite_could_not_tell_in_time_says_nothing(after: float, is_in_time: bool) -> None:
    alert, journal, answer = known_alert(), Journal(), httpx.Response(404)
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    incident.began = 0.0
    approved = button(value=alert.mark)
    request = Message("1.5", "#c", {"text": alert.mark, "blocks": [actions(approved | {"text": saying("Approve")})]})
    approvers = SimpleNamespace(messages=lambda mark: [request], click=lambda *clicked: answer)
    journal.record(
        caller="agent-sre",
        callee="slack",
        method="POST",
        url="https://s.test/",
        request_body=json.dumps(request.sent).encode(),
        began=journal.cursor() - after,
    )
    claims = Claims(approvers, journal, Waiting(journal, Limits()), incident, None, None, lambda: 2)  # type: ignore[arg-type]
    with pytest.raises(AssertionError if is_in_time else BedNotReady, match="404" if is_in_time else "last longer"):
        claims.decide(alert, "on Slack", "approve", SOMEBODY)


@pytest.mark.parametrize("looked_for", [False, True])
def test_a_call_some_time_after_a_late_answer_is_seen(looked_for: bool) -> None:
    alert, later, journal = known_alert(), known_alert(), Journal()
    incident = Incident(journal, Signals(), broker=None, alerts=[later])  # type: ignore[arg-type]
    waiting = Waiting(journal, Limits(again=1, quiet=0.05, patience=5))
    remediation = Remediation(journal, waiting, incident, None, Rulings())  # type: ignore[arg-type]
    claims = Claims(None, journal, waiting, incident, None, remediation)  # type: ignore[arg-type]

    def call(about: KnownAlert) -> None:
        said = {"caller": "agent-sre", "callee": "functions", "method": "POST", "request_body": about.mark.encode()}
        journal.record(**said, url="http://pod-restart.ai.svc.cluster.local/", status=200)

    since = journal.cursor()
    call(later)
    look = threading.Timer(0.15, lambda: call(alert) if looked_for else None)
    look.start()
    with pytest.raises(AssertionError, match="without approval") if looked_for else nullcontext():
        claims.still_not_called(alert, since)
    look.join()
    assert journal.cursor() >= since + 1
    assert [absence.control() for absence in incident.denied] == [remediation.any_calls()]
    assert incident.seen


def test_the_places_that_are_not_asked_are_told() -> None:
    alert, journal = known_alert(), Journal()
    incident = Incident(journal, Signals(), broker=None, alerts=[alert])  # type: ignore[arg-type]
    claims = Claims(None, journal, Waiting(journal, Limits(ticket=0.1)), incident, None, None)  # type: ignore[arg-type]

    def post(callee: str, said: dict[str, Any]) -> None:
        body = json.dumps(said | {"about": alert.mark}).encode()
        journal.record(caller="agent-sre", callee=callee, method="POST", url="https://s.test/", request_body=body)

    post("slack", {"text": "It has begun."})
    post("approval-app", {})
    with pytest.raises(AssertionError, match="on Slack, but it did not"):
        claims.asked_everywhere(alert)
    post("slack", {"blocks": [actions(button())]})
    claims.asked_everywhere(alert)


def test_slacks_limit_counts_from_the_beginning_of_the_call_that_met_it() -> None:
    journal = Journal()
    incident = Incident(journal, Signals(), broker=None, alerts=[])  # type: ignore[arg-type]
    incident.began = 0.0
    journal.record(
        caller="agent-sre",
        callee="slack",
        method="POST",
        url="https://s.test/",
        status=429,
        response_headers=(("retry-after", "2"),),
        began=10.0,
        ended=10.4,
    )
    limited, ends = Claims(None, journal, Waiting(journal, Limits()), incident, None, None).limited()  # type: ignore[arg-type]
    assert (limited.began, ends) == (10.0, 12.0)


def test_the_time_is_up_when_that_of_the_request_which_came_last_is() -> None:
    alerts, journal = [known_alert(), known_alert()], Journal()
    incident = Incident(journal, Signals(), broker=None, alerts=alerts)  # type: ignore[arg-type]
    last = journal.cursor()
    for alert, began in zip(alerts, (last, last - 5), strict=True):
        body = json.dumps({"text": alert.mark, "blocks": [actions(button())]}).encode()
        journal.record(
            caller="agent-sre", callee="slack", method="POST", url="https://s.test/", request_body=body, began=began
        )
    incident.began = last - 10
    Claims(None, journal, Waiting(journal, Limits()), incident, None, None).time_is_up(alerts, 0.1)  # type: ignore[arg-type]
    assert journal.cursor() >= last + 0.12


@pytest.mark.parametrize(("status", "holds"), [(400, True), (401, True), (404, True), (200, False), (500, False)])
def test_only_a_client_error_refuses(status: int, holds: bool) -> None:
    answer = httpx.Response(status)
    if holds:
        refused(answer)
    else:
        with pytest.raises(AssertionError, match=str(status)):
            refused(answer)


def test_the_message_of_the_reference_says_until_when() -> None:
    assert "600 s" in json.dumps(message_of(question()))


# -- the suite's prompt people


class Desk:
    """What people see at both places, and what they have decided."""

    def __init__(self) -> None:
        self.all_messages: list[Message] = []
        self.all_approvals: list[Approval] = []
        self.decided: list[tuple[str, str]] = []

    def ask(self, alert: KnownAlert, *places: str) -> None:
        if "on Slack" in places:
            buttons = [
                {"type": "button", "action_id": f"{does}_{alert.mark}", "value": alert.mark, "text": {"text": does}}
                for does in ("approve", "reject")
            ]
            blocks = [{"type": "actions", "elements": buttons}]
            self.all_messages.append(Message("1", "#agent-approvals", {"text": alert.mark, "blocks": blocks}))
        if "in the approval application" in places:
            self.all_approvals.append(Approval(cast(Any, None), alert.mark))

    def click(self, message: Message, button: dict[str, Any], person: Person) -> None:
        assert button["action_id"].startswith("approve")
        self.decided.append(("on Slack", button["value"]))

    def decide(self, approval: Approval, decision: str, person: Person) -> None:
        assert decision == "approve"
        self.decided.append(("in the approval application", approval.said))

    def call_back(self, approval: Approval) -> None: ...


def people_at(desk: Desk) -> PromptPeople:
    return PromptPeople(cast(Approvers, desk), SOMEBODY)


def test_prompt_people_approve_each_request_once_and_at_each_place_in_its_turn() -> None:
    desk, alerts = Desk(), [make_alert() for _ in range(4)]
    desk.ask(make_alert(), *PARTIES)
    people = people_at(desk)
    for alert in alerts:
        desk.ask(alert, *PARTIES)
        people.approve_in_turns()
        people.approve_in_turns()
    assert desk.decided == [(where, alert.mark) for where, alert in zip([*PARTIES] * 2, alerts, strict=True)]


def test_prompt_people_wait_until_all_places_have_the_request_or_approve_where_they_saw_it_first() -> None:
    desk, alert = Desk(), make_alert()
    people = people_at(desk)
    desk.ask(alert, "in the approval application")
    people.approve_in_turns()
    assert desk.decided == []
    desk.ask(alert, "on Slack")
    people.approve()
    assert desk.decided == [("in the approval application", alert.mark)]


def test_prompt_people_approve_no_more_than_they_are_told_to() -> None:
    desk = Desk()
    people = people_at(desk)
    for _ in range(3):
        desk.ask(make_alert(), "on Slack")
    people.approve(2)
    assert (len(desk.decided), len(people.asked)) == (2, 1)
