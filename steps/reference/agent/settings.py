"""The agent's settings (CONTRACTS §10.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steps.reference.agent.approvals import Outcome
from steps.reference.calls import Retries
from steps.reference.settings import Environment, Secret


@dataclass(frozen=True, slots=True)
class ApprovalSettings:
    """Who is asked before a remediation, and for how long."""

    slack_webhook_url: Secret | None
    slack_signing_secret: Secret | None
    slack_channel: str
    custom_endpoint: str | None
    custom_method: str
    custom_callback_url: str | None
    """None when the application is asked for its decision."""
    custom_poll_interval: float
    require_all: bool
    timeout: float
    at_timeout: Outcome


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """The agent as an OAuth application."""

    client_id: str
    client_secret: Secret
    refresh_token: Secret
    """The first one; the later ones are the agent's own to keep."""
    file: Path
    """Where it keeps them."""
    margin: float
    """A token is renewed so long before it expires."""


@dataclass(frozen=True, slots=True)
class JiraSettings:
    """The site and the project in which issues are opened too."""

    url: str
    email: str
    api_token: Secret
    project_key: str
    issue_type: str
    index_lag: float
    """After so many seconds its search surely finds what was opened."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says; times are seconds."""

    linear_api_key: Secret | None
    """None when the agent is an OAuth application."""
    linear_oauth: OAuthSettings | None
    linear_team_key: str
    jira: JiraSettings | None
    """None when there are no issues in Jira."""
    prometheus_url: str
    loki_url: str | None
    tempo_url: str | None
    otlp_endpoint: str | None
    """``host:port`` where spans are sent by gRPC; None when they are not."""
    pagerduty_api_key: Secret | None
    pagerduty_schedule_id: str
    grafana_url: str
    namespace: str
    trm_url: str
    """Address of the TRM model service."""
    trm_timeout: float
    kubeconfig: Path | None
    kubernetes_service: str | None
    """Address of the API server inside a cluster."""
    http_timeout: float
    prometheus_timeout: float
    function_timeout: float
    retries: Retries
    retry_later_pause: float
    """Pause before work that all tries could not do is taken up again; it grows to twice as much."""
    answer_timeout: float
    """An event is answered after its ticket work, or after this time."""
    breaker_failures: int
    breaker_cooldown: float
    max_pending: int
    """Events in work; more are turned away."""
    rate_limit: float
    """Events a second that are taken in the long run."""
    rate_limit_burst: int
    """Events that are taken at once."""
    approval: ApprovalSettings | None
    """None when the agent asks nobody."""


def read(variables: Mapping[str, str]) -> Settings:
    """The settings. Raises SettingsError."""
    environment = Environment(variables)
    host = environment.text("KUBERNETES_SERVICE_HOST", "")
    kubeconfig = environment.text("KUBECONFIG", "")
    oauth = _oauth(environment)
    settings = Settings(
        linear_api_key=None if oauth else environment.secret("LINEAR_API_KEY"),
        linear_oauth=oauth,
        linear_team_key=environment.text("LINEAR_TEAM_KEY", "BVL"),
        jira=_jira(environment),
        prometheus_url=environment.text("PROMETHEUS_URL", "http://prometheus:9090").rstrip("/"),
        loki_url=environment.text("LOKI_URL", "").rstrip("/") or None,
        tempo_url=environment.text("TEMPO_URL", "").rstrip("/") or None,
        otlp_endpoint=environment.text("OTEL_EXPORTER_OTLP_ENDPOINT", "") or None,
        pagerduty_api_key=environment.optional_secret("PAGERDUTY_API_KEY"),
        pagerduty_schedule_id=environment.text("PAGERDUTY_SCHEDULE_ID", ""),
        grafana_url=environment.text("GRAFANA_URL", "https://grafana.example.com").rstrip("/"),
        namespace=environment.text("NAMESPACE", "ai"),
        trm_url=environment.text("TRM_API_URL", "http://trm-reasoning.ml-platform.svc:8080").rstrip("/"),
        trm_timeout=environment.seconds("TRM_TIMEOUT", 2),
        kubeconfig=Path(kubeconfig) if kubeconfig else None,
        kubernetes_service=f"https://{host}:{environment.text('KUBERNETES_SERVICE_PORT', '443')}" if host else None,
        http_timeout=environment.seconds("HTTP_TIMEOUT", 10),
        prometheus_timeout=environment.seconds("PROMETHEUS_TIMEOUT", 30),
        function_timeout=environment.seconds("FUNCTION_TIMEOUT", 60),
        retries=Retries(environment.count("RETRY_TRIES", 5), environment.seconds("RETRY_FIRST_PAUSE", 0.5)),
        retry_later_pause=environment.seconds("RETRY_LATER_PAUSE", 5),
        answer_timeout=environment.seconds("ANSWER_TIMEOUT", 5),
        breaker_failures=environment.count("BREAKER_FAILURES", 5),
        breaker_cooldown=environment.seconds("BREAKER_COOLDOWN", 30),
        max_pending=environment.count("MAX_PENDING_EVENTS", 1000),
        rate_limit=environment.count("RATE_LIMIT", 100),
        rate_limit_burst=environment.count("RATE_LIMIT_BURST", 200),
        approval=_approval(environment),
    )
    environment.check()
    return settings


def _oauth(environment: Environment) -> OAuthSettings | None:
    """What the agent needs when LINEAR_AUTH says that it has no personal key."""
    if environment.choice("LINEAR_AUTH", "key", "oauth") == "key":
        return None
    return OAuthSettings(
        client_id=environment.text("LINEAR_OAUTH_CLIENT_ID"),
        client_secret=environment.secret("LINEAR_OAUTH_CLIENT_SECRET"),
        refresh_token=environment.secret("LINEAR_OAUTH_REFRESH_TOKEN"),
        file=Path(environment.text("STATE_DIRECTORY", ".")) / "linear-tokens.json",
        margin=environment.seconds("LINEAR_OAUTH_MARGIN", 60),
    )


def _jira(environment: Environment) -> JiraSettings | None:
    """The site that JIRA_URL names."""
    url = environment.text("JIRA_URL", "").rstrip("/")
    if not url:
        return None
    return JiraSettings(
        url=url,
        email=environment.text("JIRA_EMAIL"),
        api_token=environment.secret("JIRA_API_TOKEN"),
        project_key=environment.text("JIRA_PROJECT_KEY", "HOMELAB"),
        issue_type=environment.text("JIRA_ISSUE_TYPE", "Task"),
        index_lag=environment.seconds("JIRA_INDEX_LAG", 3),
    )


def _approval(environment: Environment) -> ApprovalSettings | None:
    """Whom to ask, in operation mode `supervised`."""
    if environment.choice("OPERATION_MODE", "agentic", "supervised") == "agentic":
        return None
    webhook = environment.optional_secret("SLACK_WEBHOOK_URL")
    endpoint = environment.text("CUSTOM_APPROVAL_ENDPOINT", "") or None
    environment.require(
        webhook or endpoint,
        "OPERATION_MODE is supervised, so SLACK_WEBHOOK_URL or CUSTOM_APPROVAL_ENDPOINT must say who approves",
    )
    calls_back = environment.flag("CUSTOM_APPROVAL_USE_WEBHOOK", True)
    outcomes: dict[str, Outcome] = {"pending": "pending", "approve": "approved", "reject": "rejected"}
    return ApprovalSettings(
        slack_webhook_url=webhook,
        slack_signing_secret=environment.secret("SLACK_SIGNING_SECRET") if webhook else None,
        slack_channel=environment.text("SLACK_CHANNEL", "#agent-approvals"),
        custom_endpoint=endpoint,
        custom_method=environment.text("CUSTOM_APPROVAL_METHOD", "POST"),
        custom_callback_url=environment.text("CUSTOM_APPROVAL_CALLBACK_URL") if endpoint and calls_back else None,
        custom_poll_interval=environment.seconds("CUSTOM_APPROVAL_POLL_INTERVAL", 10),
        require_all=environment.flag("APPROVAL_REQUIRE_ALL", False),
        timeout=environment.seconds("APPROVAL_TIMEOUT_SECONDS", 3600),
        at_timeout=outcomes[environment.choice("APPROVAL_TIMEOUT_ACTION", *outcomes)],
    )
