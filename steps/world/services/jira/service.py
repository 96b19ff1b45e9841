"""Jira as the world runs it: the HTTP doors of a site, and the world's hold on them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from steps.world.services.jira import directory, errors, issues, links, search, uncovered, views
from steps.world.services.jira.access import Access
from steps.world.services.jira.call import Call, Door, Doors
from steps.world.services.jira.catalogue import Workflow
from steps.world.services.jira.errors import Answer, Reason, Refused
from steps.world.services.jira.limits import Limits
from steps.world.services.jira.records import Permission, User
from steps.world.services.jira.site import Site

DOORS: Doors = {**issues.DOORS, **links.DOORS, **directory.DOORS, **search.DOORS}
V2: Doors = {"/search": search.DOORS["/search"]}
V2_UNCOVERED = {path: [*DOORS.get(path, ()), *uncovered.PLATFORM.get(path, ())] for path in DOORS | uncovered.PLATFORM}
APIS: dict[str, tuple[Doors, Mapping[str, Iterable[str]]]] = {
    views.API: (DOORS, uncovered.PLATFORM),
    "/rest/api/2": (V2, V2_UNCOVERED),
    "/rest/api/latest": (V2, V2_UNCOVERED),
    "/rest/agile/1.0": ({}, uncovered.AGILE),
}
"""What each API has: doors, and by path the methods that are not covered. Only v3 can be used."""
GATEWAY = "/ex/jira/"
LARGEST_BODY = 5 * 2**20
"""Bytes beyond which the edge answers 413; the number is an assumption."""


class Jira:
    """A Jira site with the projects HOMELAB and OPS; `app` is the ASGI application of its host.

    The same application answers for api.atlassian.com, where applications with OAuth tokens find the site under
    `/ex/jira/<cloud_id>`. The methods are the world's: they prepare the site, its tokens and its limits. What the site
    holds is seen through the API alone. `clock` gives epoch seconds.
    """

    def __init__(self, host: str = "homelab.atlassian.net", clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._site = Site(f"https://{host}", clock)
        self._access = Access()
        self._limits = Limits()
        self.cloud_id = str(uuid4())
        lead = self.add_user("jira-admin@example.com", "Jira Admin")
        self._site.add_project("HOMELAB", "Homelab", lead)
        self._site.add_project("OPS", "Operations", lead)
        routes = {api: self._routes(api) for api in APIS}
        self.app = Starlette(
            routes=[
                Mount(root + api, routes=routes[api]) for root in ("", f"{GATEWAY}{self.cloud_id}") for api in routes
            ],
            exception_handlers={404: self._unrouted, 405: self._unrouted},
        )

    # who there is, and what they may do

    def add_user(self, email: str, name: str | None = None, *, active: bool = True) -> User:
        """Somebody who may use the site."""
        return self._site.add_user(email, name or email.partition("@")[0].title(), active=active)

    def permit(self, email: str, project: str, *, browse: bool = True, write: bool = True) -> None:
        """What that user may do in the project from now on; at first everybody may do everything."""
        found = next(each for each in self._site.projects if each.key == project)
        self._site.permissions[self._user(email), found] = Permission(browse, write and browse)

    def accept(self, token: str, email: str) -> None:
        """From now on `token` is an API token of the user with that e-mail address."""
        self._access.accept(token, self._user(email))

    def accept_oauth(self, token: str, email: str, expires_in: float) -> None:
        """For so many seconds `token` is an access token of an application that acts as that user."""
        self._access.accept_oauth(token, self._user(email), self._clock() + expires_in)

    def revoke(self, token: str) -> None:
        """From now on the token is refused."""
        self._access.revoke(token)

    # which way issues go

    def follow(self, workflow: Workflow) -> None:
        """From now on issues go the ways of that workflow; where they are they stay."""
        self._site.workflow = workflow

    def names_of_issues(self) -> frozenset[str]:
        """The key and the id of every issue that is there by now."""
        return self._site.names_of_issues()

    # how much may be asked, and how soon it is found

    def limit_reached(self, reset_in: float, email: str | None = None, reason: Reason = "jira-burst-based") -> None:
        """For `reset_in` seconds from the next one on every call of that user, or of everybody, is answered 429.

        The headers announce the same reset, rounded up to whole seconds.
        """
        account_id = self._user(email).account_id if email else None
        self._limits.block(account_id, reset_in, reason)

    def limits(self, *, burst: float) -> None:
        """From now on every endpoint bears so many requests per second."""
        self._limits.resize(burst)

    def index_lag(self, seconds: float) -> None:
        """From now on the search finds a new issue only after so many seconds."""
        self._site.index_lag = seconds

    def _user(self, email: str) -> User:
        for user in self._site.users:
            if user.email == email:
                return user
        raise LookupError(f"Jira has no user {email}: add_user comes first.")

    # the doors

    def _routes(self, api: str) -> list[BaseRoute]:
        """What the API has.

        A path with fewer parameters goes first: /project/search is no project. A slash at the end does not matter.
        """
        doors, missing = APIS[api]
        prefix = api.removeprefix(views.API)
        return [
            Route(
                path + slash,
                self._endpoint(prefix + path, doors.get(path, {})),
                methods=[*doors.get(path, ()), *missing.get(path, ())],
            )
            for path in sorted({**doors, **missing}, key=lambda path: path.count("{"))
            for slash in ("", "/")
        ]

    def _endpoint(self, path: str, doors: Mapping[str, Door]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            method = "GET" if request.method == "HEAD" else request.method
            answer = self._answer(request, path, method, doors.get(method), await request.body())
            return _response(answer)

        return endpoint

    def _answer(self, request: Request, path: str, method: str, door: Door | None, raw: bytes) -> Answer:
        """One request from beginning to end. Nothing in it waits, so requests never mix."""
        now = self._clock()
        left: errors.Headers = ()
        try:
            user = self._caller(request, now)
            left = self._limits.admit(method, path, user.account_id, now)
            if door is None:
                raise Refused(errors.not_covered(method, path))
            if len(raw) > LARGEST_BODY:
                raise Refused(errors.too_large("The request is too large."))
            content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if method in ("POST", "PUT") and content_type != "application/json":
                raise Refused(errors.unsupported_media_type())
            answer = door(Call(self._site, self._limits, user, request.path_params, request.query_params, raw))
        except Refused as refused:
            answer = refused.answer
        told = {name for name, _ in answer.headers}
        return answer._replace(headers=(*answer.headers, *(each for each in left if each[0] not in told)))

    def _caller(self, request: Request, now: float) -> User:
        """Who asks. Raises Refused."""
        authorization, at_gateway = request.headers.get("authorization", ""), request.url.path.startswith(GATEWAY)
        return self._access.authenticate(authorization, at_gateway=at_gateway, now=now)

    async def _unrouted(self, request: Request, problem: Exception) -> Response:
        """Whoever may ask an API is told that it has no such address, or that the address has no such method."""
        assert isinstance(problem, HTTPException)
        path = request.url.path
        try:
            if path.startswith((GATEWAY, "/rest/")):
                self._caller(request, self._clock())
        except Refused as refused:
            return _response(refused.answer)
        if problem.status_code == 405:
            return _response(errors.method_not_allowed((problem.headers or {}).get("Allow", "")))
        return _response(errors.no_such_path(f"{self._site.url}{path}"))


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
