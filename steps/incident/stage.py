"""The stage of a run, and the scene of each scenario on it: all that the sentences speak through."""

from __future__ import annotations

import secrets
import ssl
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import httpx

from steps.drivers.agent import Agent
from steps.drivers.alertmanager import Alertmanager
from steps.drivers.approvals import Approvers
from steps.drivers.broker import Broker
from steps.drivers.doors import Doors
from steps.drivers.flood import SENDER
from steps.drivers.flood import Flood as FloodSender
from steps.drivers.functions import Functions
from steps.drivers.jira import Jira
from steps.drivers.kubernetes import Kubernetes
from steps.drivers.linear import Linear
from steps.drivers.loki import Loki
from steps.drivers.prometheus import Prometheus
from steps.drivers.slos import Slos
from steps.drivers.tempo import Tempo
from steps.drivers.webhook import Webhook
from steps.incident import sources
from steps.incident.alert import make_alert, new_key
from steps.incident.alerting import Alerting
from steps.incident.approvals import TIMEOUT, Approvals, PromptPeople
from steps.incident.audit import Audit, audit
from steps.incident.deployment import Deployment
from steps.incident.events import Events, event_about
from steps.incident.flood import Flood
from steps.incident.hostile import Hostility
from steps.incident.incident import Incident
from steps.incident.integrations import INQUIRED, TRACKERS
from steps.incident.issues import Issues
from steps.incident.jira_issues import JiraIssues
from steps.incident.model import Model
from steps.incident.objectives import Objectives
from steps.incident.observability import Observability
from steps.incident.outages import Outage, Outages
from steps.incident.remediation import Remediation
from steps.incident.robustness import Robustness
from steps.incident.rotation import Key, Rotation
from steps.incident.success import SuccessMetrics
from steps.incident.telemetry import Telemetry
from steps.incident.traffic import Kind, Load, Traffic
from steps.incident.trust import Trust
from steps.incident.vacuity import Observed, require_controls, require_part
from steps.incident.validation import Validation
from steps.incident.waiting import BedNotReady, Waiting
from steps.targets import profile as profiles
from steps.targets.profile import Profile, ProfileError
from steps.targets.surroundings import AGENT, CONVERTER
from steps.targets.target import Target, TargetUnavailable, world_for
from steps.world import hosts, staff
from steps.world.earlier import Earlier
from steps.world.processes.tools import ToolMissing, version
from steps.world.processes.usage import Watch
from steps.world.services.covered import uncovered
from steps.world.staff import APPROVER, ENGINEER
from steps.world.standstill import held_up, spare_what_lasts
from steps.world.trouble import Trouble
from steps.world.world import WorldUnavailable

MOST = 40
"""Exchanges that are shown when a step has failed: the last ones."""


class Stage:
    """Opened once for a run: the world, the judged programs in it, and the drivers. Closing it stops everything."""

    def __init__(self, profile: Profile, seed: int | None = None) -> None:
        self.profile = profile
        self.seed = secrets.randbelow(10**9) if seed is None else seed
        """What input is generated from: the same one brings the same again."""
        self.run = f"run-{new_key()}"
        self.opened = ExitStack()
        self._incidents: dict[str, Incident] = {}
        self._loads: dict[Kind, Load] = {}
        self._outages: dict[str, Outage] = {}
        self._failed_by: set[str] = set()
        """The sources and trackers that a fault of the last scenario has kept from answering agent-sre, ..."""
        self._lifted = 0.0
        """... and when that ended. The journal's time."""
        self.world = world_for(profile)
        self.opened.callback(self.world.close)

    @classmethod
    def open(cls, settings: Mapping[str, str]) -> Self:
        """Boots the world and starts the programs that the settings ask for, the reference without any.

        Raises ProfileError for a profile that cannot be used, and TargetUnavailable when a program does not start.
        """
        seed = settings.get("seed")
        if seed is not None and not seed.isdecimal():
            raise ProfileError(f"The seed has to be a whole number, not {seed!r}: give it as -D seed=1.")
        stage = cls(profiles.asked(settings), seed=None if seed is None else int(seed))
        try:
            stage.target.start()
        except BaseException:
            stage.close()
            raise
        return stage

    def close(self) -> None:
        """Stops what was started, in reverse order."""
        self.opened.close()

    def versions(self) -> dict[str, str]:
        """Versions of the judged programs and of the world's real ones, by name, as far as they can be told."""
        found = self.target.versions
        for tool in ("prometheus", "alertmanager"):
            with suppress(ToolMissing):
                found[tool] = version(tool)
        return found

    # -- drivers, made when first needed

    @cached_property
    def target(self) -> Target:
        """The judged programs."""
        return Target(self.profile, self.world)

    @cached_property
    def client(self) -> httpx.Client:
        """The suite's own way into the world: through the gateway like everybody's, and recorded as `suite`."""
        door = self.world.loop.run(self.world.gateway.door("suite"))
        trust = ssl.create_default_context(cafile=str(self.world.ca_file))
        return self.opened.enter_context(httpx.Client(proxy=door, verify=trust, trust_env=False, timeout=10))

    @cached_property
    def kubernetes(self) -> Kubernetes:
        """The Kubernetes API."""
        door = self.world.loop.run(self.world.gateway.door("suite"))
        return Kubernetes(self.world.kubeconfig, door, self.run)

    @cached_property
    def prometheus(self) -> Prometheus:
        """The Prometheus that evaluates the rules. Raises WorldUnavailable when it cannot be started."""
        self.world.require_alerting()
        return Prometheus(self.client, f"http://{hosts.PROMETHEUS}:9090")

    @cached_property
    def alertmanager(self) -> Alertmanager:
        """The Alertmanager that notifies prometheus-events. Raises WorldUnavailable when it cannot be started."""
        self.world.require_alerting()
        return Alertmanager(self.client, f"http://{hosts.ALERTMANAGER}:9093")

    @cached_property
    def second_alertmanager(self) -> Alertmanager:
        """Another Alertmanager that notifies the same prometheus-events; started when first asked for."""
        self.world.start_second_alertmanager()
        return Alertmanager(self.client, f"http://{hosts.SECOND_ALERTMANAGER}:9093")

    @cached_property
    def loki(self) -> Loki:
        """The Loki that holds the logs."""
        return Loki(self.client, f"http://{hosts.LOKI}:3100")

    @cached_property
    def tempo(self) -> Tempo:
        """The Tempo that holds the traces."""
        return Tempo(self.client, f"http://{hosts.TEMPO}:3200", f"http://{hosts.TEMPO}:4318")

    @cached_property
    def webhook(self) -> Webhook:
        """Alertmanager's part at prometheus-events' webhook."""
        client = self.world.gateway.client("alertmanager")
        return Webhook(client, f"http://{hosts.CONVERTER}:8080/webhook", self.world.loop)

    @cached_property
    def broker(self) -> Broker:
        """The broker, for what enters behind prometheus-events."""
        client = self.world.gateway.client("broker")
        return Broker(self.world.broker, client, f"http://{hosts.AGENT}/", self.world.loop)

    @cached_property
    def agent(self) -> Agent:
        """agent-sre at its own doors."""
        return Agent(self.client, f"http://{hosts.AGENT}", self.target)

    @cached_property
    def linear(self) -> Linear:
        """Linear as the suite's own account sees it."""
        key = self.world.credentials.suite_linear_key
        return Linear(self.client, f"https://{hosts.LINEAR}/graphql", key, self.profile.linear.team)

    @cached_property
    def jira(self) -> Jira:
        """Jira as the suite's own account sees it."""
        token = self.world.credentials.suite_jira_token
        return Jira(self.client, f"https://{hosts.JIRA}", staff.SUITE, token, self.profile.jira.project)

    @cached_property
    def functions(self) -> Functions:
        """LambdaFunctions and their roll-out."""
        return Functions(self.kubernetes, self.world.function_operator, self.world.loop)

    @cached_property
    def approvers(self) -> Approvers:
        """The people who approve remediations."""
        return Approvers(
            self.world.slack,
            self.world.approvals,
            slack_client=self.world.gateway.client("slack"),
            application_client=self.world.gateway.client("approval-app"),
            request_url=f"http://{hosts.AGENT}/approval/callback",
            signing_secret=self.world.credentials.slack_signing_secret,
            loop=self.world.loop,
        )

    @cached_property
    def doors(self) -> Doors:
        """Whatever can be sent to the doors of the two programs."""
        client = self.world.gateway.client("suite")
        return Doors(client, self.world.credentials.slack_signing_secret, self.world.loop)

    @cached_property
    def flood(self) -> FloodSender:
        """Whoever sends agent-sre more than it has to take."""
        return FloodSender(self.world.gateway.client(SENDER), f"http://{hosts.AGENT}", self.world.loop)

    @cached_property
    def slos(self) -> Slos:
        """Services with service level objectives."""
        return Slos(self.world.signals, self.prometheus, self.profile.rulings)

    @cached_property
    def trouble(self) -> Trouble:
        """What can go wrong around the agent."""
        world = self.world
        return Trouble(
            world.journal, world.gateway, world.linear, world.jira, world.slack, world.trm, world.credentials
        )

    @cached_property
    def waiting(self) -> Waiting:
        """Waiting for evidence."""
        return Waiting(self.world.journal, self.profile.limits, self.target.ended)

    @cached_property
    def keys(self) -> dict[str, Key]:
        """The keys of agent-sre that can be exchanged while it runs, by the features' words for what they open."""
        held = self.world.credentials
        linear, jira = self.world.linear, self.world.jira
        return {
            "Linear": Key("linear", lambda: held.linear_api_key, self.renew_linear_key, linear.revoke),
            "Jira": Key("jira", lambda: held.jira_api_token, self.renew_jira_token, jira.revoke),
        }

    def renew_linear_key(self) -> None:
        """Gives agent-sre a fresh key for Linear, and puts it in place."""
        key = self.world.credentials.renew_linear(self.world.journal)
        self.world.staff.hand_key(key)
        self.world.renew_secrets()
        self.target.put_key("LINEAR_API_KEY", key)

    def renew_jira_token(self) -> None:
        """Gives agent-sre a fresh token for Jira, and puts it in place."""
        token = self.world.credentials.renew_jira(self.world.journal)
        self.world.staff.hand_token(token)
        self.world.renew_secrets()
        self.target.put_key("JIRA_API_TOKEN", token)

    def audit(self) -> Audit:
        """The audit of this world so far. Raises TargetUnavailable when a log cannot be read."""
        return audit(self.world.journal, self.target.logs(), self.world.backends.exported(), self.client)

    def watch_agent(self) -> Watch:
        """Looks at what agent-sre uses of the machine, until it is stopped or the run is over."""
        return self.opened.enter_context(Watch(self.target.agent_pid))

    # -- scenes

    def incident_of(self, scenario: str) -> Incident:
        """The incident of the scenario with that location: the same one whenever it is asked for."""
        if scenario not in self._incidents:
            self._incidents[scenario] = Incident(self.world.journal, self.world.signals, self.broker)
        return self._incidents[scenario]

    def scene_of(self, scenario: str) -> Scene:
        """What that scenario's sentences speak through."""
        incident, waiting, journal = self.incident_of(scenario), self.waiting, self.world.journal
        issues = Issues(self.linear, journal, waiting, incident, self.profile)
        remediation = Remediation(journal, waiting, incident, issues, self.profile.rulings)
        observability = Observability(
            lambda: self.prometheus,
            lambda: self.loki,
            lambda: self.tempo,
            journal,
            waiting,
            incident,
            issues,
            remediation,
        )
        traffic = self._traffic(incident)
        return Scene(
            incident=incident,
            events=Events(journal, waiting, incident),
            issues=issues,
            jira_issues=JiraIssues(self.jira, journal, waiting, incident, self.profile),
            alerting=Alerting(
                lambda: self.kubernetes, lambda: self.prometheus, lambda: self.alertmanager, waiting, incident
            ),
            remediation=remediation,
            objectives=Objectives(lambda: self.slos, waiting, incident),
            approvals=Approvals(
                self.approvers,
                journal,
                waiting,
                incident,
                issues,
                remediation,
                lambda: float(self.target.arrangement.get(TIMEOUT, "inf")),
            ),
            observability=observability,
            telemetry=Telemetry(self.agent, lambda: self.prometheus, lambda: self.tempo, journal, waiting, incident),
            validation=Validation(
                lambda: self.kubernetes, lambda: self.prometheus, self.world.signals, waiting, incident
            ),
            trust=Trust(journal, waiting, incident),
            hostility=Hostility(lambda: self.doors, journal, waiting, incident, issues),
            robustness=Robustness(
                lambda: self.doors,
                self.target.revive,
                self.world.directory / "hypothesis",
                self.seed,
                journal,
                waiting,
                incident,
            ),
            flood=Flood(lambda: self.flood, self.target.renew_agent, self.profile, journal, waiting, incident),
            rotation=Rotation(self.keys, self.profile.linear.token_lifetime, journal, waiting, incident),
            deployment=Deployment(lambda: self.kubernetes, self.profile.manifests, incident),
            model=Model(journal, waiting, incident, issues, remediation, self.agent, self.profile.rulings.confidence),
            traffic=traffic,
            success=SuccessMetrics(incident, self.profile),
            outages=Outages(
                traffic=traffic,
                webhook=lambda: self.webhook,
                people=self._prompt_people,
                trouble=lambda: self.trouble,
                journal=journal,
                waiting=waiting,
                incident=incident,
                profile=self.profile,
                seen=self._outages,
            ),
        )

    def _traffic(self, incident: Incident) -> Traffic:
        return Traffic(
            webhook=lambda: self.webhook,
            loki=lambda: self.loki,
            tempo=lambda: self.tempo,
            slos=lambda: self.slos,
            engineer=self._engineer,
            people=self._prompt_people,
            limits=lambda: self.trouble.limits_in_turn(),
            loop=self.world.loop,
            authority=self.world.authority,
            journal=self.world.journal,
            waiting=self.waiting,
            incident=incident,
            profile=self.profile,
            sent=self._loads,
        )

    def _prompt_people(self) -> PromptPeople:
        return PromptPeople(self.approvers, APPROVER)

    def _engineer(self) -> str:
        """Id of the account in Linear of who is on call. Raises BedNotReady when there is none."""
        if user := self.linear.user(ENGINEER):
            return user.id
        raise BedNotReady(f"{ENGINEER}, who is on call, has no account in Linear.")

    def begin(self, scenario: str, arrangement: str | None = None) -> None:
        """A scenario begins, under an arrangement of the profile: what is looked at from here on is its own.

        Raises TargetUnavailable.
        """
        self.target.require_running()
        self.bring_back()
        self.target.arrange(arrangement)
        spare_what_lasts()
        incident = self.incident_of(scenario)
        incident.began = self.world.journal.cursor()
        for over in self._incidents.values():
            over.earlier = None  # it holds the names of all issues of its time
        others = frozenset(word for one in self._incidents.values() if one is not incident for word in one.words())
        incident.earlier = Earlier(self.world.journal, self.world.names_of_issues(), others)
        self.trouble.begin(others)
        incident.end_step()
        self.agent.look_from_here()
        self.waiting.begin(incident.next_hop)

    def bring_back(self) -> None:
        """Has alerts fire until agent-sre asks those again that a fault of the last scenario may keep it from.

        It leaves them alone for no longer than the recovery limit; who does not leave them alone is told of one alert.
        """
        failed, self._failed_by = self._failed_by, set()
        journal = self.world.journal

        def asks_again() -> None:
            left_alone = failed - sources.answered_by(journal, self._lifted)
            assert not left_alone, f"Expected agent-sre to ask {', '.join(sorted(left_alone))} again."

        def fire() -> None:
            event = event_about(make_alert(labels={"slo": f"checkout-{new_key()}"}), "fired", str(uuid.uuid4()))
            self.broker.publish(event)

        self.waiting.begin(lambda: None)
        with suppress(AssertionError):
            if failed - sources.answered_by(journal, self._lifted):
                self.waiting.until_done_again(fire, asks_again, "recovery")

    def settle(self) -> None:
        """Lets agent-sre finish with the alerts of earlier scenarios, as far as it does so in time.

        A call that does not say what it is about would else be taken for one about the scenario that runs.
        """
        journal, limits = self.world.journal, self.profile.limits

        def told() -> None:
            assert not any(incident.next_hop() for incident in self._incidents.values()), "Expected agent-sre told."

        def called() -> float | None:
            if any(journal.in_flight(caller=AGENT, callee=one) for one in (*TRACKERS, *INQUIRED)):
                return None
            since = journal.cursor() - limits.patience
            calls = [call for one in TRACKERS for call in journal.exchanges(caller=AGENT, callee=one, since=since)]
            return max((call.ended for call in calls), default=0.0) + limits.again - limits.quiet

        with suppress(AssertionError):
            self.waiting.until(told, "notification")
        with suppress(AssertionError):
            self.waiting.quiet(called)

    def observed(self, scenario: str, *, failed: bool) -> Observed:
        """What the step that has just ended saw; and when it failed, everything that was said about its incident."""
        incident = self.incident_of(scenario)
        if failed:
            incident.saw_everything(MOST)
        return incident.end_step()

    def end(self, scenario: str, *, failed: bool) -> None:
        """A scenario ends: its signals fall, and neither a fault that it brought about nor a notification lasts.

        Raises WorldUnavailable when a part of the world broke meanwhile, or when the scenario has `failed` and a double
        could not answer what agent-sre asked, or the world stood still and held up a call of one of the programs: no
        verdict can be drawn. When it has passed: raises TargetUnavailable when one of the programs has ended, and
        EmptyPass when what has passed shows nothing.
        """
        incident = self.incident_of(scenario)
        self.webhook.end()
        self.trouble.over()
        self._lifted = self.world.journal.cursor()
        self._failed_by = sources.failed_by(self.world.journal, incident.began)
        self.world.staff.start_of_day()
        incident.end()
        if broken := self.world.journal.marks(incident.began, kind="broken"):
            raise WorldUnavailable(f"The world itself broke: {broken[0].text}")
        if failed:
            asked = incident.own(self.world.journal.exchanges(caller=AGENT, since=incident.began))
            if not_covered := uncovered(asked):
                raise WorldUnavailable(not_covered)
            asked += incident.own(self.world.journal.exchanges(caller=CONVERTER, since=incident.began))
            if meanwhile := held_up(self.world.journal, asked, incident.began):
                raise WorldUnavailable(f"Meanwhile {meanwhile}: the machine is too busy to judge.")
            return
        if ended := self.target.ended():
            raise TargetUnavailable(f"During the scenario {ended}")
        require_controls(incident.absences)
        if incident.alerts:
            require_part(self.world.journal.exchanges(since=incident.began), (CONVERTER, AGENT))


@dataclass(frozen=True, slots=True)
class Scene:
    """The incident of one scenario, and what can be claimed about it."""

    incident: Incident
    events: Events
    issues: Issues
    jira_issues: JiraIssues
    alerting: Alerting
    remediation: Remediation
    objectives: Objectives
    approvals: Approvals
    observability: Observability
    telemetry: Telemetry
    validation: Validation
    model: Model
    traffic: Traffic
    success: SuccessMetrics
    outages: Outages
    trust: Trust
    deployment: Deployment
    rotation: Rotation
    flood: Flood
    robustness: Robustness
    hostility: Hostility
