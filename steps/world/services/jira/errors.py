"""How Jira refuses and fails: whole answers, raised by the doors where a rule is broken, and put in Jira's place by
faults (CONTRACTS §2)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from steps.world.services.covered import NOT_COVERED

Headers = tuple[tuple[str, str], ...]
Reason = Literal["jira-burst-based", "jira-per-issue-on-write", "jira-quota-global-based", "jira-quota-tenant-based"]
"""Which limit was reached (header RateLimit-Reason)."""

JSON = ("content-type", "application/json;charset=UTF-8")
QUOTA, QUOTA_WINDOW = 65_000, 3600
"""Points per window of the quota for applications."""


class Answer(NamedTuple):
    """One HTTP answer."""

    status: int
    headers: Headers
    body: bytes


class Refused(Exception):
    """Raised where a rule is broken; carries what the caller is told."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer


def told(body: Any, status: int = 200, headers: Headers = ()) -> Answer:
    """An answer in JSON."""
    return Answer(status, (JSON, *headers), json.dumps(body).encode())


def collection(status: int, *messages: str, fields: Mapping[str, str] | None = None, headers: Headers = ()) -> Answer:
    """Jira's ErrorCollection: sentences about the request, and one per field at fault."""
    return told({"errorMessages": list(messages), "errors": dict(fields or {})}, status, headers)


# -- what was asked for cannot be -------------------------------------------------------------------------------------


def invalid(*messages: str, **fields: str) -> Answer:
    """400: sentences about the request as a whole, and about single fields."""
    return collection(400, *messages, fields=fields)


def invalid_field(field: str = "customfield_10010") -> Answer:
    """400: a field that nobody may write, or that does not exist."""
    return collection(400, fields={field: not_on_screen(field)})


def not_on_screen(field: str) -> str:
    """Why a field cannot be written."""
    return f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."


def not_json() -> Answer:
    """400: the body is not JSON."""
    return invalid("There was an error parsing JSON. Check that your request body is valid.")


def invalid_payload() -> Answer:
    """400: the body is JSON, but not what this door takes."""
    return invalid("Invalid request payload. Refer to the REST API documentation and try again.")


def invalid_document() -> Answer:
    """400: a document that is not valid ADF."""
    return invalid("INVALID_INPUT")


def not_found(*messages: str) -> Answer:
    """404: no such thing, or none that the caller may see."""
    return collection(404, *messages)


def issue_not_found() -> Answer:
    """404: no such issue, or none that the caller may see."""
    return not_found("Issue does not exist or you do not have permission to see it.")


def no_such_path(url: str) -> Answer:
    """404: nothing has that address."""
    return told({"message": f"null for uri: {url}", "status-code": 404}, 404)


def method_not_allowed(allowed: str) -> Answer:
    """405: the address does not know the method."""
    return Answer(405, (("allow", allowed),), b"")


def not_covered(method: str, path: str) -> Answer:
    """501: Jira would serve this, the double does not."""
    return collection(501, f"{NOT_COVERED}{method} {path}.")


def removed() -> Answer:
    """410: the search of old."""
    return collection(
        410,
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration "
        "guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    )


def too_large(*messages: str) -> Answer:
    """413: the request, or what the issue already holds of the kind."""
    return collection(413, *messages)


def unsupported_media_type() -> Answer:
    """415: the body is not announced as JSON."""
    return Answer(415, (), b"")


# -- who asks ---------------------------------------------------------------------------------------------------------


def unauthenticated() -> Answer:
    """401: a credential that is wrong or revoked; plain text, not JSON."""
    headers = (("content-type", "text/plain;charset=UTF-8"), ("x-seraph-loginreason", "AUTHENTICATED_FAILED"))
    return Answer(401, headers, b"Client must be authenticated to access this resource.")


def anonymous() -> Answer:
    """401: no credential at all."""
    return collection(401, "You are not authenticated. Authentication required to perform this operation.")


def oauth_expired() -> Answer:
    """401: an OAuth token that is unknown or no longer valid."""
    return told({"code": 401, "message": "Unauthorized"}, 401)


def bearer_at_site() -> Answer:
    """403: a Bearer token at the site's own address, where only Basic is understood."""
    return told({"error": "Failed to parse Connect Session Auth Token"}, 403)


def forbidden(message: str = "You do not have permission to create issues in this project.") -> Answer:
    """403: the credential is good, but not for this."""
    return collection(403, message)


# -- how much, and when -----------------------------------------------------------------------------------------------


def rate_limited(resets_at: float, now: float, reason: Reason = "jira-burst-based", limit: int = 100) -> Answer:
    """429 until `resets_at`, which like `now` is in epoch seconds; the headers tell it in whole seconds, rounded up."""
    seconds = max(1, math.ceil(resets_at - now))
    reset = datetime.fromtimestamp(math.ceil(resets_at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers: Headers = (
        ("retry-after", str(seconds)),
        ("x-ratelimit-limit", str(limit)),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", reset),
        ("x-ratelimit-nearlimit", "true"),
        ("ratelimit-reason", reason),
    )
    if reason.startswith("jira-quota"):
        quota = "global-app-quota" if reason == "jira-quota-global-based" else "tenant-app-quota"
        headers += (
            ("ratelimit-policy", f'"{quota}";q={QUOTA};w={QUOTA_WINDOW}'),
            ("ratelimit", f'"{quota}";r=0;t={seconds}'),
        )
    return collection(429, "Rate limit exceeded.", headers=headers)


def gateway_rate_limited() -> Answer:
    """429 from the edge in front of Jira, which says neither why nor until when."""
    return Answer(429, (("content-type", "text/html"),), b"<html><body><h1>429 Too Many Requests</h1></body></html>")


# -- Jira's own failures ----------------------------------------------------------------------------------------------


def conflict() -> Answer:
    """409: somebody else changed the issue at the same moment; the same request may succeed."""
    return collection(409, "The issue could not be updated due to a conflicting update.")


def misconfigured() -> Answer:
    """422: a configuration problem of the project."""
    return collection(422, "A configuration problem prevents the creation of the issue.")


def internal() -> Answer:
    """500 with an ErrorCollection."""
    return collection(500, "Internal server error")


def bad_gateway() -> Answer:
    """502 from the edge in front of Jira, in HTML."""
    page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    return Answer(502, (("content-type", "text/html"),), page)


def unavailable(retry_after: int | None = None) -> Answer:
    """503; some say in how many seconds to come back."""
    headers = (("retry-after", str(retry_after)),) if retry_after is not None else ()
    return collection(503, "Jira is temporarily unavailable.", headers=headers)
