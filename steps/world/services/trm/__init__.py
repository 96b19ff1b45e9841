"""The TRM model service: a real, tiny recursive model that the project has trained itself (CONTRACTS §9)."""

from steps.world.services.trm.answers import MISTAKES, UNRATED, UNSURE, WORDINGS, Mistake, as_sure_as
from steps.world.services.trm.damage import DAMAGES
from steps.world.services.trm.service import Trm

__all__ = ["DAMAGES", "MISTAKES", "UNRATED", "UNSURE", "WORDINGS", "Mistake", "Trm", "as_sure_as"]
