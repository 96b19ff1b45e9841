"""The answers of an API server that are not successes: a `Status` object, its reason, code and causes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from steps.world.services.covered import NOT_COVERED

if TYPE_CHECKING:
    from steps.world.cluster.kubernetes.resources import Resource


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong."""

    reason: str
    message: str
    field: str

    @classmethod
    def required(cls, field: str, detail: str = "") -> Self:
        return cls("FieldValueRequired", "Required value" + (f": {detail}" if detail else ""), field)

    @classmethod
    def invalid(cls, field: str, value: Any, detail: str) -> Self:
        return cls("FieldValueInvalid", f"Invalid value: {json.dumps(value)}: {detail}", field)

    @classmethod
    def unsupported(cls, field: str, value: Any, supported: Iterable[str]) -> Self:
        names = ", ".join(json.dumps(name) for name in supported)
        message = f"Unsupported value: {json.dumps(value)}: supported values: {names}"
        return cls("FieldValueNotSupported", message, field)

    @classmethod
    def duplicate(cls, field: str, value: Any) -> Self:
        return cls("FieldValueDuplicate", f"Duplicate value: {json.dumps(value)}", field)

    @classmethod
    def too_long(cls, field: str, limit: int) -> Self:
        return cls("FieldValueTooLong", f"Too long: may not be more than {limit} bytes", field)

    @classmethod
    def forbidden(cls, field: str, detail: str) -> Self:
        return cls("FieldValueForbidden", f"Forbidden: {detail}", field)


class ApiError(Exception):
    """A request that the API server refuses; the message is the server's own."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def status(self) -> dict[str, Any]:
        """The `Status` object that goes over the wire."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            **({"reason": self.reason} if self.reason else {}),
            **({"details": self.details} if self.details is not None else {}),
            "code": self.code,
        }


def _details(resource: Resource, name: str, **more: Any) -> dict[str, Any]:
    group = {"group": resource.group} if resource.group else {}
    return {**({"name": name} if name else {}), **group, "kind": resource.plural, **more}


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(resource: Resource, name: str, why: str) -> ApiError:
    message = f'{resource.qualified} "{name}" is forbidden: {why}'
    return ApiError(403, "Forbidden", message, _details(resource, name))


def not_found(resource: Resource, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', _details(resource, name))


def no_such_resource() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def not_covered(what: str) -> ApiError:
    """A real server would answer, this one does not."""
    return ApiError(501, "NotImplemented", f"{NOT_COVERED}{what}.")


def method_not_allowed() -> ApiError:
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def not_acceptable(accepted: Sequence[str]) -> ApiError:
    message = f"only the following media types are accepted: {', '.join(accepted)}"
    return ApiError(406, "NotAcceptable", message)


def already_exists(resource: Resource, name: str) -> ApiError:
    message = f'{resource.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str) -> ApiError:
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def precondition_failed(resource: Resource, name: str, field: str, wanted: str, actual: str) -> ApiError:
    """A write that was meant for another incarnation of the object."""
    why = f"Precondition failed: {field} in precondition: {wanted}, {field} in object meta: {actual}"
    return conflict(resource, name, why)


def modified(resource: Resource, name: str) -> ApiError:
    """The answer to a stale resourceVersion."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, why)


def apply_conflict(fields: Sequence[tuple[str, str]]) -> ApiError:
    """Server-side apply meets fields of other managers; `fields` holds (manager, path)."""
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}"', "field": path}
        for manager, path in fields
    ]
    count = "1 conflict" if len(fields) == 1 else f"{len(fields)} conflicts"
    told = "; ".join(f'conflict with "{manager}": {path}' for manager, path in fields)
    return ApiError(409, "Conflict", f"Apply failed with {count}: {told}", {"causes": causes})


def expired(asked: int, oldest: int) -> ApiError:
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def too_new(asked: int, newest: int) -> ApiError:
    message = f"Timeout: Too large resource version: {asked}, current: {newest}"
    return ApiError(504, "Timeout", message, {"retryAfterSeconds": 1})


def too_large(limit: int) -> ApiError:
    message = f"Request entity too large: limit is {limit}"
    return ApiError(413, "RequestEntityTooLarge", message, {})


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
    return ApiError(415, "UnsupportedMediaType", message)


def invalid(resource: Resource, name: str, causes: Sequence[Cause]) -> ApiError:
    """The object breaks its schema or its kind's rules."""
    return _invalid(resource.group, resource.kind, name, causes)


def invalid_options(kind: str, causes: Sequence[Cause]) -> ApiError:
    """The request's own parameters are wrong."""
    return _invalid("meta.k8s.io", kind, "", causes)


def _invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> ApiError:
    told = [f"{cause.field}: {cause.message}" for cause in causes]
    summary = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    qualified = f"{kind}.{group}" if group else kind
    details = {
        **({"name": name} if name else {}),
        **({"group": group} if group else {}),
        "kind": kind,
        "causes": [{"reason": cause.reason, "message": cause.message, "field": cause.field} for cause in causes],
    }
    return ApiError(422, "Invalid", f'{qualified} "{name}" is invalid: {summary}', details)


def unprocessable_patch() -> ApiError:
    """A JSON patch whose test fails or whose path does not exist."""
    message = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", message, {})
