"""Sign-off: what the last run comes to, for somebody to put a name below.

    python -m reports.signoff                          decide on the last run, and make a bundle of what that rests on
    python -m reports.signoff --post linear [--apply]  and tell the ticket: first what would change there, then do it
    python -m reports.signoff verify BUNDLE            see whether a bundle is whole, and decide anew from it alone

Exit codes:

    0  accepted, with waivers or without
    1  rejected: a line of the Definition of Done is open
    2  usage: there is no run, no bundle, or no way to the ticket
    3  refused: the run allows no decision; or the bundle is not as it was signed off
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

import httpx

from reports import bundle, posting, requirements, suite
from reports.assessment import Moment
from reports.bundle import BundleError, Refused, Signoff
from reports.posting import TicketUnreachable
from reports.verdict import Verdict

ROOT = Path(__file__).parent.parent


class Exit(IntEnum):
    ACCEPTED = 0
    REJECTED = 1
    USAGE = 2
    REFUSED = 3


def sign(root: Path, now: datetime, tell: Callable[[Path, Signoff], None] | None = None) -> Exit:
    """Signs off on the last run of the suite at `root`, and tells the ticket."""
    then = Moment(at=now, suite=suite.state(root).digest)
    try:
        place, signoff = bundle.make(root / "reports" / "latest", root / "reports" / "signoff", then)
    except Refused as refused:
        print("Nothing can be signed off on this run:", *(f"  {reason}" for reason in refused.reasons), sep="\n")
        return Exit.REFUSED
    _tell(signoff)
    print(f"  {_shown(root / 'reports' / 'latest' / 'signoff.html')}", f"  {_shown(place)}", sep="\n")
    if tell:
        tell(place, signoff)
    return _exit(signoff)


def post(root: Path, where: str, ref: str | None, client: httpx.Client, *, apply: bool) -> Callable[..., None]:
    """Tells the ticket, or without `apply` only what would change there."""
    asked = requirements.load(root / "features" / "requirements.toml")
    ref = ref or asked.ticket.id
    found = posting.find(where, ref, os.environ, client)

    def tell(place: Path, signoff: Signoff) -> None:
        verdict = Verdict.model_validate_json((place / "verdict.json").read_bytes())
        changes = posting.differences(found, asked, verdict, signoff)
        if not changes:
            print(f"{ref} in {where.title()} says so already.")
            return
        print(f"{ref} in {where.title()}:", *(f"  {change}" for change in changes), sep="\n")
        if apply:
            posting.tell(found, asked, verdict, signoff)
            print("Done.")
        else:
            print("Nothing was changed. To change it: APPLY=yes")

    return tell


def verify(place: Path) -> Exit:
    """Sees whether the bundle is whole."""
    signoff = bundle.load(place)
    if changed := list(bundle.changes(place, signoff)):
        print("The bundle is not as it was signed off:", *(f"  {change}" for change in changed), sep="\n")
        return Exit.REFUSED
    print("The bundle is whole.")
    _tell(signoff)
    return _exit(signoff)


def _tell(signoff: Signoff) -> None:
    print(f"{signoff.decision}  {signoff.sentence}")
    for missing in signoff.missing:
        print(f"  {missing}")
    print(f"  digest {signoff.digest}")


def _exit(signoff: Signoff) -> Exit:
    return Exit.ACCEPTED if signoff.decision.accepts else Exit.REJECTED


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> Exit:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="signoff", description="Decides on the last run, or verifies a bundle.")
    parser.add_argument("verify", nargs="?", choices=["verify"], help="verify a bundle")
    parser.add_argument("bundle", nargs="?", type=Path, help="the bundle's directory")
    parser.add_argument("--post", choices=sorted(posting.SETTINGS), help="tell the ticket there")
    parser.add_argument("--ticket", metavar="REF", help="the ticket's key there (default: that of the requirements)")
    parser.add_argument("--apply", action="store_true", help="do it, after showing what changes")
    given = parser.parse_args(arguments)
    if bool(given.verify) != bool(given.bundle):
        parser.error("verify needs a bundle: make verify BUNDLE=reports/signoff/…")
    try:
        if given.verify:
            return verify(given.bundle)
        if not given.post:
            return sign(root, datetime.now(UTC))
        with httpx.Client(timeout=30) as client:
            tell = post(root, given.post, given.ticket, client, apply=given.apply)
            return sign(root, datetime.now(UTC), tell)
    except (BundleError, TicketUnreachable) as error:
        print(f"signoff: {error}", file=sys.stderr)
        return Exit.USAGE


if __name__ == "__main__":
    sys.exit(main())
