"""The objects of the cluster: created, replaced and deleted by the server's rules, and watched.

Everything runs on the loop of whoever holds the store; an operation is a plain call, whole when it returns.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self
from uuid import uuid4

from steps.world.cluster.kubernetes import errors, metadata, patch, schema
from steps.world.cluster.kubernetes.apply import Owners, apply
from steps.world.cluster.kubernetes.errors import Cause, bad_request
from steps.world.cluster.kubernetes.resources import NAMESPACE, RESOURCES, Resource, of_kind
from steps.world.cluster.kubernetes.schema import Object, clone
from steps.world.cluster.kubernetes.selectors import field_selector, label_selector

Key = tuple[str, str]
"""Namespace (empty for a kind of the whole cluster) and name."""

_SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_REMEMBERED = 5_000
"""Changes of one kind that a late watcher can still be told."""
_SERVER_OWNED = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)
_OMITTED_IF_EMPTY = ("labels", "annotations", "finalizers", "ownerReferences", "namespace", "generateName")
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to an object."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    item: Object
    """The object after the change; what is deleted, as it was last. To be read only."""
    before: Object | None
    version: int


class Watch:
    """The changes of one kind, in order, while it is held open: `with store.watch(...) as changes`."""

    def __init__(self, watchers: set[Watch], known: list[Change]) -> None:
        self._watchers = watchers
        self._changes: asyncio.Queue[Change] = asyncio.Queue()
        for change in known:
            self.tell(change)
        watchers.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchers.discard(self)

    def tell(self, change: Change) -> None:
        """Hands on a change; for the store."""
        self._changes.put_nowait(change)

    async def next(self, within: float | None = None) -> Change | None:
        """The next change; None if nothing happens `within` so many seconds."""
        try:
            async with asyncio.timeout(within):
                return await self._changes.get()
        except TimeoutError:
            return None

    def drain(self) -> list[Change]:
        """The changes that are there already."""
        return [self._changes.get_nowait() for _ in range(self._changes.qsize())]


class Store:
    """All objects of one cluster, and what an API server does before it keeps one.

    Objects given and returned are plain JSON dicts and the caller's own. Every refusal is an ApiError with
    the code, reason and message of a real API server.
    """

    def __init__(self) -> None:
        self._items: dict[Resource, dict[Key, Object]] = {resource: {} for resource in RESOURCES}
        self._history: dict[Resource, deque[Change]] = {resource: deque() for resource in RESOURCES}
        self._forgotten = dict.fromkeys(RESOURCES, 0)
        self._watchers: dict[Resource, set[Watch]] = {resource: set() for resource in RESOURCES}
        self._owners: dict[str, Owners] = {}
        self._version = 0
        for name in _SYSTEM_NAMESPACES:
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    @property
    def version(self) -> int:
        """The resourceVersion of the last change."""
        return self._version

    def get(self, kind: str, namespace: str, name: str) -> Object:
        """The object of that name; a kind of the whole cluster has the namespace ''. Raises ApiError 404."""
        return clone(self._get(of_kind(kind), (namespace, name)))

    def find(self, kind: str, namespace: str = "", *, labels: str = "", fields: str = "") -> list[Object]:
        """The objects that the selectors choose, ordered by namespace and name; '' is every namespace.

        Raises ApiError 400 for a selector that cannot be read.
        """
        resource = of_kind(kind)
        chosen, known = label_selector(labels), field_selector(fields, resource.fields)
        return [
            clone(item)
            for (place, _), item in sorted(self._items[resource].items())
            if namespace in ("", place) and chosen(item) and known(item)
        ]

    def create(self, given: Object, *, dry_run: bool = False) -> Object:
        """Keeps a new object and returns it as kept. Raises ApiError 400, 404 (namespace), 409 or 422."""
        resource = _resource_of(given)
        new = _decoded(resource, given)
        facts = new["metadata"]
        if facts.get("resourceVersion"):
            raise errors.ApiError(500, "", "resourceVersion should not be set on objects to be created")
        self._require_namespace(resource, facts.get("namespace", ""))
        if not facts.get("name") and (stem := facts.get("generateName")):
            facts["name"] = stem + "".join(secrets.choice(_SUFFIX) for _ in range(5))
        for field in _SERVER_OWNED:
            facts.pop(field, None)
        facts |= {"uid": str(uuid4()), "creationTimestamp": _now()}
        if resource.status:
            new.pop("status", None)
        if resource.generation:
            facts["generation"] = 1
        self._admit(resource, new, None)
        key = _key(new)
        if key in self._items[resource]:
            raise errors.already_exists(resource, key[1])
        return self._commit(resource, key, None, new, dry_run=dry_run)

    def replace(self, given: Object, *, status: bool = False, dry_run: bool = False) -> Object:
        """Puts an object in the place of the one it names; with `status`, only its status.

        An object with an outdated resourceVersion is refused. What changes nothing is not a new version.
        Raises ApiError 400, 404, 409 or 422.
        """
        resource = _resource_of(given)
        new = _decoded(resource, given)
        facts = new["metadata"]
        key = _key(new)
        old = self._get(resource, key)
        known = old["metadata"]
        if facts.get("uid", known["uid"]) != known["uid"]:
            raise errors.precondition_failed(resource, key[1], "UID", facts["uid"], known["uid"])
        if not facts.get("resourceVersion") and resource.custom:
            cause = Cause.invalid("metadata.resourceVersion", 0, "must be specified for an update")
            raise errors.invalid(resource, key[1], [cause])
        if (facts.get("resourceVersion") or known["resourceVersion"]) != known["resourceVersion"]:
            raise errors.modified(resource, key[1])
        if status:
            new = {**clone(old), "status": new.get("status", {})}
        else:
            self._keep(resource, old, new)
        self._admit(resource, new, old)
        if new == old:
            return clone(old)
        if resource.generation and _substance(new) != _substance(old):
            new["metadata"]["generation"] = known["generation"] + 1
        if "deletionTimestamp" in new["metadata"] and not new["metadata"].get("finalizers"):
            return self._commit(resource, key, new, None, dry_run=dry_run)
        return self._commit(resource, key, old, new, dry_run=dry_run)

    def merge(self, kind: str, namespace: str, name: str, changes: Object, *, status: bool = False) -> Object:
        """Changes an object by a JSON merge patch: null removes. Raises ApiError as `replace`."""
        resource = of_kind(kind)
        merged = patch.merge(resource.schema, self._get(resource, (namespace, name)), changes)
        return self.replace(merged, status=status)

    def apply(
        self,
        given: Object,
        manager: str,
        *,
        force: bool = False,
        status: bool = False,
        dry_run: bool = False,
    ) -> tuple[Object, bool]:
        """Server-side apply: the object and whether it is new. Raises ApiError 400, 404, 409 or 422."""
        resource = _resource_of(given)
        wish = _decoded(resource, given)
        old = self._items[resource].get(_key(wish))
        if old is None:
            if status:
                raise errors.not_found(resource, _key(wish)[1])
            new = self.create(wish, dry_run=dry_run)
            owners: Owners = {}
            apply(resource.schema, new, wish, manager, owners, force=True)
        else:
            owners = clone(self._owners.get(old["metadata"]["uid"], {}))
            merged = apply(resource.schema, old, wish, manager, owners, force=force)
            new = self.replace(merged, status=status, dry_run=dry_run)
        if not dry_run:
            self._owners[new["metadata"]["uid"]] = owners
        return new, old is None

    def delete(
        self,
        kind: str,
        namespace: str,
        name: str,
        *,
        uid: str | None = None,
        version: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Removes an object (a namespace: with all that is in it) and returns it as it was last.

        One with finalizers is marked, and goes when the last of them is removed.
        Raises ApiError 403 (system namespace), 404, or 409 if the object has not that uid or resourceVersion.
        """
        resource, key = of_kind(kind), (namespace, name)
        old = self._get(resource, key)
        facts = old["metadata"]
        for wanted, field, word in ((uid, "uid", "UID"), (version, "resourceVersion", "ResourceVersion")):
            if wanted is not None and wanted != facts[field]:
                raise errors.precondition_failed(resource, name, word, wanted, facts[field])
        if resource is NAMESPACE:
            if name in _SYSTEM_NAMESPACES:
                raise errors.forbidden(resource, name, "this namespace may not be deleted")
            if not dry_run:
                self._empty(name)
        if facts.get("finalizers"):
            if "deletionTimestamp" in facts:
                return clone(old)
            marked = clone(old)
            marked["metadata"] |= {"deletionTimestamp": _now(), "deletionGracePeriodSeconds": 0}
            if resource.generation:
                marked["metadata"]["generation"] += 1
            return self._commit(resource, key, old, marked, dry_run=dry_run)
        return self._commit(resource, key, old, None, dry_run=dry_run)

    def watch(self, kind: str, *, since: int | None = None) -> Watch:
        """The changes of a kind after version `since`; without it, first every object as ADDED.

        Raises ApiError 410 if changes after `since` are no longer remembered.
        """
        resource = of_kind(kind)
        if since is None:
            known = [
                Change("ADDED", item, None, int(item["metadata"]["resourceVersion"]))
                for _, item in sorted(self._items[resource].items())
            ]
        else:
            if since < self._forgotten[resource]:
                raise errors.expired(since, self._forgotten[resource])
            known = [change for change in self._history[resource] if change.version > since]
        return Watch(self._watchers[resource], known)

    def _get(self, resource: Resource, key: Key) -> Object:
        item = self._items[resource].get(key)
        if item is None:
            raise errors.not_found(resource, key[1])
        return item

    def _require_namespace(self, resource: Resource, namespace: str) -> None:
        if not resource.namespaced:
            if namespace:
                raise bad_request(f"namespace is not allowed on a {resource.kind}: it belongs to the cluster")
        elif not namespace:
            raise bad_request("an empty namespace may not be set during creation")
        elif ("", namespace) not in self._items[NAMESPACE]:
            raise errors.not_found(NAMESPACE, namespace)

    def _keep(self, resource: Resource, old: Object, new: Object) -> None:
        """Sets in `new` what a client cannot change."""
        facts, known = new["metadata"], old["metadata"]
        for field in (*_SERVER_OWNED, "generateName"):
            facts.pop(field, None)
            if field in known:
                facts[field] = known[field]
        if resource.status:
            new.pop("status", None)
            if "status" in old:
                new["status"] = clone(old["status"])

    def _admit(self, resource: Resource, new: Object, old: Object | None) -> None:
        schema.default(resource.schema, new)
        resource.prepare(new, old)
        causes = metadata.check(new, resource.name_rule) + schema.validate(resource.schema, new, "")
        if causes := causes or resource.check(new, old):
            raise errors.invalid(resource, new["metadata"].get("name", ""), causes)

    def _commit(self, resource: Resource, key: Key, old: Object | None, new: Object | None, *, dry_run: bool) -> Object:
        """Keeps `new` (None: deletes `old`), tells the watchers, and returns a copy of what was kept."""
        last = new if new is not None else old
        assert last is not None
        if dry_run:
            return clone(last)
        self._version = version = self._version + 1
        item = {**last, "metadata": {**last["metadata"], "resourceVersion": str(version)}}
        if new is None:
            del self._items[resource][key]
            self._owners.pop(item["metadata"]["uid"], None)
            change = Change("DELETED", item, old, version)
        else:
            self._items[resource][key] = item
            change = Change("MODIFIED" if old else "ADDED", item, old, version)
        history = self._history[resource]
        history.append(change)
        if len(history) > _REMEMBERED:
            self._forgotten[resource] = history.popleft().version
        for watch in self._watchers[resource]:
            watch.tell(change)
        return clone(item)

    def _empty(self, namespace: str) -> None:
        for resource in RESOURCES:
            for place, name in list(self._items[resource]):
                if resource.namespaced and place == namespace:
                    self.delete(resource.kind, place, name)


def decode(resource: Resource, item: Object, *, strict: bool) -> list[str]:
    """Takes a client's object for one of the resource: removes in place what the resource does not know.

    Returns the warnings about it. Raises ApiError 400 for a field of the wrong type where the server decodes
    into types of its own (metadata, built-in kinds), and for an unknown field if `strict`.
    """
    refused = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
    schema.drop_nulls(item)
    facts = item.setdefault("metadata", {})
    for field in _OMITTED_IF_EMPTY:
        if not facts.get(field, True):
            del facts[field]
    unknown = schema.prune(resource.schema, item)
    if unknown and strict:
        told = ", ".join(f'unknown field "{path}"' for path in unknown)
        raise bad_request(f"{refused}strict decoding error: {told}")
    typed = (
        schema.validate(metadata.METADATA, facts, "metadata")
        if resource.custom
        else schema.validate(resource.schema, item, "")
    )
    for cause in typed:
        if cause.reason == "FieldValueTypeInvalid":
            raise bad_request(f"{refused}{cause.field}: {cause.message}")
    return [f'unknown field "{path}"' for path in unknown]


def _decoded(resource: Resource, given: Object) -> Object:
    """A copy of an object that the server can work with."""
    new = clone(given)
    decode(resource, new, strict=True)
    return new


def _resource_of(given: Object) -> Resource:
    kind, version = given.get("kind"), given.get("apiVersion")
    resource = next((it for it in RESOURCES if it.kind == kind and it.api_version == version), None)
    if resource is None:
        raise bad_request(f'no matches for kind "{kind}" in version "{version}"')
    return resource


def _key(item: Object) -> Key:
    return item["metadata"].get("namespace", ""), item["metadata"].get("name", "")


def _substance(item: Object) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key not in ("metadata", "status")}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
