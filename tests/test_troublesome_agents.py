"""Whatever an agent does to a run, the run ends with a sentence about it, and nothing of the agent is left."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from reports.verdict import Status
from tests.copies import NoVerdict, Run, run_suite

PROGRAM = """
import http.server, os, signal, sys, time

how, port = sys.argv[1], int(sys.argv[2])
if how == "stays":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        if how == "dies":
            os._exit(3)
        if how == "is silent":
            time.sleep(600)
        if how == "floods":
            for _ in range(300):
                print("x" * 100_000)
        self.answer()

    def answer(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", port), Door).serve_forever()
"""
PROFILE = """
name = "troublesome"
[agent]
command = ["{{python}}", "{program}", "{how}", "{{port}}"]
[limits]
ticket = 2
recovery = 2
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything temporary of a run goes."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    return place


def judged(tmp_path: Path, how: str, profile: str = PROFILE) -> Run:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    return run_suite(
        tmp_path / "suite", "--tags", "@AC3.1", "-j", "1", profile=profile.format(program=program, how=how)
    )


def nothing_is_left(tmp_path: Path, temporary: Path) -> bool:
    running = [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or [])]
    return not running and not list(temporary.iterdir())


@pytest.mark.parametrize(
    ("how", "status", "sentence"),
    [
        ("dies", Status.FAILED, "agent-sre ended with exit code 3"),
        ("is silent", Status.FAILED, "Linear issue about"),
        ("floods", Status.FAILED, "Linear issue about"),
        ("stays", Status.FAILED, "Linear issue about"),
    ],
)
def test_an_agent_that(how: str, status: Status, sentence: str, tmp_path: Path, temporary: Path) -> None:
    run = judged(tmp_path, how)
    item = run.item("AC3.1")
    assert item.status is status, run.output
    assert all(sentence in (one.sentence or "") for one in run.verdict.scenarios if "AC3.1" in one.tags), run.output
    assert nothing_is_left(tmp_path, temporary)


def test_an_agent_that_does_not_start(tmp_path: Path, temporary: Path) -> None:
    run = judged(tmp_path, "x", PROFILE.replace("{{python}}", "/no/such/program"))
    assert (run.exit_code, run.item("AC3.1").status) == (3, Status.BROKEN)
    assert "agent-sre could not be started: No such file or directory: /no/such/program" in run.output
    assert "Traceback" not in run.output
    assert nothing_is_left(tmp_path, temporary)


def test_a_profile_with_a_mistake(tmp_path: Path, temporary: Path) -> None:
    with pytest.raises(NoVerdict, match=r"given\.toml, line 6: limits\.ticket: .*'soon'"):
        judged(tmp_path, "x", PROFILE.replace("ticket = 2", 'ticket = "soon"'))
    assert nothing_is_left(tmp_path, temporary)
