"""The audit of a run: every call that left the judged programs, and every place where a credential could stand.

Whoever runs a part of the scenarios in a world of its own audits that world at its end and writes down what came of
it; the scenarios about the whole run judge their own world and what the others have written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import httpx
from pydantic import BaseModel, ConfigDict

from steps.incident import leaks, transport
from steps.targets.surroundings import JUDGED
from steps.world import hosts
from steps.world.journal import Journal

PLACE = "audit"
"""Where the workers that share a run leave their audits, beside its reports."""
INTEGRATIONS = {
    "Linear": "linear",
    "Jira": "jira",
    "PagerDuty": "pagerduty",
    "Slack": "slack",
    "the approval application": "approval-app",
    "the Kubernetes API": "kubernetes",
    "LambdaFunctions": "functions",
    "Prometheus": "prometheus",
    "Loki": "loki",
    "Tempo": "tempo",
    "the TRM model": "trm",
    "the broker": "broker",
}
"""Whom agent-sre and prometheus-events call, by who they are in the journal."""
METRICS = (f"http://{hosts.AGENT}/metrics", f"http://{hosts.CONVERTER}:8080/metrics")


class Audit(BaseModel):
    """What came of it. It holds no credential, and may be kept."""

    model_config = ConfigDict(frozen=True)

    calls: dict[str, int]
    """Calls of the judged programs, by who was called."""
    encrypted: dict[str, int]
    """Calls that left the cluster as they should, by host."""
    distrusted: dict[str, int]
    """How often a host could not be trusted and was not spoken to."""
    unprotected: tuple[str, ...]
    """A sentence for each kind of call that left the cluster as it must not."""
    undeclared: tuple[str, ...]
    """A sentence for each host that nobody declared."""
    credentials: tuple[str, ...]
    """The names of the credentials that were looked for."""
    at_home: dict[str, int]
    """How often each of them was seen where it belongs."""
    searched: dict[str, int]
    """Texts that were searched, by kind of place; of logs their lines."""
    leaks: dict[str, tuple[str, ...]]
    """A sentence for each credential that stood somewhere else, by kind of place."""

    def joined(self, other: Self) -> Self:
        """Both as one."""
        places = self.leaks | other.leaks
        return type(self)(
            calls=Counter(self.calls) + Counter(other.calls),
            encrypted=Counter(self.encrypted) + Counter(other.encrypted),
            distrusted=Counter(self.distrusted) + Counter(other.distrusted),
            unprotected=self.unprotected + other.unprotected,
            undeclared=self.undeclared + other.undeclared,
            credentials=tuple(dict.fromkeys(self.credentials + other.credentials)),
            at_home=Counter(self.at_home) + Counter(other.at_home),
            searched=Counter(self.searched) + Counter(other.searched),
            leaks={place: self.leaks.get(place, ()) + other.leaks.get(place, ()) for place in places},
        )

    def write(self, file: Path) -> None:
        """Keeps it for whoever judges the whole run."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.model_dump_json(indent=1), encoding="utf-8")

    def with_others(self, directory: Path) -> Self:
        """It, and all that others have written into the directory."""
        whole = self
        for file in sorted(directory.glob("*.json")):
            whole = whole.joined(type(self).model_validate_json(file.read_text(encoding="utf-8")))
        return whole


def audit(
    journal: Journal, logs: Mapping[str, str], exported: Iterable[tuple[str, bytes]], client: httpx.Client
) -> Audit:
    """Audits one world: all that its journal has, the programs' logs and metrics, and what they have exported."""
    for address in METRICS:
        client.get(address)
    made = [call for caller in JUDGED for call in journal.exchanges(caller=caller)]
    answered = [call for callee in JUDGED for call in journal.exchanges(callee=callee)]
    sent = transport.judged(made)
    passages = (
        *leaks.of_logs(logs),
        *leaks.of_requests(made),
        *leaks.of_answers(answered),
        *leaks.of_exports(exported),
    )
    found = leaks.search(passages, journal.planted)
    return Audit(
        calls=sent.calls,
        encrypted=sent.encrypted,
        distrusted=sent.distrusted,
        unprotected=tuple(map(journal.redact, sent.unprotected)),
        undeclared=tuple(map(journal.redact, sent.undeclared)),
        credentials=tuple(sorted(journal.planted.names)),
        at_home=found.at_home,
        searched=found.searched,
        leaks={place: tuple(sentences) for place, sentences in found.leaks.items()},
    )


# -- claims: pure, each with its sentence


def complete(seen: Audit) -> None:
    """Every integration was called, so that nothing about its calls was overlooked."""
    missing = [name for name, callee in INTEGRATIONS.items() if not seen.calls.get(callee)]
    assert not missing, f"Expected calls to every integration in this run, but there is none to {', '.join(missing)}."


def protected(seen: Audit) -> None:
    """Every call that left the cluster was encrypted, and went to a host that could be trusted."""
    missing = [name for name, host in hosts.EXTERNAL.items() if not seen.encrypted.get(host)]
    assert not seen.unprotected, (
        f"Expected every call that leaves the cluster by TLS 1.2 or later, but {_all(seen.unprotected)}."
    )
    assert not missing, f"Expected encrypted calls in this run to {', '.join(missing)}, but there is none."


def declared(seen: Audit) -> None:
    """Every call went to a host that somebody has declared."""
    assert not seen.undeclared, f"Expected calls to declared hosts only, but {_all(seen.undeclared)}."


USED = ("linear_api_key", "jira_api_token", "pagerduty_api_key", "slack_webhook_url", "kubernetes_token")
"""The credentials without which no alert can be handled."""


def at_home(seen: Audit) -> None:
    """Each credential that agent-sre uses was seen where it belongs: the search finds what is there."""
    unseen = [name for name in USED if not seen.at_home.get(name)]
    assert not unseen, (
        f"Expected to find each credential where it belongs, but there {'is no' if len(unseen) == 1 else 'are no'} "
        f"{', '.join(name.replace('_', ' ') for name in unseen)}."
    )


def clean(seen: Audit, place: str) -> None:
    """No credential stands in that kind of place, of which there is something to search."""
    count, found = seen.searched.get(place, 0), seen.leaks.get(place, ())
    assert count, f"Expected {place} of this run to search for credentials, but there are none."
    assert not found, f"Expected no credential in the {place} of this run, but {_all(found)}."


def _all(sentences: Iterable[str]) -> str:
    """The first sentences, and how many more there are."""
    first, *others = sentences
    return first + (f"; and {len(others)} more" if others else "")


def shown_calls(seen: Audit) -> str:
    """Who was called how often, and how what left the cluster was protected."""
    rows = [f"{'called':<28}{'calls':>8}"]
    rows += [f"{callee:<28}{count:>8}" for callee, count in sorted(seen.calls.items())]
    rows += ["", f"{'encrypted, to':<28}{'calls':>8}{'not trusted':>14}"]
    for host in sorted(seen.encrypted.keys() | seen.distrusted.keys()):
        rows.append(f"{host:<28}{seen.encrypted.get(host, 0):>8}{seen.distrusted.get(host, 0):>14}")
    return "\n".join([*rows, *seen.unprotected, *seen.undeclared])


def shown_credentials(seen: Audit) -> str:
    """Which credentials were looked for, and how often each was seen where it belongs."""
    rows = [f"{'credential':<28}{'where it belongs':>18}"]
    return "\n".join(rows + [f"{name:<28}{seen.at_home.get(name, 0):>18}" for name in seen.credentials])


def shown_places(seen: Audit) -> str:
    """What was searched, and what was found there."""
    rows = [f"{'searched':<40}{'texts':>8}{'leaks':>8}"]
    rows += [
        f"{place:<40}{count:>8}{len(seen.leaks.get(place, ())):>8}" for place, count in sorted(seen.searched.items())
    ]
    return "\n".join([*rows, *(sentence for sentences in seen.leaks.values() for sentence in sentences)])
