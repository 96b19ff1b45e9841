"""A run that a busy machine has disturbed is made once more, and no other is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import copies


@pytest.mark.parametrize(
    ("sentences", "runs"),
    [
        ([None], 1),
        ([None, "Expected one ticket, but there are two."], 1),
        (["It is not there. Meanwhile the world stood still: the machine is too busy to judge."], 2),
    ],
    ids=["passed", "failed", "disturbed"],
)
def test_only_a_disturbed_run_is_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sentences: list[str | None], runs: int
) -> None:
    places = list[Path]()

    def run_suite(place: Path, *arguments: str, **_: Any) -> Any:
        places.append(place)
        scenarios = [SimpleNamespace(sentence=sentence) for sentence in sentences]
        return SimpleNamespace(arguments=arguments, verdict=SimpleNamespace(scenarios=scenarios))

    monkeypatch.setattr(copies, "run_suite", run_suite)
    run: Any = copies.run_undisturbed(tmp_path / "suite", "--tags", "@AC3")
    assert run.arguments == ("--tags", "@AC3")
    assert len(places) == len(set(places)) == runs
