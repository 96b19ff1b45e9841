"""behave's runner for this suite: strict about what was selected, about what went wrong, and about the exit code.

    0  passed   every selected scenario passed, but for what is waived
    1  failed   agent-sre misses a criterion: a claim in a step did not hold
    2  usage    nothing ran: the command selects nothing, names a tag that does not exist, or a setting is unusable
    3  broken   nothing failed, but something could not be judged: a scenario, or a line of the ticket that no scenario
                carries or whose words have changed; or the run itself went wrong around its scenarios (set-up,
                clean-up, interruption, reports that disagree), whatever the scenarios say

A run begins by emptying `reports/latest`; usage errors and dry runs leave it as it is, except for settings that only
the environment can check. Verdict, matrix and Allure results are always written; `--format` changes the terminal only.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Any

from behave.exception import ConfigError, InvalidFileLocationError, InvalidFilenameError
from behave.formatter._registry import make_formatters
from behave.formatter.base import StreamOpener
from behave.model_type import FileLocation
from behave.parser import ParserError
from behave.runner import Context, Runner
from behave.runner_util import parse_features
from behave.tag_expression.model import And, Literal, Matcher, Or

from reports import live, metrics, requirements, run, ticket, waivers
from reports.agreement import CROSS_CHECK
from reports.allure import AllureFormatter
from reports.conclusion import OUTCOME, Exit, with_trouble
from reports.crew import Crew
from reports.formatter import VerdictFormatter
from reports.metrics import Metrics
from reports.requirements import RequirementsError
from reports.run import Record, UsageError
from reports.units import (
    COMMITTED,
    OWN,
    Durations,
    Unit,
    as_usual,
    asked_order,
    asked_shard,
    deal,
    longest_first,
    longest_unit,
    place,
    units_of,
)
from reports.verdict import Status, Trouble
from reports.waivers import WaiversError
from reports.worker import feature_of

JOBS = re.compile(r"-j|--jobs|--parallel")
"""How the command says how many workers there are to be."""
PER_CORE, MOST = 2.5, 8
"""How many workers there are for each core, as they wait for the agent most of the time, and at most."""
WORTHWHILE = 4.0
"""Seconds of work for which a world of its own is worthwhile."""
NAMES_ITEM = re.compile(r"[A-Z]+\d*(\.\d+)?")
"""What tags look like that name a line of the ticket; all others are in small letters."""


class OrphanTag(Exception):
    """A scenario carries what the ticket does not have."""


class AcceptanceRunner(Runner):  # type: ignore[misc]
    """Runs the selected features in the ticket's order and concludes with a verdict."""

    aborted: bool
    record: Record
    recorder: VerdictFormatter
    around: ExitStack
    """What lasts as long as the run."""

    def run(self) -> bool:
        """True when the run failed (behave then exits with 1); raises SystemExit for the codes beyond that."""
        with self.path_manager, ExitStack() as self.around:
            try:
                code = self._run()
            except UsageError as error:
                print(f"behave: {error}", file=sys.stderr)
                code = Exit.USAGE
            except Exception:  # a mistake in this package must not read as a verdict on the agent
                traceback.print_exc()
                code = Exit.BROKEN
        if code in (Exit.PASSED, Exit.FAILED):
            return bool(code)
        raise SystemExit(code)

    def _run(self) -> Exit:
        self._load()
        if self.config.dry_run:
            return self._dry_run()
        with metrics.served(self.record.metrics, self.config.userdata):  # so that a bad port costs no report
            self.record.empty_latest()
        hands, alone = self._deal()
        failed = self._run_alone(*hands) if len(hands) == 1 else self._run_together(hands, alone)
        return self._conclude(failed)

    def _run_alone(self, units: list[Unit]) -> bool:
        """Runs everything in this process; whether behave counts it as failed."""
        if self.record.order:
            self.features = [feature_of(unit) for unit in units]
            self.record.selected = [
                one for feature in self.features for one in feature.walk_scenarios() if not one.should_skip
            ]
        with metrics.served(self.record.metrics, self.config.userdata):
            self._open_formatters()
            if not self.record.set_up:
                self.set_up()
            return self.run_features([] if self.record.set_up else self.features)

    def _run_together(self, hands: list[list[Unit]], alone: list[Unit]) -> bool:
        """Has everything run by a crew; whether anything is left to be told that the verdict does not tell."""
        with Crew.fork(self, hands, alone) as crew, metrics.served(self.record.metrics, self.config.userdata):
            self._open_formatters()
            try:
                crew.run(self.formatters[0])
            finally:
                for formatter in self.formatters:
                    formatter.close()
        return False

    # -- before the run ---------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """Reads the ticket's items, the features, the hooks and the steps; checks the selection."""
        try:
            self.setup_paths()
            locations = [path for path in self.feature_locations() if not self.config.exclude(path)]
            asked = requirements.load(self.own_features / "requirements.toml")
            changed = ticket.changes(asked, self.own_features)
        except FileNotFoundError as error:
            raise UsageError(f"There is no {error}.") from error
        except InvalidFilenameError as error:
            raise UsageError(f"{error} is neither a directory nor a feature file.") from error
        except (ConfigError, InvalidFileLocationError, RequirementsError) as error:
            raise UsageError(str(error)) from error
        self.context = Context(self)
        self.context.on_cleanup_error = self._clean_up_failed
        self.record = run.begin(Path(self.base_dir), asked, Metrics(asked), changed)
        self._read_order()
        try:
            features = parse_features(locations, language=self.config.lang)
            self.features = sorted(features, key=self._place_in_the_ticket)
            self._select(self._others(features))
            self._look_for_orphans()
            self.load_hooks()
            if not self.config.dry_run:
                self.around.enter_context(self.hooks.get("around_run", nullcontext)(self.config.userdata))
            self.load_step_definitions()
        except ParserError as error:
            self.record.set_up_failed("reading the features", SyntaxError(" ".join(str(error).split())))
        except UsageError:
            raise
        except (Exception, SystemExit) as error:
            self.record.set_up_failed("loading the steps", error)

    def _read_order(self) -> None:
        """In which order, and which part, the command and the environment ask for. Raises UsageError."""
        try:
            self.record.order = asked_order(self.config.userdata)
            self.record.shard = asked_shard(os.environ)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if self.record.order:
            print(f"The order is {self.record.order}; -D order={self.record.order} repeats it.")
        durations = (COMMITTED,) if self.record.shard else (COMMITTED, OWN)
        self.record.expected = Durations.read(self.record.root, *durations)

    def _place_in_the_ticket(self, feature: Any) -> tuple[bool, int]:
        tags = {str(tag) for scenario in feature.walk_scenarios() for tag in scenario.effective_tags}
        return place(tags, self.record.requirements)

    @property
    def own_features(self) -> Path:
        """Where the suite's features and the ticket's items lie."""
        return Path(self.base_dir) / "features"

    def _others(self, features: Sequence[Any]) -> list[Any]:
        """The suite's features that the command does not name."""
        named = {Path(feature.filename).absolute() for feature in features}
        paths = [path for path in sorted(self.own_features.rglob("*.feature")) if path.absolute() not in named]
        return list(parse_features([FileLocation(str(path)) for path in paths], language=self.config.lang))

    def _select(self, others: Sequence[Any]) -> None:
        """Splits the scenarios into selected and left out; raises UsageError when the selection cannot be meant.

        Those of `others`, features that the command leaves out, are left out.
        """
        scenarios = [scenario for feature in self.features for scenario in feature.walk_scenarios()]
        tags = {str(tag) for scenario in scenarios for tag in scenario.effective_tags}
        unknown = [f"@{term}" for term in _asked_for(self.config.tag_expression) if not term.evaluate(tags)]
        if unknown:
            cure = ' Several tags are joined with "or".' if any("," in term for term in unknown) else ""
            raise UsageError(f"No scenario carries {' or '.join(unknown)}.{cure} There are: {self._in_order(tags)}.")
        chosen = [scenario for scenario in scenarios if scenario.should_run(self.config)]
        if self.record.shard and chosen:
            chosen = self.record.shard.part(chosen, self.record.expected)
            if not chosen:
                raise UsageError(f"The shard {self.record.shard} is empty: there are fewer features than shards.")
        known = {id(scenario) for scenario in chosen}
        self.record.selected += [scenario for scenario in scenarios if id(scenario) in known]
        for scenario in (one for one in scenarios if id(one) not in known):
            scenario.mark_skipped()
            self.record.left_out.append(scenario)
        self.record.left_out += [scenario for feature in others for scenario in feature.walk_scenarios()]
        if not self.record.selected:
            raise UsageError(f"The command selects no scenario. There are these tags: {self._in_order(tags)}.")

    def _look_for_orphans(self) -> None:
        """A tag like an item's that the ticket does not have breaks the run: nobody knows what its scenario shows."""
        known = {name for one in self.record.requirements.criteria for name in (one.id, *(i.id for i in one.items))}
        for scenario in [*self.record.selected, *self.record.left_out]:
            for tag in sorted(scenario.effective_tags):
                if NAMES_ITEM.fullmatch(tag) and tag not in known:
                    where = self.record.location(scenario)
                    self.record.trouble("traceability", OrphanTag(f"The tag @{tag} at {where} is not in the ticket."))

    def _in_order(self, tags: set[str]) -> str:
        """The tags in the ticket's order, then the others."""
        known = [name for one in self.record.requirements.criteria for name in (one.id, *(i.id for i in one.items))]
        return ", ".join(f"@{tag}" for tag in (*(tag for tag in known if tag in tags), *sorted(tags - {*known})))

    def _dry_run(self) -> Exit:
        """Lists what would run, writes nothing."""
        if self.record.run_troubles:
            print(f"behave: {self.record.run_troubles[0]}", file=sys.stderr)
            return Exit.BROKEN
        self.formatters = make_formatters(self.config, self.config.outputs)
        return Exit.BROKEN if self.run_model() else Exit.PASSED

    # -- how it is shared out ----------------------------------------------------------------------------------------

    def _deal(self) -> tuple[list[list[Unit]], list[Unit]]:
        """The units of as many hands as there are to be workers, and those that run alone, in their order."""
        selected, expected = self.record.selected, self.record.expected
        if self.record.order:
            units = self.record.order.units_of(selected, expected)
        else:
            seconds = sum(map(expected.of, selected))
            longest = longest_unit(seconds, max(1, self._jobs(seconds)))
            units = units_of(selected, expected, longest, self.hooks.get("arrangement", as_usual))
        alone = [unit for unit in units if unit.load and not unit.last] + [unit for unit in units if unit.last]
        others = [unit for unit in units if unit not in alone]
        if not self.record.order:
            others = longest_first(others)
        jobs = min(self._jobs(sum(unit.seconds for unit in others)), len(others))
        if self.record.set_up or jobs < 2:
            return [units], []
        return deal(others, jobs), alone

    def _jobs(self, expected: float) -> int:
        """How many workers there are to be: as the command says, else as the cores allow, if there is enough to do."""
        asked = any(JOBS.match(argument) for argument in sys.argv[1:])
        alone = any(name != self.config.default_format for name in self.config.format or [])
        if asked and alone and self.config.jobs > 1:
            raise UsageError("Only the live display can follow several workers: leave out either --format or --jobs.")
        if asked or alone:
            return 1 if alone else int(self.config.jobs)
        return min(int(PER_CORE * len(os.sched_getaffinity(0))), MOST, int(expected // WORTHWHILE))

    # -- the run ------------------------------------------------------------------------------------------------------

    def _open_formatters(self) -> None:
        """The terminal's, as the command asks, then Allure, then the verdict, which looks at Allure's files."""
        allure_results = StreamOpener(filename=str(self.record.allure_results))
        self.recorder = VerdictFormatter(StreamOpener(filename=str(self.record.latest)), self.config)
        terminal = make_formatters(self.config, self.config.outputs)
        self.formatters = [*terminal, AllureFormatter(allure_results, self.config), self.recorder]

    def set_up(self) -> None:
        """Runs before_all once, ahead of behave, which would go on to print and to count an abort.

        Raises UsageError for a setting that cannot be used.
        """
        self.run_hook("before_all")
        del self.hooks["before_all"]
        self.load_waivers()
        if self.record.set_up and isinstance(usage := self.record.set_up[1], UsageError):
            self.clean_up()
            raise usage

    def load_waivers(self) -> None:
        """Reads the waivers of the profile that the environment has told of."""
        try:
            self.record.granted = waivers.load(run.facts.waivers, self.record.requirements)
        except WaiversError as error:
            self.record.set_up_failed("waivers", UsageError(str(error)))

    def run_features(self, features: Iterable[Any]) -> bool:
        """Runs the features, and whatever happens after_all and the clean-up; whether behave counts that as failed."""
        try:
            return bool(self.run_model(features))
        except (Exception, SystemExit) as error:
            self.record.trouble("running the features", error)
            self.run_hook("after_all")
            self.clean_up()
            for formatter in self.formatters:
                formatter.close()
            return True

    def clean_up(self) -> None:
        """Closes what the environment has opened."""
        with suppress(Exception):  # each error is noted by _clean_up_failed, and then raised once more
            self.context._do_remaining_cleanups()

    def abort(self, reason: str | None = None) -> None:
        """Ends the run after an interruption."""
        if not self.aborted:
            self.record.trouble("running the features", KeyboardInterrupt())
            self.aborted = True

    def run_hook(self, hook_name: str, *args: Any) -> bool:
        """Runs a hook; what it raises is kept with its sentence and marks behave's model, and nothing is printed."""
        if not self.should_run_hook(hook_name):
            return True
        try:
            with self.context.use_with_user_mode():
                self.hooks[hook_name](self.context, *args)
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            self._hook_failed(hook_name, args, error)
            return False
        return True

    def _hook_failed(self, hook_name: str, args: tuple[Any, ...], error: BaseException) -> None:
        self.hook_failures += 1
        if not isinstance(error, Exception):
            self.abort()
        if hook_name == "before_all":
            self.record.set_up_failed(hook_name, error)
        elif hook_name == "after_all":
            self.record.trouble(hook_name, error)
        else:
            thing = self._current() if hook_name.endswith("_tag") else args[0]
            thing.hook_failed = True
            self.record.trouble(hook_name, error, thing)

    def _clean_up_failed(self, context: Context, clean_up: Any, error: Exception) -> None:
        thing = self._current()
        self.record.trouble(f"clean-up of the {thing.type if thing else 'run'}", error, thing)

    def _current(self) -> Any:
        """The innermost of scenario, rule and feature that is under way; None outside of all."""
        things = (getattr(self.context, name, None) for name in ("scenario", "rule", "feature"))
        return next((thing for thing in things if thing), None)

    # -- after the run ------------------------------------------------------------------------------------------------

    def _conclude(self, failed: bool) -> Exit:
        verdict = self.recorder.verdict
        assert verdict
        if failed and not verdict.run.troubles and all(one.status is Status.PASSED for one in verdict.scenarios):
            trouble = "behave counts the run as failed, though every scenario passed."
            verdict = with_trouble(verdict, Trouble(where=CROSS_CHECK, sentence=trouble))
            self.recorder.publish(verdict)
        for untold in metrics.push(self.record.metrics, self.config.userdata):
            verdict = with_trouble(verdict, untold)
            self.recorder.publish(verdict)
        self.record.expected.keep(verdict, self.record.root / OWN)
        live.closing(verdict, self.record.latest, live.terminal(self.config.color))
        return OUTCOME[verdict.run.outcome]


def _asked_for(expression: Any) -> Iterator[Any]:
    """The tags (or patterns) that a tag expression wants, those that it excludes left out."""
    match expression:
        case Literal() | Matcher():
            yield expression
        case And() | Or():
            for term in expression.terms:
                yield from _asked_for(term)
