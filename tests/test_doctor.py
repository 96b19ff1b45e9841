"""`make doctor` says of a deployment what works and, where something does not, what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.copies import ROOT

DOING_NOTHING = """
name = "mine"
[agent]
command = ["{python}", "-m", "tests.prove.null_agent", "200", "--port", "{port}"]
[limits]
ticket = 0.5
event = 2
"""


def doctor(*settings: str) -> subprocess.CompletedProcess[str]:
    arguments = [part for setting in settings for part in ("-D", setting)]
    return subprocess.run(
        [sys.executable, "-m", "steps.incident.doctor", *arguments],
        cwd=ROOT,
        env={"COLUMNS": "160", "PATH": str(Path(sys.executable).parent) + ":/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(output: str) -> dict[str, str]:
    """Each check's row, its mark first."""
    found = [line.strip() for line in output.splitlines() if line.strip()[:1] in ("✔", "✗")]
    return {line[1:].strip().split("  ")[0]: line for line in found}


def test_of_the_reference_everything_is_well() -> None:
    seen = doctor()
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert "the bundled reference" in seen.stdout
    checked = rows(seen.stdout)
    assert {"agent-sre /ready", "an event in binary mode", "an event in structured mode", "the way out"} <= set(checked)
    assert {"the key for linear", "undeclared hosts", "its clock"} <= set(checked)
    assert all(row.startswith("✔") for row in checked.values())


def test_of_an_agent_that_does_nothing_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(DOING_NOTHING)
    seen = doctor(f"profile={tmp_path / 'mine.toml'}")
    assert seen.returncode == 1
    checked = rows(seen.stdout)
    assert checked["a notification"].startswith("✔")  # the reference's prometheus-events has the other's place
    assert checked["an event in binary mode"].startswith("✗")
    assert "no call about its alert follows" in seen.stdout
    assert "POST / takes CloudEvents in binary mode" in " ".join(seen.stdout.split())
    assert checked["the way out"].startswith("✗")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ('["/no/such/program"]', "No such file or directory: /no/such/program"),
        ("""["{python}", "-c", "raise SystemExit('no licence')"]""", "no licence"),
    ],
)
def test_a_command_that_does_not_start_is_a_row_of_its_own(tmp_path: Path, command: str, words: str) -> None:
    (tmp_path / "mine.toml").write_text(f'name = "mine"\n[agent]\ncommand = {command}\n')
    seen = doctor(f"profile={tmp_path / 'mine.toml'}")
    assert seen.returncode == 1
    assert list(rows(seen.stdout)) == ["the start"]
    assert words in " ".join(seen.stdout.split())


def test_a_profile_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\n[limits]\nticket = "soon"\n')
    seen = doctor(f"profile={tmp_path / 'mine.toml'}")
    assert (seen.returncode, seen.stdout) == (2, "")
    assert seen.stderr.startswith("doctor: ") and "line 3: limits.ticket" in seen.stderr
    assert seen.stderr.count("\n") == 1
