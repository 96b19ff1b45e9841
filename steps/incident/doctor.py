"""The first contact with a deployment: are its doors open, its keys in place, is its way out the gateway's?

    make doctor PROFILE=my-agent.toml
    python -m steps.incident.doctor -D profile=homelab -D agent_home=../agent-sre

Every check says what was seen and, where something is wrong, what to do. The exit code is 0 when nothing is, 1 when
something is, and 2 for a profile that cannot be used.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

import httpx
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from steps.incident.alert import Alert, make_alert
from steps.incident.events import Events, event_about
from steps.incident.incident import Incident
from steps.incident.notification import notification
from steps.incident.stage import Stage
from steps.targets.profile import Profile, ProfileError, asked
from steps.targets.surroundings import Surroundings
from steps.targets.target import TargetUnavailable, anchors_for
from steps.world import hosts
from steps.world.cluster.cloudevent import Mode
from steps.world.journal import Exchange
from steps.world.processes.tools import TOOLS, ToolMissing, version

CLOCK = 5.0
"""Seconds by which the agent's clock may differ from the suite's."""
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw."""

    check: str
    sound: bool
    seen: str
    cure: str = ""
    """What to do where it is not sound."""


class Doctor:
    """Looks at one deployment, from the outside in."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._journal = stage.world.journal
        self._incident = Incident(self._journal, stage.world.signals, stage.broker)
        self._events = Events(self._journal, stage.waiting, self._incident)

    def findings(self) -> Iterator[Finding]:
        """Every check, in the order in which one needs the other."""
        yield from self._tools()
        yield from self._doors()
        yield self._conversion()
        delivered = {mode: self._deliver(mode) for mode in get_args(Mode)}
        for mode, (alert, answered) in delivered.items():
            yield self._understood(mode, alert, answered)
        calls = self._journal.exchanges(caller="agent-sre")
        yield self._way_out(calls)
        yield from self._keys(calls)
        yield self._undeclared(calls)
        yield from self._log([alert for alert, _ in delivered.values()])

    def _tools(self) -> Iterator[Finding]:
        for tool in TOOLS:
            try:
                yield Finding(tool, True, version(tool))
            except ToolMissing as missing:
                yield Finding(tool, False, str(missing), "run `make tools`")

    def _doors(self) -> Iterator[Finding]:
        doors = [("prometheus-events", f"http://{hosts.CONVERTER}:8080/health")]
        doors += [("agent-sre", f"http://{hosts.AGENT}/{door}") for door in ("health", "ready", "metrics")]
        for name, url in doors:
            path = url.rpartition("/")[2]
            try:
                answer = self._stage.client.get(url)
                seen, sound = f"answers {answer.status_code}", answer.is_success
            except httpx.HTTPError as error:
                seen, sound = f"does not answer: {error}", False
            yield Finding(f"{name} /{path}", sound, seen, f"see why GET /{path} is not answered with 2xx")

    def _conversion(self) -> Finding:
        """A notification becomes an event at the broker."""
        alert = self._incident.adopt(make_alert())
        self._stage.webhook.send(notification([(alert, "firing")]))
        cure = "see that it takes Alertmanager's webhook at POST /webhook, and sends events to K_SINK"
        try:
            (sent,) = self._events.all_at_broker([alert], "fired")
        except AssertionError as missed:
            return Finding("a notification", False, str(missed), cure)
        mode = "structured" if (sent.exchange.header("content-type") or "").startswith("application/cl") else "binary"
        return Finding("a notification", True, f"becomes an event in {mode} mode")

    def _deliver(self, mode: Mode) -> tuple[Alert, Exchange | None]:
        """An event in that content mode, and how it was answered."""
        alert = make_alert(function="pod-restart")
        self._stage.broker.deliver(event_about(alert, "fired", self._incident.correlation_id), mode)
        said = self._journal.exchanges(caller="broker", callee="agent-sre", mentioning=alert.mark)
        return alert, said[-1] if said else None

    def _understood(self, mode: Mode, alert: Alert, answered: Exchange | None) -> Finding:
        """The event has some effect in the outside world."""
        check, cure = f"an event in {mode} mode", f"see that POST / takes CloudEvents in {mode} mode"
        answer = "nothing" if answered is None else str(answered.status or answered.error)

        def effect() -> list[Exchange]:
            made = self._journal.exchanges(caller="agent-sre", mentioning=alert.mark)
            assert made, f"is answered {answer}, and no call about its alert follows"
            return made

        try:
            made = self._stage.waiting.until(effect, "ticket")
        except AssertionError as missed:
            return Finding(check, False, str(missed), cure)
        called = ", ".join(sorted({call.callee for call in made}))
        return Finding(check, True, f"is answered {answer}, and calls follow: {called}")

    def _way_out(self, calls: list[Exchange]) -> Finding:
        """Its calls go through the gateway, the encrypted ones too."""
        encrypted = [call for call in calls if call.tls]
        seen = f"{len(calls)} calls, {len(encrypted)} of them encrypted"
        cure = "its HTTP client has to honour HTTP_PROXY, HTTPS_PROXY and SSL_CERT_FILE"
        return Finding("the way out", bool(encrypted), seen, cure)

    def _keys(self, calls: list[Exchange]) -> Iterator[Finding]:
        """Nobody refuses its keys."""
        for callee in sorted({call.callee for call in calls}):
            to = [call for call in calls if call.callee == callee]
            refused = [call for call in to if call.status in (401, 403) or "AUTHENTICATION_ERROR" in call.response_text]
            if not any(call.header("authorization") for call in to) and not refused:
                continue
            seen = f"{len(refused)} of {len(to)} calls refused" if refused else f"accepted in {len(to)} calls"
            cure = "see `secrets` in the profile: it says how keys reach the agent"
            yield Finding(f"the key for {callee}", not refused, seen, cure)

    def _undeclared(self, calls: list[Exchange]) -> Finding:
        strange = sorted({call.host for call in calls if call.callee == "undeclared"})
        cure = "they were refused; nobody declared them, so see what the agent wants there"
        return Finding("undeclared hosts", not strange, ", ".join(strange) or "none called", cure)

    def _log(self, alerts: list[Alert]) -> Iterator[Finding]:
        """Its log can be read, names its alerts, and its clock is right."""
        try:
            lines = self._stage.target.log().splitlines()
        except TargetUnavailable as error:
            yield Finding("its log", False, str(error), "set `log` of the agent in the profile")
            return
        about = [line for line in lines if any(alert.name in line for alert in alerts)]
        correlated = sum(self._incident.correlation_id in line for line in about)
        seen = f"{len(lines)} lines, {len(about)} about the alerts, {correlated} of them with the correlation id"
        yield Finding("its log", bool(about), seen, "it has to log to its standard output, and to name the alert")
        times = [found for line in about if (found := _time_in(line))]
        if times:
            off = abs(self._journal.cursor() - times[-1].timestamp())
            cure = "set the clock of its machine, or log times with their zone"
            yield Finding(
                "its clock", off < CLOCK + self._stage.profile.limits.ticket, f"{off:.0f} s off at most", cure
            )


def _time_in(line: str) -> datetime | None:
    """The first time that the line gives; one without a zone is taken for UTC."""
    if not (found := TIME.search(line)):
        return None
    moment = datetime.fromisoformat(found[0].replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def show(findings: list[Finding], profile: Profile, console: Console) -> None:
    """The findings as a table."""
    table = Table(box=box.SIMPLE_HEAD, title=f"Profile {profile.name}: {profile.judged}", title_justify="left")
    for column in ("", "check", "seen", "what to do"):
        table.add_column(column, overflow="fold")
    for one in findings:
        mark = Text("✔", "green") if one.sound else Text("✗", "bold red")
        table.add_row(mark, one.check, one.seen, "" if one.sound else one.cure)
    console.print(table)


def main(arguments: list[str] | None = None) -> int:
    """Looks, shows and says whether all is well."""
    parser = argparse.ArgumentParser(prog="doctor", description="The first contact with a deployment of agent-sre.")
    parser.add_argument("-D", dest="settings", metavar="NAME=VALUE", action="append", default=[])
    settings = dict(setting.partition("=")[::2] for setting in parser.parse_args(arguments).settings)
    console = Console(highlight=False)
    try:
        profile = asked(settings)
        stage = Stage(profile)
    except (ProfileError, OSError) as error:
        print(f"doctor: {error}", file=sys.stderr)
        return 2
    try:
        _write_down(stage, console)
        try:
            stage.target.start()
        except TargetUnavailable as error:
            findings = [Finding("the start", False, str(error), "see `agent` and `converter` in the profile")]
        else:
            findings = list(Doctor(stage).findings())
        show(findings, profile, console)
    finally:
        stage.close()
    return 0 if all(one.sound for one in findings) else 1


def _write_down(stage: Stage, console: Console) -> None:
    """For programs that run already: the variables that they have to be started with."""
    anchors = anchors_for(stage.profile)
    if anchors is None:
        return
    surroundings = Surroundings(stage.profile, stage.world, anchors)
    for file in stage.world.loop.run(surroundings.write_down()):
        console.print(f"Start {file.stem} with the variables in {file}:  set -a; . {file}; set +a")


if __name__ == "__main__":
    sys.exit(main())
