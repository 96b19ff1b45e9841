"""The built-in profile `homelab` judges checkouts, started as CONTRACTS §10 says, with nothing of them changed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reports.verdict import Status
from tests.copies import Run, run_suite

AGENT = """
import sys
from pathlib import Path

from steps.reference.agent.app import make_app
from steps.reference.doors import run

assert "--server" in sys.argv
sys.argv.remove("--server")
Path("written-by-the-agent").write_text("x")
run("agent-sre", 8000, make_app)
"""
CONVERTER = """
import os

from steps.reference.prometheus_events.app import make_app

app = make_app(os.environ)
"""


@pytest.fixture
def checkouts(tmp_path: Path) -> dict[str, Path]:
    """Two checkouts that are laid out as those of the homelab are."""
    for path, text in (("agent-sre/src/sre_agent/main.py", AGENT), ("prometheus-events/src/main.py", CONVERTER)):
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_text(text)
        (file.parent / "__init__.py").touch()
    (tmp_path / "agent-sre" / "src" / "__init__.py").touch()
    return {"agent": tmp_path / "agent-sre", "converter": tmp_path / "prometheus-events"}


def judged(place: Path, **homes: Path) -> Run:
    settings = [f"{name}_home={home}" for name, home in homes.items()]
    settings += [f"{name}_python={sys.executable}" for name in homes]
    given = [part for setting in settings for part in ("-D", setting)]
    return run_suite(place, "--tags", "@AC3.1 or @AC2.2", "-D", "profile=homelab", *given, "-j", "1")


def files(home: Path) -> list[Path]:
    return sorted(path.relative_to(home) for path in home.rglob("*"))


def test_both_checkouts_are_judged_and_left_as_they_were(tmp_path: Path, checkouts: dict[str, Path]) -> None:
    before = {name: files(home) for name, home in checkouts.items()}
    run = judged(tmp_path / "suite", **checkouts)
    assert run.exit_code == 0, run.output
    assert run.item("AC3.1").status is run.item("AC2.2").status is Status.PASSED
    assert run.verdict.run.target == "agent-sre and prometheus-events of homelab"
    assert {name: files(home) for name, home in checkouts.items()} == before


@pytest.mark.parametrize(
    ("own", "target"),
    [
        ("agent", "agent-sre of homelab, with the reference's prometheus-events"),
        ("converter", "prometheus-events of homelab, with the reference's agent-sre"),
    ],
)
def test_one_of_them_is_judged_with_the_reference_in_the_others_place(
    tmp_path: Path, checkouts: dict[str, Path], own: str, target: str
) -> None:
    run = judged(tmp_path / "suite", **{own: checkouts[own]})
    assert run.exit_code == 0, run.output
    assert run.verdict.run.target == target
    for page in ("index.html", "matrix.html"):
        assert target in (tmp_path / "suite" / "reports" / "latest" / page).read_text().replace("&#39;", "'")


def test_without_a_checkout_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="give -D agent_home=<the checkout of agent-sre>"):
        judged(tmp_path / "suite")
