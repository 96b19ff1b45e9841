"""What Linear refuses, and in which words and codes it says so (CONTRACTS §1.2)."""

from __future__ import annotations

from typing import Any

from steps.world.services.covered import NOT_COVERED


class LinearError(Exception):
    """One refusal: raised where a rule is broken, told to the caller as an entry of `errors`."""

    def __init__(
        self,
        message: str,
        *,
        type_: str,
        code: str,
        status: int,
        user_error: bool = True,
        presentable: str | None = None,
    ) -> None:
        """`status` is the inner `statusCode`, `presentable` the sentence that Linear shows to people."""
        super().__init__(message)
        self.message = message
        self.extensions: dict[str, Any] = {
            "type": type_,
            "code": code,
            "statusCode": status,
            "userError": user_error,
            "userPresentableMessage": presentable or message,
        }

    def formatted(self) -> dict[str, Any]:
        """The entry of `errors`."""
        return {"message": self.message, "extensions": self.extensions}


def unauthenticated(
    presentable: str = "You need to authenticate to access this operation.",
) -> LinearError:
    """No credential, a wrong one, or the right one in the wrong place."""
    return LinearError(
        "Authentication required, not authenticated",
        type_="authentication error",
        code="AUTHENTICATION_ERROR",
        status=401,
        presentable=presentable,
    )


def forbidden(presentable: str = "You do not have permission to perform this action.") -> LinearError:
    """Known caller, but not allowed."""
    return LinearError("Forbidden", type_="forbidden", code="FORBIDDEN", status=403, presentable=presentable)


def rate_limited(what: str, allowed: float, period: str = "1 hour") -> LinearError:
    """The allowance of `what` ("requests", "complexity points") is used up."""
    amount = f"{allowed:.0f}"
    return LinearError(
        f"Rate limit exceeded. Only {amount} {what} are allowed per {period} "
        f"and you have made {amount} {what} in the last {period.removeprefix('1 ')}.",
        type_="ratelimited",
        code="RATELIMITED",
        status=429,
    )


def not_found(kind: str) -> LinearError:
    """Nothing of that kind (a GraphQL type's name) has the given id."""
    return LinearError(
        f"Entity not found: {kind}",
        type_="invalid input",
        code="INPUT_ERROR",
        status=400,
        presentable=f"Could not find referenced {kind}.",
    )


def invalid_input(presentable: str) -> LinearError:
    """A value that Linear does not take."""
    return LinearError(
        "Argument Validation Error",
        type_="invalid input",
        code="INPUT_ERROR",
        status=400,
        presentable=presentable,
    )


def bad_request(message: str) -> LinearError:
    """Not a GraphQL request at all."""
    return LinearError(message, type_="graphql error", code="BAD_REQUEST", status=400)


def invalid_document(message: str, code: str = "GRAPHQL_VALIDATION_FAILED") -> LinearError:
    """A GraphQL request that does not fit the schema."""
    return LinearError(message, type_="graphql error", code=code, status=400)


def too_complex(score: int, allowed: int) -> LinearError:
    """One query above what a single query may cost (CONTRACTS §1.3; the wording is unconfirmed)."""
    return LinearError(
        f"Query too complex. Its complexity is {score}, {allowed} is allowed for a single query.",
        type_="invalid input",
        code="INPUT_ERROR",
        status=400,
    )


def internal() -> LinearError:
    """Linear's own failure."""
    return LinearError(
        "Internal server error",
        type_="internal error",
        code="INTERNAL_SERVER_ERROR",
        status=500,
        user_error=False,
    )


def lock_timeout() -> LinearError:
    """A passing failure: another change held the same record."""
    return LinearError("Lock timeout", type_="lock timeout", code="LOCK_TIMEOUT", status=500, user_error=False)


def user_error(presentable: str) -> LinearError:
    """A refusal of what was asked, for instance by a workspace's setting."""
    return LinearError(presentable, type_="user error", code="USER_ERROR", status=400)


def usage_limit_exceeded() -> LinearError:
    """The workspace's plan allows no more."""
    return LinearError(
        "Usage limit exceeded",
        type_="usage limit exceeded",
        code="USAGE_LIMIT_EXCEEDED",
        status=400,
        presentable="Your workspace has reached its limit of issues.",
    )


def not_covered(what: str) -> LinearError:
    """Linear would serve this, the double does not."""
    return LinearError(
        f"{NOT_COVERED}{what}.",
        type_="internal error",
        code="INTERNAL_SERVER_ERROR",
        status=501,
        user_error=False,
    )
