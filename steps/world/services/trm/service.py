"""The TRM model service: what the alert's text calls for, as text that has to be parsed (CONTRACTS §9)."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from steps.world.services.trm.answers import Answer, Wording, in_prose, reasoning
from steps.world.services.trm.damage import DAMAGES
from steps.world.services.trm.model import Model
from steps.world.services.trm.parameters import parameters
from steps.world.services.trm.weights import FILE, CorruptWeightsError, MissingWeightsError, load

State = Literal["loaded", "missing", "corrupt"]


class Problem(BaseModel):
    """What `POST /reason` takes."""

    problem: Annotated[str, Field(min_length=1, strict=True)]
    max_iterations: Annotated[int, Field(ge=1, le=1000, strict=True)] = 10


class Trm:
    """The service with its model. How it answers, and how fast, can be set for the prompts that mention a word."""

    def __init__(self) -> None:
        self.file = FILE
        """Where the model is loaded from."""
        self.state: State = "missing"
        self._trouble = "nothing has been loaded yet"
        self._model: Model | None = None
        self._wordings: dict[str, Wording] = {}
        self._pauses: dict[str, float] = {}

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [Route("/health", self._health), Route("/reason", self._reason, methods=["POST"])]
        return Starlette(routes=routes)

    def install(self, directory: Path) -> None:
        """Puts a copy of the trained model where the service loads it from, and loads it."""
        self.file = directory / FILE.name
        self.restore()

    def restore(self) -> None:
        """Puts the trained model back in place, and loads it."""
        shutil.copyfile(FILE, self.file)
        self.load()

    def damage(self, what: str) -> None:
        """Does something to the file, and loads what is left."""
        DAMAGES[what](self.file)
        self.load()

    def load(self) -> None:
        """Loads the model from its file, as at a start; the state tells whether that went well."""
        self._model = None
        try:
            self._model = Model(load(self.file))
        except MissingWeightsError as error:
            self.state, self._trouble = "missing", str(error)
        except CorruptWeightsError as error:
            self.state, self._trouble = "corrupt", str(error)
        else:
            self.state, self._trouble = "loaded", ""

    def word(self, mark: str, wording: Wording) -> None:
        """From now on answers to prompts that mention the mark are worded so."""
        self._wordings[mark] = wording

    def ponder(self, mark: str, seconds: float) -> None:
        """From now on prompts that mention the mark take so long, each for itself."""
        self._pauses[mark] = seconds

    async def _health(self, _: Request) -> Response:
        """Alive, whatever the model's state; the body reports it."""
        if self._model is None:
            unloaded = {"state": self.state, "error": self._trouble}
            return JSONResponse({"status": "degraded", "model_loaded": False, "model": unloaded})
        loaded = {"state": self.state, "weights": self._model.weights.count}
        return JSONResponse({"status": "healthy", "model_loaded": True, "model": loaded})

    async def _reason(self, request: Request) -> Response:
        try:
            asked = Problem.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse(
                {"detail": error.errors(include_url=False, include_context=False, include_input=False)}, 422
            )
        if self._model is None:
            return JSONResponse({"detail": f"The model is not loaded: {self._trouble}"}, 503)
        if pause := next((pause for mark, pause in self._pauses.items() if mark in asked.problem), 0):
            await asyncio.sleep(pause)
        concluded = self._model.conclude(asked.problem, asked.max_iterations)
        meant = Answer(
            concluded.label,
            parameters(concluded.label, asked.problem),
            reasoning(concluded.label, concluded.iterations),
            concluded.confidence,
        )
        wording = next((wording for mark, wording in self._wordings.items() if mark in asked.problem), in_prose)
        return JSONResponse({"result": wording(meant)})
