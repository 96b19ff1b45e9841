"""What can be said against a deployment's manifests: credentials that stand in them instead of in a Secret."""

from __future__ import annotations

import base64
import binascii
import math
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from steps.incident.transport import leaves_the_cluster
from steps.incident.waiting import BedNotReady
from steps.world.journal import host_of

WORKLOADS = {"LambdaAgent", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "Service"}
"""Kinds that run something; a Service does when it is Knative's."""
SEALED = re.compile(r"^(Cluster)?(External|Sealed|Push)Secret$|^(Cluster)?SecretStore$|^SecretProviderClass$|^Vault")
"""Kinds that say where a credential is, or hold it so that only the cluster can read it."""
DEFINITION = "CustomResourceDefinition"
"""What it says are examples and descriptions."""
COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.M)
LOGIN = re.compile(r"://[^/\s@]+@")
LARGEST = 2**20
"""Bytes: a file that is larger is no manifest."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object, and where it is written."""

    where: str
    content: dict[str, Any]

    @property
    def kind(self) -> str:
        """What it is."""
        return str(self.content.get("kind", ""))

    @property
    def called(self) -> str:
        """What the reader of a sentence recognises it by."""
        name = (self.content.get("metadata") or {}).get("name") or "without a name"
        return f"{self.where}: {self.kind or 'an object'} {name}"

    @property
    def is_workload(self) -> bool:
        """Whether it runs something."""
        return self.kind in WORKLOADS and (self.kind != "Service" or "knative" in str(self.content.get("apiVersion")))

    def within(self, namespace: str) -> Manifest:
        """The object in that namespace unless it says its own: who applies it may say so in its place, as by Helm."""
        metadata = self.content.get("metadata") or {}
        placed = {**metadata, "namespace": metadata.get("namespace") or namespace}
        return Manifest(self.where, {**self.content, "metadata": placed})


class Text(NamedTuple):
    """A text in a manifest: where, by what name it goes, and what it is."""

    path: tuple[str, ...]
    name: str
    value: str


def read(directory: Path) -> tuple[list[Manifest], list[Text]]:
    """The manifests below the directory, their comments, and the lines of what else lies there. Raises BedNotReady."""
    manifests: list[Manifest] = []
    others: list[Text] = []
    if not directory.is_dir():
        raise BedNotReady(f"There is no directory {directory}: set `manifests` in the profile to the deployment's.")
    for file in sorted(file for file in directory.rglob("*") if file.is_file() and file.stat().st_size <= LARGEST):
        where = str(file.relative_to(directory))
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if file.suffix not in (".yaml", ".yml", ".json"):
            others += [Text((where, "data"), "", line) for line in text.splitlines()]
            continue
        try:
            documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            raise BedNotReady(f"{file} is not YAML ({reason}): `manifests` has to name rendered ones.") from None
        manifests += [Manifest(where, one) for document in documents for one in _objects(document)]
        others += [Text((where,), "a comment", comment) for comment in _comments(text)]
    return manifests, others


def _comments(text: str) -> list[str]:
    """The comments, but for logins in addresses: there they are examples."""
    return [LOGIN.sub("://", comment) for comment in COMMENT.findall(text)]


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """The objects of a document, which may be a list of them."""
    if isinstance(document, dict):
        items = document.get("items") if document.get("kind") == "List" else None
        yield from (one for one in items if isinstance(one, dict)) if items else (document,)


# -- what must not be


def exposed(manifest: Manifest, *, live: bool = False) -> list[str]:
    """A sentence for each credential that the object holds itself. A live Secret is there to do so."""
    if manifest.kind == DEFINITION:
        return []
    if manifest.kind == "Secret":
        return [] if live else [f"{manifest.called} holds {key} itself" for key in _literals(manifest.content)]
    sealed = bool(SEALED.search(manifest.kind))
    against = (lambda text: shape_of(text.value)) if sealed else reason_against
    found = ((text, against(text)) for text in texts(manifest.content))
    return [f"{manifest.called} holds {reason} in {'.'.join(text.path)}" for text, reason in found if reason]


def with_credential(manifest: Manifest) -> Manifest:
    """The object as it would be if somebody had noted a credential on it."""
    metadata = dict(manifest.content.get("metadata") or {})
    noted = {**(metadata.get("annotations") or {}), "note": f"lin_api_{secrets.token_hex(20)}"}
    if manifest.kind == "Secret":
        return Manifest(manifest.where, {**manifest.content, "stringData": noted})
    return Manifest(manifest.where, {**manifest.content, "metadata": metadata | {"annotations": noted}})


def exposed_beside(others: Sequence[Text]) -> list[str]:
    """The same for comments, and for the lines of files that are no manifests."""
    found = ((text, reason_against(text)) for text in others)
    return [f"{text.path[0]} holds {reason}{text.name and f' in {text.name}'}" for text, reason in found if reason]


def texts(node: Any, path: tuple[str, ...] = ()) -> Iterator[Text]:
    """Every text of the object that could be a credential; names of Secrets and of keys in them are none."""
    if isinstance(node, dict):
        if isinstance(node.get("name"), str) and "value" in node:
            yield from _scalar((*path, node["name"]), node["name"], node["value"])
            node = {key: value for key, value in node.items() if key not in ("name", "value")}
        for key, value in node.items():
            if not REFERENCE.search(str(key)):
                yield from texts(value, (*path, str(key)))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            flag = node[number - 1] if number else None
            if isinstance(flag, str) and re.fullmatch(r"--?[A-Za-z][\w-]*", flag) and isinstance(value, str):
                yield Text((*path, flag), flag, value)
            else:
                yield from texts(value, (*path, str(number)))
    else:
        yield from _scalar(path, path[-1] if path else "", node)


def _scalar(path: tuple[str, ...], name: str, value: Any) -> Iterator[Text]:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield Text(path, name, str(value))


REFERENCE = re.compile(r"Ref$|^secretName$|^existingSecret$|^imagePullSecrets?$|^valueFrom$")
"""Fields that say where something is, but not what."""
CREDENTIAL = re.compile(
    r"(^|_)(API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|SIGNING_KEY|AUTH_KEY|ENCRYPTION_KEY|TOKEN|PASSWORD|PASSWD|"
    r"PASSPHRASE|SECRET|CREDENTIALS?|WEBHOOK_URL|DSN)$"
)
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*_KEY")
NO_CREDENTIAL = re.compile(r"(TEAM|PROJECT|PUBLIC|ROUTING|PARTITION|SORT|CACHE|GROUP|OBJECT|LABEL)_KEY$")
"""Variables whose name ends in KEY, and which open nothing."""
HARMLESS = re.compile(
    r"^$|^<.*>$|^\$[({]?[\w.:-]+[)}]?$|^\{\{.*\}\}$|^[x*.]+$|^ENC\[|^(vault|ref\+|op)[:+]|^\.{0,2}/[\w./-]*$|"
    r"change.?me|replace|placeholder|dummy|example|redacted|to.?be.?set|^your[-_ ]|^(true|false|none|null)$",
    re.I,
)
"""Placeholders, references and paths."""
SHAPES = {
    "a Linear key": r"lin_(api|oauth|refresh|wh)_\w{16,}",
    "a Slack token": r"xox[abeoprs]-[\w-]{10,}",
    "a Slack webhook": r"hooks\.slack\.com/(services|workflows)/T\w+/\w+/\w{8,}",
    "an Atlassian token": r"ATATT[\w=+/-]{16,}",
    "an Anthropic key": r"sk-ant-[\w-]{16,}",
    "a GitHub token": r"gh[opsru]_\w{20,}",
    "an AWS key": r"AKIA[0-9A-Z]{16}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a JSON Web Token": r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*",
    "a password in an address": r"://[^/\s:@]+:(?![*x<$])[^/\s@]{3,}@",
}
"""Credentials that are recognised wherever they stand."""
ASSIGNMENT = re.compile(r"(?<![\w-])-{0,2}([A-Za-z][\w.-]*)\s*[=:]\s*[\"']?([^\s\"']+)")
TELLING = ("env", "args", "command", "annotations", "data", "binaryData", "stringData", "literals", "envs")
"""Where long random texts have no business."""
FINGERPRINT = re.compile(r"digest|checksum|sha|hash|revision|commit|uid|uuid|cert|ca.?bundle|version|image", re.I)
RUN = re.compile(r"(?<![A-Za-z0-9:])[A-Za-z0-9]{20,}(?![A-Za-z0-9])")
RANDOM = 3.3
"""Bits of entropy per character, from which on a long text is no word."""


def reason_against(text: Text) -> str | None:
    """What the text gives away, in words that follow `holds`; None when it is nothing."""
    if shape := shape_of(text.value):
        return shape
    if names_credential(text.name, text.value):
        return f"{text.name.lstrip('-')} as a plain value"
    if any(part in TELLING for part in text.path):
        for name, value in ASSIGNMENT.findall(text.value):
            if names_credential(name, value):
                return f"{name} as a plain value"
        if looks_random(text):
            return "a long random text"
    return None


def shape_of(value: str) -> str | None:
    """Which credential the text shows by its shape."""
    found = ((name, re.search(pattern, value)) for name, pattern in SHAPES.items())
    return next((name for name, match in found if match and not re.search(r"[xX*]{6}|0{8}", match[0])), None)


def names_credential(name: str, value: str) -> bool:
    """Whether the name is that of a credential, and the value one that it could have."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.lstrip("-")).replace("-", "_").replace(".", "_").upper()
    named = CREDENTIAL.search(plain) or (VARIABLE.fullmatch(name) and not NO_CREDENTIAL.search(name))
    if not named or HARMLESS.search(value):
        return False
    if re.fullmatch(r"[\d.]+[a-z%]{0,3}", value):
        return bool(re.search(r"PASS|SECRET$", plain))
    return not (value.startswith("http") and not leaves_the_cluster(host_of(value)))


def looks_random(text: Text) -> bool:
    """Whether the text holds something that nobody would have thought of."""
    if any(FINGERPRINT.search(part) for part in text.path) or HARMLESS.search(text.value):
        return False
    plain = re.sub(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----|\bsha\d+:\w+", "", text.value, flags=re.S)
    return any(_is_random(run) for run in RUN.findall(plain))


def _is_random(run: str) -> bool:
    digits = sum(character.isdigit() for character in run)
    if not max(2, len(run) * 0.08) <= digits < len(run):
        return False
    return -sum(n / len(run) * math.log2(n / len(run)) for n in Counter(run).values()) >= RANDOM


def _literals(secret: dict[str, Any]) -> Iterator[str]:
    """The keys of a Secret whose values are written down, and are neither placeholders nor something public."""
    for field in ("data", "stringData"):
        for key, value in (secret.get(field) or {}).items():
            text = str(value or "")
            if field == "data":
                with suppress(binascii.Error, ValueError):  # what the API would not take is written down as well
                    text = base64.b64decode(text, validate=True).decode(errors="replace").strip()
            if not (HARMLESS.search(text) or HARMLESS.search(str(value or "")) or PUBLIC.search(text)):
                yield key


PUBLIC = re.compile(
    r"^[\w.+-]+@[\w.-]+$|^https?://(?!hooks\.)[\w.-]+(:\d+)?/?$|^\w+\.[\w.-]+$|^-----BEGIN CERTIFICATE-----"
)
"""E-mail addresses, addresses of hosts and certificates: a Secret may say them aloud."""


# -- what has to be


def sources(manifests: Sequence[Manifest]) -> list[str]:
    """Where the workloads take credentials from: a line for each Secret that one of them names."""
    return [
        f"{manifest.called}: {line}"
        for manifest in manifests
        if manifest.is_workload
        for line in _sources(manifest.content, "")
    ]


def _sources(node: Any, name: str) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _sources(one, name)
    elif isinstance(node, dict):
        name = str(node.get("name") or name)
        for key, value in node.items():
            if isinstance(value, dict) and (key == "secretKeyRef" or key.endswith("SecretRef")):
                yield f"{name if key == 'secretKeyRef' else key} ← Secret {value.get('name')}, key {value.get('key')}"
            elif isinstance(value, dict) and key in ("secretRef", "secret"):
                yield f"{name or key} ← Secret {value.get('name') or value.get('secretName')}"
            else:
                yield from _sources(value, name)


def none_exposed(found: Sequence[str], searched: int) -> None:
    """No credential stands in what was searched."""
    more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
    assert not found, f"Expected every credential in Secrets only, but {found[0]}{more} ({searched} objects searched)."


def from_secrets(manifests: Sequence[Manifest]) -> list[str]:
    """agent-sre is deployed, and takes its credentials from Secrets; where from."""
    workloads = [manifest.called for manifest in manifests if manifest.is_workload]
    assert workloads, f"Expected a workload among the deployment's manifests, but there is none in {len(manifests)}."
    found = sources(manifests)
    assert found, (
        f"Expected the deployment to take its credentials from Secrets, but neither of its workloads does: "
        f"{', '.join(workloads)}."
    )
    return found
