"""A bundle: everything that a sign-off rests on, and the sign-off itself, in one directory that shows every change.

`signoff.json` lists each file with its SHA-256, and ends in a digest over that list and the moment of signing. Whoever
has the digest, from the ticket or from paper, has all of it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reports import index, settings
from reports.assessment import Decision, Moment, assess
from reports.done import Line
from reports.files import Entry, write_whole
from reports.pages import render
from reports.verdict import Verdict, WaiverVerdict

NAME = "signoff.json"
PAGES = ("signoff.md", "signoff.html")
OWN = (NAME, *PAGES)


class BundleError(Exception):
    """There is nothing that could be signed off or verified; the message says why."""


class Refused(Exception):
    """The files allow no decision; `reasons` says why, a sentence each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(reasons[0])
        self.reasons = reasons


class Signoff(Entry):
    """`signoff.json`."""

    ticket: str
    url: str
    run: str
    judged: str
    suite: str
    """The suite's version."""
    then: Moment
    decision: Decision
    sentence: str
    lines: tuple[Line, ...]
    waivers: tuple[WaiverVerdict, ...]
    files: dict[str, str]
    """SHA-256 of everything that it rests on, by path."""
    pages: dict[str, str] = {}
    """SHA-256 of the sign-off as a page."""
    digest: str
    """SHA-256 over `files` and `then`."""

    @property
    def missing(self) -> list[str]:
        """What keeps it from being accepted."""
        return [f"{line.text}: {missing}" for line in self.lines for missing in line.missing]


def make(latest: Path, place: Path, then: Moment) -> tuple[Path, Signoff]:
    """Signs off on the run in `latest`: a bundle below `place`, and the sign-off's own files beside the run's.

    A run that is signed off already, and that nothing was added to, stays signed off as it is.

    Raises Refused when the files allow no decision, and BundleError when there is no run.
    """
    verdict = _verdict(latest)
    if refusals := assess(latest, then).refusals:
        raise Refused(refusals)
    bundle = place / verdict.run.id
    if signed := _signed_before(bundle, latest):
        return bundle, signed
    part = bundle.with_suffix(".part")
    for directory in (bundle, part):
        shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(latest, part, ignore=shutil.ignore_patterns(*OWN))
    (part / "signoff.html").touch()  # so that the index leads to it
    index.write(verdict, part)
    signoff = derive(part, then)
    told = {"verdict": verdict, "signoff": signoff, "settings": settings.load(part)}
    pages = {name: render(f"{name}.j2", **told) for name in PAGES}
    signoff = signoff.model_copy(update={"pages": {name: _sha256(page.encode()) for name, page in pages.items()}})
    for name, text in (*pages.items(), (NAME, _text(signoff))):
        write_whole(part / name, text)
        write_whole(latest / name, text)
    index.write(verdict, latest)
    part.rename(bundle)
    return bundle, signoff


def _signed_before(bundle: Path, latest: Path) -> Signoff | None:
    """The sign-off on the same files, if there is one that is whole."""
    if not (bundle / NAME).is_file():
        return None
    signed = load(bundle)
    found = {name: _sha256((latest / name).read_bytes()) for name in _names(latest) if name != index.NAME}
    same = found == {name: digest for name, digest in signed.files.items() if name != index.NAME}
    return signed if same and not any(changes(bundle, signed)) else None


def derive(bundle: Path, then: Moment) -> Signoff:
    """What the files in a bundle come to, the sign-off's own left aside."""
    verdict, assessment = _verdict(bundle), assess(bundle, then)
    if assessment.decision is None:
        raise Refused(assessment.refusals)
    files = {name: _sha256((bundle / name).read_bytes()) for name in sorted(_names(bundle))}
    listed = "".join(f"{digest}  {name}\n" for name, digest in files.items())
    return Signoff(
        ticket=verdict.run.ticket,
        url=verdict.run.url,
        run=verdict.run.id,
        judged=verdict.run.target,
        suite=verdict.run.suite.version,
        then=then,
        decision=assessment.decision,
        sentence=assessment.sentence,
        lines=assessment.lines,
        waivers=verdict.waivers,
        files=files,
        digest=_sha256(f"{listed}{then.model_dump_json()}".encode()),
    )


def load(bundle: Path) -> Signoff:
    """The sign-off as it stands in the bundle; raises BundleError."""
    try:
        return Signoff.model_validate_json((bundle / NAME).read_bytes())
    except OSError as error:
        raise BundleError(f"{bundle} is no bundle: it has no {NAME}.") from error
    except (ValidationError, ValueError) as error:
        raise BundleError(f"{bundle / NAME} is not what a sign-off looks like.") from error


def changes(bundle: Path, signed: Signoff) -> Iterator[str]:
    """What is not as it was when it was signed off, a sentence each; nothing for a bundle that is whole."""
    names = set(_names(bundle))
    for name in sorted(names - signed.files.keys()):
        yield f"{name} was not there."
    for name, digest in {**signed.files, **signed.pages}.items():
        file = bundle / name
        if not file.is_file():
            yield f"{name} is missing."
        elif _sha256(file.read_bytes()) != digest:
            yield f"{name} has been changed."
    try:
        derived = derive(bundle, signed.then).model_copy(update={"pages": signed.pages})
    except (Refused, BundleError, OSError, ValueError) as error:
        yield f"Its files allow no decision any more: {error}"
        return
    if signed.pages.keys() != {*PAGES}:
        yield f"{NAME} does not list its pages."
    for name, told in _told(signed).items():
        if name not in ("files", "pages") and told != _told(derived)[name]:
            yield f"{NAME} says another {name} than follows from the files."
    if (bundle / NAME).read_bytes() != _text(signed).encode():
        yield f"{NAME} has been changed."


def _told(signoff: Signoff) -> dict[str, Any]:
    return {name: getattr(signoff, name) for name in Signoff.model_fields}


def _verdict(place: Path) -> Verdict:
    try:
        return Verdict.model_validate_json((place / "verdict.json").read_bytes())
    except OSError as error:
        raise BundleError(f"There is no run in {place}: run `make accept` first.") from error
    except ValidationError as error:
        raise BundleError(f"{place / 'verdict.json'} is not what a verdict looks like.") from error


def _names(bundle: Path) -> Iterator[str]:
    """Everything that a sign-off rests on, as paths within the bundle."""
    names = (file.relative_to(bundle).as_posix() for file in bundle.rglob("*") if file.is_file())
    return (name for name in names if name not in OWN)


def _text(signoff: Signoff) -> str:
    return signoff.model_dump_json(indent=1) + "\n"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
