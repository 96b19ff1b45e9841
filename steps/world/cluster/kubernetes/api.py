"""The API server: its HTTP addresses, verbs, media types and answers."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from steps.world.cluster.kubernetes import discovery, errors, patch, table
from steps.world.cluster.kubernetes.errors import ApiError, Cause, bad_request
from steps.world.cluster.kubernetes.resources import Resource, at_path, group_versions
from steps.world.cluster.kubernetes.schema import Object
from steps.world.cluster.kubernetes.selectors import Match, field_selector, label_selector
from steps.world.cluster.kubernetes.store import Change, Store, decode
from steps.world.cluster.kubernetes.uncovered import uncovered

_BODY_LIMIT = 3 * 1024 * 1024
_WATCH_SECONDS = 1800.0
_READ = ("application/json", "application/yaml")
_WRITTEN = ("application/json",)
_APPLY = "application/apply-patch+yaml"
_PATCHES: dict[str, Callable[[Object, Object, Any], Object]] = {
    "application/json-patch+json": patch.json_patch,
    "application/merge-patch+json": patch.merge,
    "application/strategic-merge-patch+json": patch.strategic,
}


@dataclass(frozen=True, slots=True)
class _Target:
    """What an address names."""

    resource: Resource
    namespace: str
    name: str
    subresource: str


class KubernetesApi:
    """A Kubernetes API server for the kinds the suite touches, true to version 1.36 (DESIGN, "Facts").

    `app` is the ASGI application; `store` holds the objects and can be used directly on the same loop.
    With a token, every request without `Authorization: Bearer <token>` is answered 401.
    """

    def __init__(self, store: Store | None = None, *, token: str | None = None) -> None:
        self.store = store or Store()
        self._token = token
        self.app = Starlette(routes=[Mount("/", app=self._answer)])

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ApiError as error:
            response = JSONResponse(error.status(), error.code)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if self._token and request.headers.get("authorization") != f"Bearer {self._token}":
            raise errors.unauthorized()
        path = request.url.path.rstrip("/")
        if (document := discovery.document(path)) is not None:
            if request.method != "GET":
                raise errors.method_not_allowed()
            return JSONResponse(document)
        if path in ("/healthz", "/livez", "/readyz"):
            return PlainTextResponse("ok")
        if (missing := uncovered(path)) is not None:
            raise errors.not_covered(missing)
        target = _target(path)
        if target is None:
            return PlainTextResponse("404 page not found\n", 404)
        return await _Call(self.store, request, target).respond()


def _target(path: str) -> _Target | None:
    """What the path names; None for a group that is not served. Raises ApiError 404 for an unknown resource."""
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        parts.insert(1, "")
    if parts[0] not in ("api", "apis") or len(parts) < 4:
        return None
    group, version, *rest = parts[1:]
    if (group, version) not in group_versions():
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] != "status":
        namespace, rest = rest[1], rest[2:]
    resource = at_path(group, version, rest[0])
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise errors.no_such_resource()
    name, subresource = (*rest[1:], "", "")[:2]
    if subresource and not (subresource == "status" and resource.status):
        raise errors.no_such_resource()
    return _Target(resource, namespace, name, subresource)


class _Call:
    """One request for objects."""

    def __init__(self, store: Store, request: Request, target: _Target) -> None:
        self.store = store
        self.request = request
        self.target = target
        self.query = {key: values[-1] for key, values in parse_qs(request.url.query, keep_blank_values=True).items()}
        self.resource = target.resource
        self.as_table = "as=Table" in request.headers.get("accept", "")
        self.warnings: list[str] = []

    async def respond(self) -> Response:
        self._check_accept()
        verb = self._verb()
        body = await self._body() if self.request.method != "GET" else b""
        response = verb(body)
        for warning in self.warnings:
            response.headers.append("warning", f"299 - {json.dumps(warning)}")
        return response

    def _verb(self) -> Callable[[bytes], Response]:
        """What the method means at this address. Raises ApiError 405."""
        collection = {"GET": self._list, "POST": self._create, "DELETE": self._delete_collection}
        everywhere = {"GET": self._list}
        single = {
            "GET": self._get,
            "PUT": self._replace,
            "PATCH": self._patch,
            "DELETE": self._delete,
        }
        status = {"GET": self._get, "PUT": self._replace, "PATCH": self._patch}
        if self.target.subresource:
            verbs = status
        elif self.target.name:
            verbs = single
        elif self.resource.namespaced and not self.target.namespace:
            verbs = everywhere
        else:
            verbs = collection
        verb = verbs.get(self.request.method)
        if verb is None or (verb == self._delete_collection and not self.resource.namespaced):
            raise errors.method_not_allowed()
        return verb

    # reading

    def _get(self, body: bytes) -> Response:
        item = self.store.get(self.resource.kind, self.target.namespace, self.target.name)
        return self._shown(item)

    def _list(self, body: bytes) -> Response:
        if self._flag("watch"):
            return self._watch()
        version = self._version()
        if version is not None and version > self.store.version:
            raise errors.too_new(version, self.store.version)
        items = self._chosen()
        facts: Object = {"resourceVersion": str(self.store.version)}
        limit = self._number("limit")
        if token := self.query.get("continue"):
            after = _from_token(token)
            items = [item for item in items if _place(item) > after]
        if limit and len(items) > limit:
            facts["remainingItemCount"] = len(items) - limit
            items = items[:limit]
            facts["continue"] = _to_token(_place(items[-1]))
        if self.as_table:
            return JSONResponse(table.table(self.resource, items, facts))
        return JSONResponse(self._list_of(items, facts))

    def _watch(self) -> Response:
        if "sendInitialEvents" in self.query:
            why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
            raise errors.invalid_options("ListOptions", [Cause.forbidden("sendInitialEvents", why)])
        matches = self._match()
        since = self._version() or None
        seconds = self._number("timeoutSeconds") or _WATCH_SECONDS
        return StreamingResponse(self._events(matches, since, seconds), media_type="application/json")

    async def _events(self, matches: Match, since: int | None, seconds: float) -> AsyncIterator[bytes]:
        try:
            watch = self.store.watch(self.resource.kind, since=since)
        except ApiError as error:
            yield _line("ERROR", error.status())
            return
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        with watch:
            while change := await watch.next(max(0.0, end - loop.time())):
                if event := _seen(change, matches):
                    item = table.table(self.resource, [change.item], {}) if self.as_table else change.item
                    yield _line(event, item)

    def _chosen(self) -> list[Object]:
        return self.store.find(
            self.resource.kind,
            self.target.namespace,
            labels=self.query.get("labelSelector", ""),
            fields=self.query.get("fieldSelector", ""),
        )

    def _match(self) -> Match:
        """Whether an object is among those that this request asks for."""
        labels = label_selector(self.query.get("labelSelector", ""))
        fields = field_selector(self.query.get("fieldSelector", ""), self.resource.fields)
        namespace = self.target.namespace
        return lambda item: namespace in ("", item["metadata"].get("namespace", "")) and labels(item) and fields(item)

    # writing

    def _create(self, body: bytes) -> Response:
        item = self._given(body)
        self._decode(item)
        return self._shown(self.store.create(item, dry_run=self._dry_run()), 201)

    def _replace(self, body: bytes) -> Response:
        item = self._given(body)
        self._decode(item)
        return self._shown(self._put(item))

    def _patch(self, body: bytes) -> Response:
        media_type = self._media_type("")
        if media_type == _APPLY:
            return self._apply(body)
        patcher = _PATCHES.get(media_type)
        if patcher is None or (patcher is patch.strategic and self.resource.custom):
            known = [name for name in _PATCHES if not self.resource.custom or "strategic" not in name]
            raise errors.unsupported_media_type([*known, _APPLY])
        old = self.store.get(self.resource.kind, self.target.namespace, self.target.name)
        item = patcher(self.resource.schema, old, _json(body))
        self._address(item)
        self._decode(item)
        return self._shown(self._put(item))

    def _apply(self, body: bytes) -> Response:
        manager = self.query.get("fieldManager", "")
        if not manager:
            cause = Cause.required("fieldManager", "is required for apply patch")
            raise errors.invalid_options("PatchOptions", [cause])
        item = _yaml(body)
        if not item.get("apiVersion") or not item.get("kind"):
            raise bad_request("apiVersion and kind must be set in an apply patch")
        self._address(item)
        self._decode(item)
        new, created = self.store.apply(
            item,
            manager,
            force=self._flag("force"),
            status=bool(self.target.subresource),
            dry_run=self._dry_run(),
        )
        return self._shown(new, 201 if created else 200)

    def _put(self, item: Object) -> Object:
        return self.store.replace(item, status=bool(self.target.subresource), dry_run=self._dry_run())

    def _delete(self, body: bytes) -> Response:
        options = self._delete_options(body)
        wanted = options.get("preconditions") or {}
        item = self.store.delete(
            self.resource.kind,
            self.target.namespace,
            self.target.name,
            uid=wanted.get("uid"),
            version=wanted.get("resourceVersion"),
            dry_run=self._dry_run(),
        )
        if self.resource.returns_deleted or "deletionTimestamp" in item["metadata"]:
            return self._shown(item)
        group = {"group": self.resource.group} if self.resource.group else {}
        uid = item["metadata"]["uid"]
        details = {"name": self.target.name, **group, "kind": self.resource.plural, "uid": uid}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return JSONResponse({**status, "details": details})

    def _delete_collection(self, body: bytes) -> Response:
        self._delete_options(body)
        items = self._chosen()
        for item in items:
            namespace, name = _place(item)
            self.store.delete(self.resource.kind, namespace, name, dry_run=self._dry_run())
        return JSONResponse(self._list_of(items, {"resourceVersion": str(self.store.version)}))

    # bodies

    async def _body(self) -> bytes:
        body = b""
        async for chunk in self.request.stream():
            body += chunk
            if len(body) > _BODY_LIMIT:
                raise errors.too_large(_BODY_LIMIT)
        return body

    def _given(self, body: bytes) -> Object:
        """The object in the body of a POST or PUT, in agreement with the address."""
        media_type = self._media_type("application/json")
        if media_type not in _READ:
            raise errors.unsupported_media_type(_READ)
        item = _json(body) if media_type == "application/json" else _yaml(body)
        if not isinstance(item, dict):
            raise bad_request(f"cannot decode the body: expected a JSON object, got {type(item).__name__}")
        self._address(item)
        return item

    def _address(self, item: Object) -> None:
        """Fills in what the address says and the object leaves out. Raises ApiError 400 where they disagree."""
        resource, target = self.resource, self.target
        if resource.custom and "kind" not in item:
            raise bad_request(f"Object 'Kind' is missing in '{json.dumps(item)}'")
        if item.setdefault("kind", resource.kind) != resource.kind:
            raise bad_request(
                f'{item["kind"]} in version "{resource.version}" cannot be handled as a {resource.kind}: '
                f"the object provided is of another kind than the address asks for"
            )
        if item.setdefault("apiVersion", resource.api_version) != resource.api_version:
            raise bad_request(
                f"the API version in the data ({item['apiVersion']}) does not match the expected API version "
                f"({resource.api_version})"
            )
        facts = item.get("metadata")
        if facts is None:
            facts = item["metadata"] = {}
        if not isinstance(facts, dict):
            raise bad_request(f"metadata of a {resource.kind} is an object, got {type(facts).__name__}")
        if target.namespace and (facts.get("namespace") or target.namespace) != target.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if target.namespace:
            facts["namespace"] = target.namespace
        if target.name and (facts.get("name") or target.name) != target.name:
            raise bad_request(
                f"the name of the object ({facts['name']}) does not match the name on the URL ({target.name})"
            )
        if target.name:
            facts["name"] = target.name

    def _decode(self, item: Object) -> None:
        level = self.query.get("fieldValidation", "Warn")
        if level not in ("Ignore", "Warn", "Strict"):
            cause = Cause.unsupported("fieldValidation", level, ("Ignore", "Strict", "Warn"))
            raise errors.invalid_options("CreateOptions", [cause])
        warnings = decode(self.resource, item, strict=level == "Strict")
        self.warnings += warnings if level == "Warn" else []

    def _delete_options(self, body: bytes) -> Object:
        options = _json(body) if body.strip() else {}
        if not isinstance(options, dict):
            raise bad_request("cannot decode the body: expected DeleteOptions")
        return options

    # parameters

    def _media_type(self, otherwise: str) -> str:
        given = self.request.headers.get("content-type", "")
        return given.split(";")[0].strip().lower() or otherwise

    def _check_accept(self) -> None:
        accepted = self.request.headers.get("accept", "*/*")
        kinds = [part.split(";")[0].strip() for part in accepted.split(",")]
        if not any(kind in ("", "*/*", "application/*", "application/json") for kind in kinds):
            raise errors.not_acceptable(_WRITTEN)

    def _flag(self, name: str) -> bool:
        return self.query.get(name, "false") not in ("false", "0")

    def _number(self, name: str) -> int:
        text = self.query.get(name) or "0"
        if not text.isdecimal():
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax ({name})')
        return int(text)

    def _version(self) -> int | None:
        """The resourceVersion that is asked for; None if any will do."""
        text = self.query.get("resourceVersion", "")
        if text and not text.isdecimal():
            cause = Cause.invalid("resourceVersion", text, "must be a number")
            raise errors.invalid_options("ListOptions", [cause])
        return int(text) if text else None

    def _dry_run(self) -> bool:
        value = self.query.get("dryRun", "")
        if value not in ("", "All"):
            cause = Cause.unsupported("dryRun", value, ("All",))
            raise errors.invalid_options("CreateOptions", [cause])
        return bool(value)

    # answers

    def _shown(self, item: Object, code: int = 200) -> JSONResponse:
        if self.as_table:
            facts = {"resourceVersion": item["metadata"].get("resourceVersion", "")}
            return JSONResponse(table.table(self.resource, [item], facts), code)
        return JSONResponse(item, code)

    def _list_of(self, items: list[Object], facts: Object) -> Object:
        return {
            "apiVersion": self.resource.api_version,
            "kind": f"{self.resource.kind}List",
            "metadata": facts,
            "items": items,
        }


def _seen(change: Change, matches: Match) -> str | None:
    """The event that a change is to a watcher who sees only matching objects."""
    was = change.before is not None and matches(change.before)
    is_still = change.type != "DELETED" and matches(change.item)
    if was:
        return "MODIFIED" if is_still else "DELETED"
    return "ADDED" if is_still else None


def _line(event: str, item: Object) -> bytes:
    return json.dumps({"type": event, "object": item}).encode() + b"\n"


def _place(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _to_token(place: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _from_token(token: str) -> tuple[str, str]:
    try:
        namespace, name = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise bad_request("continue key is not valid") from None
    return namespace, name


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise bad_request(f"cannot decode the body as JSON: {error}") from None


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: a time stays the text that it is."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(body: bytes) -> Object:
    try:
        item = json.loads(body)
    except ValueError:
        try:
            item = yaml.load(body, _Loader)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise bad_request(f"cannot decode the body as YAML: {error}") from None
    if not isinstance(item, dict):
        raise bad_request(f"cannot decode the body: expected an object, got {type(item).__name__}")
    return item
