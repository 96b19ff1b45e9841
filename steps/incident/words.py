"""Parameters of sentences that are one of a table's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable


def one_of(words: Iterable[str]) -> Callable[[str], str]:
    """The type of a sentence's parameter that is one of these words."""

    def word(text: str) -> str:
        return text

    word.pattern = "|".join(map(re.escape, words))  # type: ignore[attr-defined]
    return word
