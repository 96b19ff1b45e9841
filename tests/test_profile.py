"""A profile is checked before anything is started, and a mistake in it is one sentence with its line."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from steps.targets.profile import ARRANGEMENTS, ProfileError, asked, defaults, in_force, line_of, load, reference
from steps.targets.reference_page import PAGE, page

GOOD = """
name = "mine"
[agent]
command = ["agent", "{port}"]
[converter]
command = ["converter", "{port}"]
"""


def written(directory: Path, text: str) -> str:
    (directory / "mine.toml").write_text(text)
    return str(directory / "mine.toml")


def test_the_bundled_profile_loads() -> None:
    assert load("reference").name == "reference"
    assert load("reference").judged == "the bundled reference"


def test_the_target_may_be_named_beside_the_profile(tmp_path: Path) -> None:
    mine = written(tmp_path, GOOD)
    assert asked({}).name == asked({"target": "reference"}).name == "reference"
    assert asked({"profile": mine}).name == asked({"target": "local", "profile": mine}).name == "mine"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": "moon"}, "no target 'moon': give -D target=local"),
        ({"target": "local"}, "give -D profile=my-agent.toml"),
        ({"target": "reference", "profile": "mine.toml"}, "leave out one of the two"),
    ],
)
def test_a_target_that_cannot_be_meant_is_one_sentence(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        asked(settings)


def test_a_profile_of_ones_own_loads_and_has_the_rulings_of_the_contract(tmp_path: Path) -> None:
    profile = load(written(tmp_path, GOOD))
    assert profile.rulings.priority["critical"]["high"] == 1
    assert profile.rulings.tries == 5
    assert profile.judged == "agent-sre and prometheus-events of mine"


def test_arrangements_of_ones_own_stand_beside_the_usual_ones_or_in_their_place(tmp_path: Path) -> None:
    own = '[arrangements.hot]\nHEAT = "9"\n[arrangements."all approvals"]\nMODE = "careful"\n'
    arrangements = load(written(tmp_path, GOOD + own)).arrangements
    assert arrangements["hot"] == {"HEAT": "9"}
    assert arrangements["all approvals"] == {"MODE": "careful"}
    assert arrangements["any approval"]["OPERATION_MODE"] == "supervised"


def test_the_homelabs_time_outs_are_the_usual_ones_but_longer(tmp_path: Path) -> None:
    homelab = load("homelab", {"agent_home": str(tmp_path)}).arrangements
    for name, usual in ARRANGEMENTS.items():
        longer = {"APPROVAL_TIMEOUT_SECONDS": "24"} if usual.get("APPROVAL_TIMEOUT_SECONDS") == "4" else {}
        assert homelab[name] == usual | longer


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("nane = 'x'\n" + GOOD, ["line 1", "nane", "extra inputs"]),
        (GOOD.replace('command = ["agent", "{port}"]', "command = []"), ["line 3", "agent", "name either"]),
        (GOOD.replace('["agent", "{port}"]', "7"), ["line 4", "agent.command", "7"]),
        (GOOD + 'url = "http://127.0.0.1:80"\n', ["line 5", "converter", "name either the command"]),
        (GOOD + "scratch = true\n", ["line 5", "converter", "needs the directory"]),
        (GOOD + "[limits]\nstart = 3\nticket = -1\n", ["line 9", "limits.ticket", "greater than 0", "-1"]),
        (GOOD + '[rulings.priority.critical]\n"high" = "one"\n', ["line 8", "rulings.priority.critical.high", "one"]),
        (GOOD + '[secrets]\nreach = "mail"\n', ["line 8", "secrets.reach", "'file' or 'environment'", "mail"]),
        (GOOD + '[secrets]\nreach = "environment"\nrotation = "re-read"\n', ["line 7", "secrets", "cannot be read"]),
        (GOOD.replace('name = "mine"', ""), ["name", "required"]),
        (GOOD.replace("{port}", "{prot}"), ["agent", "{prot}", "none of the profile's settings"]),
        ("name = [", ["TOML"]),
    ],
)
def test_a_mistake_is_one_sentence_that_names_line_and_setting(tmp_path: Path, mistake: str, words: list[str]) -> None:
    path = written(tmp_path, mistake)
    with pytest.raises(ProfileError) as error:
        load(path)
    sentence = str(error.value)
    assert "\n" not in sentence
    for word in [path, *words]:
        assert word in sentence


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ProfileError, match=r"'nowhere'.*homelab, reference"):
        load("nowhere")


def test_a_line_is_found_in_dotted_keys_and_in_quoted_ones() -> None:
    text = '[a."b c"]\nd.e = 1\n# f = 1\n[g]\n"h i" = 2\n'
    assert line_of(text, ["a", "b c", "d", "e"]) == 2
    assert line_of(text, ["a", "b c", "missing"]) == 1
    assert line_of(text, ["g", "h i"]) == 5
    assert line_of(text, ["nowhere"]) == 1


# -- only one of the two


def test_a_profile_with_only_the_agent_has_the_references_converter(tmp_path: Path) -> None:
    profile = load(written(tmp_path, 'name = "mine"\n[agent]\ncommand = ["agent"]\n'))
    assert profile.converter is None
    assert profile.judged == "agent-sre of mine, with the reference's prometheus-events"
    assert profile.rulings.function_timeout == 60


def test_a_profile_with_only_the_converter_follows_the_references_agent(tmp_path: Path) -> None:
    text = 'name = "mine"\n[converter]\ncommand = ["converter"]\n[resources]\nthreads = 3\n'
    profile = load(written(tmp_path, text))
    assert profile.judged == "prometheus-events of mine, with the reference's agent-sre"
    assert profile.rulings == reference().rulings
    assert profile.resources.threads == 3
    assert profile.dashboard == reference().dashboard


# -- settings that -D gives


def test_homelab_starts_both_checkouts_as_the_contract_says(tmp_path: Path) -> None:
    profile = load("homelab", {"agent_home": str(tmp_path / "a"), "converter_home": str(tmp_path / "c")})
    assert profile.agent and profile.converter
    assert profile.agent.command[1:] == ("-m", "src.sre_agent.main", "--server", "--port", "{port}")
    assert profile.agent.directory == tmp_path / "a"
    assert profile.agent.environment == {"PYTHONPATH": "{directory}"}
    assert profile.converter.command[1:4] == ("-m", "uvicorn", "src.main:app")
    assert profile.secrets.restarts
    assert profile.judged == "agent-sre and prometheus-events of homelab"


def test_homelab_with_one_checkout_has_the_reference_in_the_others_place(tmp_path: Path) -> None:
    profile = load("homelab", {"agent_home": str(tmp_path)})
    assert profile.agent and profile.converter is None
    profile = load("homelab", {"converter_home": str(tmp_path)})
    assert profile.converter and profile.agent is None


def test_homelab_without_a_checkout_says_what_it_needs() -> None:
    with pytest.raises(ProfileError) as error:
        load("homelab")
    assert "-D agent_home=<the checkout of agent-sre>" in str(error.value)
    assert "-D converter_home=<the checkout of prometheus-events>" in str(error.value)


def test_the_interpreter_is_that_of_the_checkout_or_the_given_one(tmp_path: Path) -> None:
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.touch()
    agent = load("homelab", {"agent_home": str(tmp_path)}).agent
    assert agent and agent.command[0] == str(own)
    agent = load("homelab", {"agent_home": str(tmp_path), "agent_python": "/opt/python"}).agent
    assert agent and agent.command[0] == "/opt/python"


def test_relative_paths_are_seen_from_the_profile_and_homes_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'name = "m"\ndashboard = "d.json"\n[agent]\nurl = "http://127.0.0.1:8000"\nlog = "logs/agent.log"\n'
    profile = load(written(tmp_path, text))
    assert profile.agent and profile.agent.log == tmp_path / "logs" / "agent.log"
    assert profile.dashboard == tmp_path / "d.json"
    assert profile.attached.directory == tmp_path / ".acceptance"
    monkeypatch.chdir(tmp_path)
    agent = load("homelab", {"agent_home": "checkout"}).agent
    assert agent and agent.directory == tmp_path / "checkout"


def test_braces_that_are_no_placeholder_are_left_alone(tmp_path: Path) -> None:
    text = GOOD + '[agent.environment]\nTABLE = \'{"a": {"b": 1}}\'\n'
    profile = load(written(tmp_path, text))
    assert profile.agent and profile.agent.environment["TABLE"] == '{"a": {"b": 1}}'


# -- the page about all of it


def test_the_page_about_every_setting_is_that_of_the_model() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "Run `python -m steps.targets.reference_page`."


def test_what_the_page_shows_is_a_profile() -> None:
    shown = page().partition("```toml\n")[2].partition("```")[0].replace("name = …", 'name = "mine"')
    document = tomllib.loads(shown)
    assert document["limits"]["ticket"] == 10
    assert document["arrangements"]["any approval"]["OPERATION_MODE"] == "supervised"


def test_what_is_judged_by_is_told_without_what_may_be_a_key_and_where_things_lie(tmp_path: Path) -> None:
    own = """
[agent.environment]
TOKEN = "key-of-the-agent"
[converter.environment]
TOKEN = "key-of-the-converter"
[targets]
success = 50
[arrangements.hot]
OPERATION_MODE = "supervised"
TOKEN = "key-of-an-arrangement"
"""
    values = in_force(load(written(tmp_path, GOOD + own)))
    assert (values["targets"]["success"], defaults()["targets"]["success"]) == (50, 99)
    assert values["arrangements"]["hot"] == {"OPERATION_MODE": "supervised", "TOKEN": "not shown"}
    assert values["limits"] == defaults()["limits"]
    told = json.dumps(values)
    assert "key-of" not in told and str(tmp_path) not in told and "command" not in told
