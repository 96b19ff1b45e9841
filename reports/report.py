"""`python -m reports.report`: one HTML file with Allure's view of the last run, `reports/latest/allure.html`.

Its history and its trends are those of the runs whose page was made, kept in `reports/history`.

Allure 3 is a Node.js program. It is installed once into `.cache/allure`, from then on no network is needed. The file it
makes opens from disk; the analytics script that Allure puts into it is taken out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from reports import index
from reports.files import write_whole
from reports.verdict import Verdict

ALLURE = "3.18.0"
CHARTS = [
    {"type": "statusDynamics", "title": "Scenarios over the runs"},
    {"type": "statusTransitions", "title": "What has changed from run to run"},
    {"type": "durationDynamics", "title": "How long the runs took"},
    {"type": "durations", "title": "How long scenarios took in this run"},
]
RUNS = 50
"""So many runs are kept in Allure's history."""
ROOT = Path(__file__).parent.parent

ANALYTICS = re.compile(
    r'<script async src="https://www\.googletagmanager\.com/[^"]*"></script>\s*<script>(?:(?!</script>).)*?gtag\(.*?</script>',
    re.DOTALL,
)

LINK = "test-result-meta-link"
"""How Allure's page marks a test's link. It lets one follow an absolute address only."""
FOLLOW = f"""<style>[data-testid="{LINK}"]:not(:has(a)) {{ cursor: pointer; }}</style>
<script>
addEventListener("click", event => {{
  const link = event.target.closest('[data-testid="{LINK}"]');
  if (link && !link.querySelector("a")) open(link.textContent);
}});
</script>
"""


class ReportError(Exception):
    """The report cannot be made; the message is one sentence that says why and what to do."""


def build(root: Path) -> Path:
    """Makes the page from the results of the last run; raises ReportError."""
    latest = root / "reports" / "latest"
    if not (latest / "verdict.json").is_file():
        raise ReportError("There is no run to report on: run `make accept` first.")
    program = install(root / ".cache" / "allure")
    verdict = Verdict.model_validate_json((latest / "verdict.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as place:
        settings = Path(place) / "allurerc.json"
        settings.write_text(json.dumps(_settings(verdict, latest, root)), encoding="utf-8")
        output = Path(place) / "report"
        results = latest / "allure-results"
        _node(program, "generate", "--config", settings, "--cwd", place, "--output", output, results)
        page = next(output.rglob("index.html"), None)
        if page is None:
            raise ReportError("Allure made no page of these results.")
        text = with_links(without_analytics(page.read_text(encoding="utf-8")))
        write_whole(latest / "allure.html", text)
    index.write(verdict, latest)
    return latest / "allure.html"


def install(place: Path) -> Path:
    """Allure's program, installed into `place` if it is not there yet; raises ReportError."""
    package = place / "node_modules" / "allure"
    manifest = package / "package.json"
    if not (manifest.is_file() and json.loads(manifest.read_text(encoding="utf-8"))["version"] == ALLURE):
        npm = shutil.which("npm")
        if npm is None:
            raise ReportError(
                "npm is not there, and Allure's page needs it (Debian, Ubuntu: apt-get install npm); "
                "the matrix and the verdict in reports/latest are complete without it."
            )
        place.mkdir(parents=True, exist_ok=True)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        command = [npm, "install", "--prefix", str(place), *options, f"allure@{ALLURE}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ReportError(f"npm could not install allure@{ALLURE}: {_reason(done.stderr)}")
    return package / "cli.js"


def without_analytics(page: str) -> str:
    """The page without Allure's analytics script; raises ReportError if there is any left."""
    clean = ANALYTICS.sub("", page)
    if "googletagmanager" in clean:
        raise ReportError(f"Allure {ALLURE} has changed its analytics script, which has to be taken out of the page.")
    return clean


def with_links(page: str) -> str:
    """The page with links to the pages beside it that one can follow; Allure shows them and lets nobody."""
    before, body, after = page.rpartition("</body>")
    return f"{before}{FOLLOW}{body}{after}"


def _settings(verdict: Verdict, latest: Path, root: Path) -> dict[str, object]:
    history = root / "reports" / "history" / "allure.jsonl"
    history.parent.mkdir(exist_ok=True)
    awesome = {"singleFile": True, "groupBy": ["epic", "feature", "story"], "reportLanguage": "en", "charts": CHARTS}
    return {
        "name": verdict.run.ticket,
        "categories": json.loads((latest / "allure-results" / "categories.json").read_text(encoding="utf-8")),
        "hideLabels": ["framework", "language"],
        "historyPath": str(history),
        "historyLimit": RUNS,
        "appendHistory": not _is_known(history, latest / "allure-results"),
        "plugins": {"awesome": {"options": awesome}},
    }


def _is_known(history: Path, results: Path) -> bool:
    """Whether the history ends with this run: its page has been made before."""
    if not history.is_file() or not (entries := history.read_text(encoding="utf-8").splitlines()):
        return False
    before = {one["start"] for one in json.loads(entries[-1])["testResults"].values()}
    return any(json.loads(file.read_bytes())["start"] in before for file in results.glob("*-result.json"))


def _node(program: Path, *arguments: object) -> None:
    node = shutil.which("node")
    if node is None:
        raise ReportError("Node.js is not there, and Allure's page needs it (Debian, Ubuntu: apt-get install nodejs).")
    command = [node, str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReportError(f"Allure could not make the page: {_reason(done.stderr or done.stdout)}")


def _reason(output: str) -> str:
    """The line of a program's output that says most: the first that is not empty."""
    return next((line.strip() for line in output.splitlines() if line.strip()), "it does not say why.")


def main() -> int:
    """Makes the page and says where it is; 0 when it is there, 2 when it cannot be made."""
    try:
        print(build(ROOT).relative_to(ROOT))
    except ReportError as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
