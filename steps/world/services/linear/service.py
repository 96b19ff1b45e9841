"""Linear as the world runs it: the HTTP doors of api.linear.app, and the world's hold on them."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from urllib.parse import parse_qs, unquote_plus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from steps.world.services.linear import errors, problems
from steps.world.services.linear.access import Access, InvalidClientError, InvalidGrantError, Tokens
from steps.world.services.linear.entities import IssueLabel, Team, TimeSchedule, TimeScheduleEntry, User
from steps.world.services.linear.errors import Answer
from steps.world.services.linear.limits import Limited, Limits
from steps.world.services.linear.operation import MOST_POINTS, Operation
from steps.world.services.linear.problems import LinearError
from steps.world.services.linear.workspace import Workspace

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Linear:
    """A Linear workspace with the teams BVL and OPS; `app` is the ASGI application of host api.linear.app.

    The methods are the world's: they prepare the workspace, its keys and its limits. What its issues hold is seen
    through the API alone. `clock` gives epoch seconds; `issued` is told of OAuth tokens before anybody else.
    """

    def __init__(
        self, clock: Callable[[], float] = time.time, issued: Callable[[Tokens], None] = lambda tokens: None
    ) -> None:
        self._clock = clock
        self._issued = issued
        self._workspace = Workspace("Homelab", clock)
        self._workspace.add_team("BVL", "Homelab", default_state="Backlog", completed="Released")
        self._workspace.add_team("OPS", "Operations", default_state="Todo")
        self._access = Access()
        self._limits = Limits()
        self.app = Starlette(
            routes=[
                Route("/graphql", self._graphql, methods=METHODS),
                Route("/oauth/token", self._token, methods=["POST"]),
            ]
        )

    # who and what there is

    def add_user(
        self,
        email: str,
        name: str | None = None,
        *,
        active: bool = True,
        admin: bool = False,
        app: bool = False,
    ) -> User:
        """A person in the workspace, or the account of an application (`app`)."""
        return self._workspace.add_user(
            email, name or email.partition("@")[0].title(), active=active, admin=admin, app=app
        )

    def add_label(self, name: str, team: str | None = None) -> IssueLabel:
        """A label of the team with that key or, without one, of the whole workspace."""
        return self._workspace.add_label(name, self._workspace.find(Team, team) if team else None)

    def add_schedule(
        self, name: str, shifts: Iterable[tuple[str, datetime, datetime]], triage_of: str | None = None
    ) -> TimeSchedule:
        """A table of shifts (e-mail, start, end); `triage_of`: the key of the team whose triage it rules."""
        entries = [TimeScheduleEntry(start, end, self._workspace.user(email).id, email) for email, start, end in shifts]
        schedule = self._workspace.add(TimeSchedule, name=name, entries=entries)
        if triage_of:
            self._workspace.add_triage_schedule(self._workspace.find(Team, triage_of), schedule)
        return schedule

    def names_of_issues(self) -> frozenset[str]:
        """The identifier and the id of every issue that is there by now."""
        return self._workspace.names_of_issues()

    # who may speak

    def accept(self, key: str, email: str) -> None:
        """From now on `key` is a personal API key of the user with that e-mail address."""
        self._access.accept(key, self._workspace.user(email))

    def revoke(self, credential: str) -> None:
        """From now on the key or token is refused."""
        self._access.revoke(credential)

    def authorise(self, client_id: str, client_secret: str, email: str, expires_in: float = 86_400) -> Tokens:
        """Tokens of an OAuth application that acts as that user; access tokens live `expires_in` seconds."""
        self._access.register(client_id, client_secret)
        tokens = self._access.issue(self._workspace.user(email), client_id, expires_in, self._clock())
        self._issued(tokens)
        return tokens

    # how much may be asked

    def limit_reached(self, reset_in: float, key: str | None = None, what: Limited = "requests") -> None:
        """For `reset_in` seconds from the next one on every call of the key's user, or of all, is RATELIMITED."""
        users = [self._access.owner(key)] if key else self._workspace.of(User)
        for user in users:
            for kind in ("api key", "oauth token"):
                self._limits.of(kind, user.id).block(what, reset_in)

    def limits(self, *, requests: float | None = None, complexity: float | None = None) -> None:
        """Sets what each user may ask per hour, in requests and in points; everybody starts afresh."""
        self._limits.resize(requests=requests, complexity=complexity)

    # the doors

    async def _graphql(self, request: Request) -> Response:
        if request.method != "POST":
            headers = self._limits.of("anonymous", "").headers(self._clock(), 0, searches=False)
            told = {"errors": [problems.bad_request("Only POST requests are supported.").formatted()]}
            return JSONResponse(told, 405, {"Allow": "POST", **dict(headers)})
        answer = self._answer(
            request.headers.get("authorization"),
            request.headers.get("content-type", ""),
            await request.body(),
        )
        return Response(answer.body, answer.status, dict(answer.headers))

    def _answer(self, authorization: str | None, content_type: str, body: bytes) -> Answer:
        """One GraphQL request from beginning to end. Nothing in it waits, so requests never mix."""
        now = self._clock()
        allowance = self._limits.of("anonymous", "")
        points, searches = 0, False
        try:
            try:
                caller = self._access.authenticate(authorization, now)
            except LinearError:
                allowance.take_request(now)
                raise
            allowance = self._limits.of(caller.kind, caller.user.id)
            allowance.take_request(now)
            operation = Operation.read(content_type, body)
            points, searches = operation.points, "searchIssues" in operation.fields
            if points > MOST_POINTS:
                raise problems.too_complex(points, MOST_POINTS)
            allowance.take_points(points, now)
            if searches:
                allowance.take_search(now)
            answer = operation.execute(self._workspace, caller, allowance)
        except LinearError as problem:
            inner = problem.extensions["statusCode"]
            answer = errors.of(problem, inner if inner in (401, 501) else 400)
        limits = allowance.headers(now, points, searches=searches)
        return answer._replace(headers=(*answer.headers, *limits))

    async def _token(self, request: Request) -> Response:
        """RFC 6749 §6: a refresh token for new tokens; the one given is used up."""
        if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            return _refused("invalid_request", "The body must be application/x-www-form-urlencoded.")
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        client_id, client_secret = _client(request.headers.get("authorization", ""), form)
        if form.get("grant_type") != "refresh_token":
            return _refused("unsupported_grant_type", "Only grant_type refresh_token is supported.")
        if "refresh_token" not in form:
            return _refused("invalid_request", "refresh_token is missing.")
        try:
            tokens = self._access.refresh(form["refresh_token"], client_id, client_secret, self._clock())
        except InvalidClientError:
            return _refused("invalid_client", "Client authentication failed.", status=401)
        except InvalidGrantError:
            return _refused("invalid_grant", "The refresh token is invalid, expired or revoked.")
        self._issued(tokens)
        return JSONResponse(
            {
                "access_token": tokens.access_token,
                "refresh_token": tokens.refresh_token,
                "token_type": "Bearer",
                "expires_in": tokens.expires_in,
                "scope": "read write",
            }
        )


def _client(authorization: str, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret of the application, from HTTP Basic or from the form (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return "", ""
        return unquote_plus(client_id), unquote_plus(client_secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _refused(error: str, description: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status)
