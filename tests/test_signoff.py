"""Sign-off: the decision and its bundle, what is refused, and that no change of a bundle goes unseen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from made_up import ENDED, STARTED, SUITE, MadeUp, trial

from reports import bundle, settings, signoff, suite
from reports.assessment import Decision, Moment
from reports.bundle import BundleError, Refused, Signoff
from reports.suite import Suite
from reports.verdict import Status
from reports.waivers import Waiver

NOW = Moment(at=ENDED, suite=SUITE.digest)


@pytest.fixture
def run(tmp_path: Path) -> MadeUp:
    return MadeUp(tmp_path / "reports" / "latest")


def signed(run: MadeUp, then: Moment = NOW) -> tuple[Path, Signoff]:
    run.write()
    return bundle.make(run.latest, run.latest.parent / "signoff", then)


def waive(run: MadeUp, item: str) -> None:
    run.judge(item, Status.FAILED)
    run.waivers = (
        Waiver(item=item, reason="No.", approver="Grace Hopper", ticket="BVL-301", expiry=date(2026, 3, 31)),
    )


# -- the decision ------------------------------------------------------------------------------------------------------


def test_a_good_run_is_accepted(run: MadeUp) -> None:
    place, made = signed(run)
    assert made.decision is Decision.ACCEPT
    assert place.name == made.run == "20260108T101500Z-3f9a"
    assert list(bundle.changes(place, bundle.load(place))) == []


def test_an_open_line_is_rejected_and_says_what_is_missing(run: MadeUp) -> None:
    run.judge("SEC5", Status.FAILED)
    _, made = signed(run)
    assert made.decision is Decision.REJECT
    assert made.missing == [
        "All test scenarios pass: 1 scenario does not hold.",
        "Security validation complete: SEC5 does not hold.",
    ]


def test_a_waived_line_is_accepted_with_waivers(run: MadeUp) -> None:
    waive(run, "SEC5")
    place, made = signed(run)
    assert made.decision is Decision.ACCEPT_WITH_WAIVERS
    assert "Grace Hopper waives it until 31 March 2026 (BVL-301): No." in (place / "signoff.md").read_text()


def test_the_pages_have_lines_evidence_digest_and_a_place_for_names(run: MadeUp) -> None:
    place, made = signed(run)
    for name in ("signoff.md", "signoff.html"):
        text = (place / name).read_text()
        for said in (*(line.text for line in made.lines), *(line.evidence for line in made.lines), made.digest, "Name"):
            assert said in text.replace("&#39;", "'"), said


def test_the_settings_that_are_not_the_defaults_are_signed_with_the_rest(run: MadeUp) -> None:
    run.settings = {"targets": {"success": 50.0, "latency": 2.0}}
    place, made = signed(run)
    assert "<td>targets.success</td><td>50</td><td>99</td>" in (place / "signoff.html").read_text()
    assert "| targets.success | 50 | 99 |" in (place / "signoff.md").read_text()
    assert "latency" not in (place / "signoff.md").read_text()
    assert "profile.json" in made.files
    settings.write(place, run.defaults, run.defaults)
    assert "profile.json has been changed." in bundle.changes(place, bundle.load(place))


def test_the_sign_off_lies_beside_the_run_too_and_the_page_leads_to_it(run: MadeUp) -> None:
    place, _ = signed(run)
    for name in ("signoff.json", "signoff.md", "signoff.html"):
        assert (run.latest / name).read_bytes() == (place / name).read_bytes()
    for where in (place, run.latest):
        assert 'href="signoff.html"' in (where / "index.html").read_text()


LATER = NOW.model_copy(update={"at": ENDED + timedelta(minutes=1)})


def test_what_is_signed_off_already_stays_as_it_is(run: MadeUp) -> None:
    place, first = signed(run)
    again, second = bundle.make(run.latest, run.latest.parent / "signoff", LATER)
    assert (again, second) == (place, first)


def test_what_was_added_since_is_signed_off_anew(run: MadeUp) -> None:
    _, first = signed(run)
    (run.latest / "allure.html").write_text("made afterwards")
    place, second = bundle.make(run.latest, run.latest.parent / "signoff", LATER)
    assert second.files.keys() - first.files.keys() == {"allure.html"}
    assert list(bundle.changes(place, second)) == []


def test_a_bundle_that_is_not_whole_is_made_again(run: MadeUp) -> None:
    place, _ = signed(run)
    (place / "summary.md").write_text("All is well.")
    again, second = bundle.make(run.latest, run.latest.parent / "signoff", LATER)
    assert list(bundle.changes(again, second)) == []


def test_another_moment_is_another_digest(run: MadeUp) -> None:
    place, first = signed(run)
    shutil.rmtree(place)
    assert bundle.make(run.latest, run.latest.parent / "signoff", LATER)[1].digest != first.digest


# -- what is refused ---------------------------------------------------------------------------------------------------


def partial(run: MadeUp) -> None:
    run.selection = "--tags @AC3"


def dirty(run: MadeUp) -> None:
    run.suite = SUITE.model_copy(update={"dirty": True})


def without_proof(run: MadeUp) -> None:
    run.kills = None


def survivor(run: MadeUp) -> None:
    assert run.kills
    run.kills["trials"].append(trial("ac3/lost", "AC3.1", "survived"))


def older_proof(run: MadeUp) -> None:
    assert run.kills
    run.kills["features"] = "e" * 64


def nothing(run: MadeUp) -> None:
    pass


STALE = NOW.model_copy(update={"at": STARTED + timedelta(hours=24, seconds=1)})
CHANGED = NOW.model_copy(update={"suite": "e" * 64})


@pytest.mark.parametrize(
    ("change", "then", "reason"),
    [
        (partial, NOW, "The run was partial"),
        (nothing, STALE, "The run is stale"),
        (nothing, CHANGED, "The suite has changed"),
        (dirty, NOW, "The run was made with a suite that is in no commit"),
        (without_proof, NOW, "There is no kill matrix"),
        (survivor, NOW, "1 seeded defect survived"),
        (older_proof, NOW, "The kill matrix is older than the features"),
    ],
)
def test_some_runs_are_refused_and_leave_no_sign_off(
    run: MadeUp, change: Callable[[MadeUp], None], then: Moment, reason: str
) -> None:
    change(run)
    with pytest.raises(Refused) as refused:
        signed(run, then)
    assert refused.value.reasons[0].startswith(reason)
    assert not (run.latest / "signoff.json").exists()
    assert not (run.latest.parent / "signoff").exists()


@pytest.mark.parametrize("name", ["allure-results/000-result.json", "junit.xml", "matrix.json"])
def test_reports_that_disagree_are_refused(run: MadeUp, name: str) -> None:
    run.write()
    text = (run.latest / name).read_text()
    (run.latest / name).write_text(
        text.replace('"passed"', '"failed"').replace("<system-out>", "<failure/><system-out>", 1)
    )
    with pytest.raises(Refused, match="The reports disagree"):
        bundle.make(run.latest, run.latest.parent / "signoff", NOW)


def test_without_a_run_there_is_nothing_to_sign(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="There is no run in"):
        bundle.make(tmp_path, tmp_path / "signoff", NOW)


def test_a_verdict_that_cannot_be_read_is_no_missing_run(run: MadeUp) -> None:
    run.write()
    (run.latest / "verdict.json").write_text("{")
    with pytest.raises(BundleError, match=r"verdict\.json is not what a verdict looks like"):
        bundle.make(run.latest, run.latest.parent / "signoff", NOW)


# -- the bundle --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, far from where it was made."""
    run = MadeUp(tmp_path_factory.mktemp("signed") / "reports" / "latest")
    waive(run, "SEC5")
    place, _ = signed(run)
    return place.rename(tmp_path_factory.mktemp("elsewhere") / "bundle")


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(whole, tmp_path / "bundle"))


def seen(place: Path) -> str | None:
    """The first change that verifying finds."""
    try:
        return next(bundle.changes(place, bundle.load(place)), None)
    except BundleError as error:
        return str(error)


def test_a_bundle_is_decided_anew_from_itself_alone(whole: Path) -> None:
    assert seen(whole) is None
    assert bundle.derive(whole, bundle.load(whole).then).decision is Decision.ACCEPT_WITH_WAIVERS


def test_one_flipped_bit_in_any_file_is_seen(copy: Path) -> None:
    files = [file for file in copy.rglob("*") if file.is_file() and file.name != bundle.NAME]
    assert len(files) > 90
    for file in files:
        content = file.read_bytes()
        for position in {0, len(content) // 2, len(content) - 1}:
            changed = bytearray(content)
            changed[position] ^= 1
            file.write_bytes(changed)
            assert seen(copy) == f"{file.relative_to(copy).as_posix()} has been changed."
        file.write_bytes(content)
    assert seen(copy) is None


def test_one_flipped_bit_anywhere_in_the_sign_off_is_seen(copy: Path) -> None:
    file = copy / bundle.NAME
    content = file.read_bytes()
    start = content.index(b'"files"')
    positions = [
        *range(0, start, 41),
        *range(start, len(content) - 80, 701),
        *range(len(content) - 80, len(content), 3),
    ]
    for position in positions:
        changed = bytearray(content)
        changed[position] ^= 1
        file.write_bytes(changed)
        assert seen(copy) is not None, content[position - 20 : position + 20]


def test_a_file_too_many_and_one_too_few_are_seen(copy: Path) -> None:
    (copy / "evidence" / "new.txt").write_text("new")
    assert seen(copy) == "evidence/new.txt was not there."
    (copy / "evidence" / "new.txt").unlink()
    (copy / "signoff.md").unlink()
    assert seen(copy) == "signoff.md is missing."


def test_a_change_that_is_covered_up_is_seen(copy: Path) -> None:
    """Somebody changes the evidence and its SHA-256, too."""
    evidence = next((copy / "evidence").rglob("*.txt"))
    evidence.write_text("BVL-2")
    name = evidence.relative_to(copy).as_posix()
    told = json.loads((copy / bundle.NAME).read_text())
    told["files"][name] = bundle.derive(copy, bundle.load(copy).then).files[name]
    changed = Signoff.model_validate(told)
    (copy / bundle.NAME).write_text(changed.model_dump_json(indent=1) + "\n")
    assert seen(copy) == "signoff.json says another digest than follows from the files."


def test_a_decision_that_does_not_follow_is_seen(copy: Path) -> None:
    text = (copy / bundle.NAME).read_text()
    (copy / bundle.NAME).write_text(text.replace('"ACCEPT WITH WAIVERS"', '"ACCEPT"'))
    assert seen(copy) == "signoff.json says another decision than follows from the files."


def test_files_that_allow_no_decision_are_told(copy: Path) -> None:
    (copy / "junit.xml").write_text("<testsuites/>")
    changes = list(bundle.changes(copy, bundle.load(copy)))
    assert changes[0] == "junit.xml has been changed."
    assert changes[1].startswith("Its files allow no decision any more: The reports disagree: ")


# -- the commands ------------------------------------------------------------------------------------------------------


@pytest.fixture
def suite_here(run: MadeUp, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suite at the made-up run's root is the one that made it."""
    monkeypatch.setattr(suite, "state", lambda root: Suite(**SUITE.model_dump()))
    return run.latest.parent.parent


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (nothing, 0, "ACCEPT  All 8 lines"),
        (lambda run: waive(run, "SEC5"), 0, "ACCEPT WITH WAIVERS  All 8 lines"),
        (lambda run: run.judge("SEC5", Status.FAILED), 1, "REJECT  2 of the 8 lines"),
        (partial, 3, "Nothing can be signed off on this run:\n  The run was partial"),
    ],
)
def test_the_exit_code_is_0_only_for_what_is_accepted(
    run: MadeUp,
    suite_here: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[MadeUp], None],
    code: int,
    said: str,
) -> None:
    change(run)
    run.write()
    assert signoff.sign(suite_here, ENDED) == code
    assert said in capsys.readouterr().out
    if code < 2:
        assert signoff.main(["verify", str(suite_here / "reports" / "signoff" / run.verdict().run.id)]) == code
        assert capsys.readouterr().out.startswith("The bundle is whole.\n")


def test_a_changed_bundle_is_told_and_refused(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "summary.md").write_text("All is well.")
    assert signoff.main(["verify", str(copy)]) == 3
    assert "not as it was signed off:\n  summary.md has been changed." in capsys.readouterr().out


def test_without_a_run_or_a_bundle_the_command_cannot_be_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signoff.main([], root=tmp_path) == 2
    assert signoff.main(["verify", str(tmp_path)]) == 2
    assert "is no bundle: it has no signoff.json." in capsys.readouterr().err
    with pytest.raises(SystemExit) as usage:
        signoff.main(["verify"])
    assert usage.value.code == 2
