"""Bad input at a small program's door: a careful one withstands it, and what a careless one does is told with the
smallest case that shows it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from steps.drivers.broker import Broker
from steps.drivers.doors import Answer, Doors
from steps.incident.incident import Incident
from steps.incident.robustness import Robustness, Siege
from steps.incident.waiting import Waiting
from steps.targets.profile import Limits
from steps.world import hosts
from steps.world.gateway import Authority, Gateway
from steps.world.journal import Journal
from steps.world.loop import Loop
from steps.world.services.signals import Signals
from tests.test_claims import refused

DOOR = "prometheus-events' door for notifications"
Careless = Callable[[bytes], Response | None]
"""What a program does with a body before it looks at it properly; None: nothing."""


def sound(body: bytes) -> list[dict[str, Any]]:
    """The alerts of a notification. Raises ValueError."""
    try:
        told = json.loads(body.decode())
        if not isinstance(told["alerts"], list):
            raise ValueError("no list")
        for alert in told["alerts"]:
            if alert["status"] not in ("firing", "resolved") or not alert["labels"]["alertname"]:
                raise ValueError("no alert")
            for texts in (alert["labels"], alert["annotations"]):
                if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
                    raise ValueError("no texts")
            json.dumps(alert, ensure_ascii=False).encode()
        return list(told["alerts"])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from None


class Program:
    """A converter: sound notifications go to the broker, and all others are refused unless it is careless."""

    def __init__(self, gateway: Gateway, careless: Careless) -> None:
        self._client = gateway.client("prometheus-events")
        self._careless = careless
        self.app = Starlette(
            routes=[Route("/webhook", self._webhook, methods=["POST"]), Route("/health", self._health)]
        )

    async def _webhook(self, request: Request) -> Response:
        body = await request.body()
        if (answer := self._careless(body)) is not None:
            if answer.status_code == 418:  # it passes on whatever it got
                await self._pass_on(body)
            return answer
        try:
            alerts = sound(body)
        except ValueError:
            return JSONResponse({}, 400)
        await self._pass_on(json.dumps(alerts).encode())
        return JSONResponse({})

    async def _pass_on(self, body: bytes) -> None:
        await self._client.post(f"http://{hosts.BROKER}/", content=body)

    async def _health(self, _: Request) -> Response:
        return PlainTextResponse("well")


@contextmanager
def besieged(
    careless: Careless, directory: Path, revive: Callable[[], str | None] = lambda: None, doors: type[Doors] = Doors
) -> Iterator[tuple[Robustness, Siege]]:
    """A careless program behind the gateway, and what came of bad input at its door."""
    journal = Journal()
    with Loop() as loop:
        gateway = Gateway(journal, Authority())
        loop.run(gateway.start())
        gateway.route(hosts.CONVERTER, "prometheus-events", Program(gateway, careless).app)
        taken = Starlette(routes=[Route("/", lambda _: PlainTextResponse("", 202), methods=["POST"])])
        gateway.route(hosts.BROKER, "broker", taken)
        incident = Incident(journal, Signals(), Broker.__new__(Broker))
        limits = Limits(event=10, quiet=0.05, patience=5)
        made = doors(gateway.client("suite"), "0123456789abcdef", loop)
        robustness = Robustness(lambda: made, revive, directory, 5, journal, Waiting(journal, limits), incident)
        try:
            yield robustness, robustness.besiege(DOOR, ())
        finally:
            loop.run(gateway.close())


def test_a_careful_program_withstands_it(tmp_path: Path) -> None:
    with besieged(lambda body: None, tmp_path) as (robustness, siege):
        robustness.withstood(siege)
        robustness.without_effect(siege)
        assert len(siege.answers) == 301 and siege.harmful is None
        assert {answer.status for answer in siege.answers.values()} <= {200, 400}


def crashes_on_a_list_of_labels(body: bytes) -> Response | None:
    try:
        labels = json.loads(body)["alerts"][0]["labels"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return PlainTextResponse("Internal Server Error", 500) if isinstance(labels, list) else None


def test_a_crash_is_told_with_the_smallest_case_and_the_seed(tmp_path: Path) -> None:
    with besieged(crashes_on_a_list_of_labels, tmp_path) as (robustness, siege):
        refused(
            lambda: robustness.withstood(siege),
            DOOR,
            "to refuse bad input with 4xx, but it was answered 500: labels that are no",
            "-D seed=5",
        )
        assert siege.harmful and b'"labels": [' in siege.harmful.body


def test_bad_input_that_is_taken_is_told(tmp_path: Path) -> None:
    def takes_what_is_cut_short(body: bytes) -> Response | None:
        return JSONResponse({}) if body.startswith(b"{") and not body.endswith(b"}") else None

    with besieged(takes_what_is_cut_short, tmp_path) as (robustness, siege):
        refused(lambda: robustness.withstood(siege), "it was answered 200", "POST …/ as application/json")


def test_a_program_that_ends_is_told_and_started_again(tmp_path: Path) -> None:
    endings = iter([None] * 20 + ["prometheus-events ended with exit code 7"] * 1000)
    with besieged(lambda body: None, tmp_path, lambda: next(endings)) as (robustness, siege):
        refused(lambda: robustness.withstood(siege), "but prometheus-events ended with exit code 7")


def test_a_program_that_hangs_is_told(tmp_path: Path) -> None:
    class NobodyAnswersDepth(Doors):
        """The time is over at once, and for nothing but depth, however busy the machine is."""

        def ask(self, *request: Any, **limits: Any) -> Answer:
            asked = super().ask(*request, **limits)
            return Answer(None, "") if request[3].startswith(b"[[[") else asked

    with besieged(lambda body: None, tmp_path, doors=NobodyAnswersDepth) as (robustness, siege):
        refused(lambda: robustness.withstood(siege), "it was not answered within 10 s", "nested deeply")


def test_a_door_that_hangs_has_not_answered() -> None:
    async def hang(_: Request) -> Response:
        await asyncio.Event().wait()
        raise AssertionError("nobody ends it")

    app = Starlette(routes=[Route("/", hang, methods=["POST"])])
    with Loop() as loop:
        gateway = Gateway(Journal(), Authority())
        loop.run(gateway.start())
        gateway.route(hosts.AGENT, "agent-sre", app)
        try:
            doors = Doors(gateway.client("suite"), "0123456789abcdef", loop)
            answer = doors.ask("POST", f"http://{hosts.AGENT}/", {}, b"{}", within=0.05)
            assert (answer.status, answer.hung_up) == (None, False)
        finally:
            loop.run(gateway.close())


def test_what_comes_of_refused_input_is_told_with_the_smallest_case(tmp_path: Path) -> None:
    def passes_on_a_strange_status(body: bytes) -> Response | None:
        return Response(status_code=418) if b'"status": "smouldering"' in body else None

    with besieged(passes_on_a_strange_status, tmp_path) as (robustness, siege):
        robustness.withstood(siege)
        refused(
            lambda: robustness.without_effect(siege),
            "nothing to come of bad input",
            'prometheus-events called broker about it: a strange status ("smouldering")',
            "-D seed=5",
        )


def test_a_door_that_is_not_there_is_found_at_once(tmp_path: Path) -> None:
    def gone(_: bytes) -> Response | None:
        raise httpx.ConnectError("no")

    with besieged(gone, tmp_path) as (_, siege):
        assert siege.harmful and siege.harm == "it was answered 502"


@pytest.mark.parametrize("text", ["root:x:0:0:root:/root:/bin/bash"])
def test_a_file_of_the_machine_is_no_answer(tmp_path: Path, text: str) -> None:
    with besieged(lambda body: PlainTextResponse(text, 404), tmp_path) as (robustness, siege):
        refused(lambda: robustness.withstood(siege), "answered with a file of the machine")
