"""What can be claimed about the deployment of agent-sre: its manifests, what the cluster has of it, and its Secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from steps.drivers.kubernetes import Kubernetes
from steps.incident import manifests
from steps.incident.incident import Incident
from steps.incident.manifests import Manifest, Text
from steps.incident.waiting import BedNotReady
from steps.world.services.functions import NAMESPACE


class Deployment:
    """Claims about how agent-sre is deployed. Each keeps what it saw as evidence, or raises AssertionError."""

    def __init__(self, kubernetes: Callable[[], Kubernetes], directory: Path | None, incident: Incident) -> None:
        self._kubernetes = kubernetes
        self._directory = directory
        self._incident = incident
        self._objects: list[Manifest] = []
        self._others: list[Text] = []
        self._live = False

    def read(self) -> None:
        """Reads the manifests. Raises BedNotReady when nobody knows where they are, or they cannot be read."""
        if self._directory is None:
            raise BedNotReady(
                "Nobody knows the deployment's manifests: set `manifests` in the profile to their directory."
            )
        self._objects, self._others = manifests.read(self._directory)
        self._incident.saw("Manifests", "\n".join(one.called for one in self._objects))

    def apply(self) -> None:
        """Looks at the workloads and their settings as the cluster has them; what it lacks is applied first.

        What is of a kind that the cluster does not know is looked at as it is written.
        """
        self.read()
        cluster = self._kubernetes()
        wanted = [one for one in self._objects if (one.is_workload or one.kind == "ConfigMap")]
        self._objects, self._others, self._live = [], [], True
        for manifest in (one.within(NAMESPACE) for one in wanted):
            if not cluster.knows(manifest.content):
                self._objects.append(manifest)
                continue
            if cluster.read(manifest.content) is None:
                cluster.apply(manifest.content)
                self._incident.ending.callback(partial(cluster.delete, manifest.content))
            self._objects.append(Manifest("the cluster", cluster.read(manifest.content) or {}))

    def takes_from_secrets(self) -> None:
        """Its workloads take their credentials from Secrets."""
        self._incident.saw("Where its credentials come from", "\n".join(manifests.from_secrets(self._objects)))

    def holds_none(self) -> None:
        """None of its objects holds a credential itself."""
        found = [sentence for one in self._objects for sentence in manifests.exposed(one, live=self._live)]
        found += manifests.exposed_beside(self._others)
        self._incident.saw("Credentials outside of Secrets", "\n".join(found) or "none")
        self._incident.did_not_see("a credential in a manifest", control=self._would_be_found)
        manifests.none_exposed(found, len(self._objects))

    def rotated_within(self, days: float) -> None:
        """Every Secret of agent-sre's namespace was made, or its data changed, within so many days."""
        secrets = self._kubernetes().find("v1", "Secret", NAMESPACE)
        shown = (f"{one['metadata']['name']:<24}{changed_at(one):%Y-%m-%d %H:%M:%S}" for one in secrets)
        self._incident.saw("When the Secrets were last changed", "\n".join(shown))
        self._incident.did_not_see("a Secret that is too old", control=lambda: secrets)
        young(secrets, days, datetime.now(UTC))

    def _would_be_found(self) -> bool:
        """Whether a credential would be found in each of the objects that could hold one, if somebody put it there."""
        could = [one for one in self._objects if one.kind != manifests.DEFINITION]
        return all(manifests.exposed(manifests.with_credential(one), live=self._live) for one in could)


# -- pure claims, each with its sentence


def changed_at(secret: dict[str, Any]) -> datetime:
    """When the data of the Secret was last changed, as its managers tell; else when it was made."""
    metadata = secret["metadata"]
    told = [
        one["time"]
        for one in metadata.get("managedFields") or ()
        if one.get("time") and {"f:data", "f:stringData"} & set(one.get("fieldsV1") or ())
    ]
    return max(map(datetime.fromisoformat, told), default=datetime.fromisoformat(metadata["creationTimestamp"]))


def young(secrets: Sequence[dict[str, Any]], days: float, now: datetime) -> None:
    """There are Secrets, and none of them is older than so many days."""
    assert secrets, f"Expected Secrets with agent-sre's keys in namespace {NAMESPACE}, but there is none."
    old = {one["metadata"]["name"]: now - changed_at(one) for one in secrets}
    old = {name: age for name, age in old.items() if age > timedelta(days=days)}
    assert not old, f"Expected every key to be exchanged within {days:g} days, but " + ", ".join(
        f"the Secret {name} is {age.days} days old" for name, age in old.items()
    )
