"""What identifies the state of the suite: every file that decides on a verdict, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reports import suite


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("features/a.feature", "steps/a.py", "reports/a.py", "environment.py", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize("name", ["features/a.feature", "steps/a.py", "reports/a.py", "environment.py"])
def test_a_change_of_what_decides_is_another_suite(root: Path, name: str) -> None:
    before = suite.state(root)
    (root / name).write_text("changed")
    after = suite.state(root)
    assert before.digest != after.digest
    assert (before.features != after.features) == name.startswith("features")


def test_a_new_name_for_the_same_words_is_another_suite(root: Path) -> None:
    before = suite.state(root)
    (root / "steps/a.py").rename(root / "steps/b.py")
    assert suite.state(root).digest != before.digest


@pytest.mark.parametrize("name", ["README.md", "reports/latest/x", "reports/proof/x", "steps/__pycache__/a.pyc"])
def test_what_is_made_or_only_read_by_people_does_not_count(root: Path, name: str) -> None:
    before = suite.state(root)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("changed")
    assert suite.state(root) == before


def test_outside_of_a_repository_nothing_is_dirty(root: Path) -> None:
    assert not suite.state(root).dirty


def test_what_is_in_no_commit_is_dirty(root: Path) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        subprocess.run(["git", "-C", root, *who, *arguments], check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "--message", "All of it")
    assert not suite.state(root).dirty
    (root / "README.md").write_text("for people")
    assert not suite.state(root).dirty
    (root / "features" / "new.feature").touch()
    assert suite.state(root).dirty
