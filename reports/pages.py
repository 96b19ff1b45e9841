"""How pages are made: the templates, and what they write the same way everywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from reports import wording

CODE = re.compile("`([^`]+)`")


def measured(value: float, unit: str) -> str:
    """A measure in as many digits as a reader can use: "0.072 s", "99.75 %"; a share is never rounded up to all."""
    if unit == "%":
        return f"{math.floor(value * 100) / 100:g} %"
    return f"{value:.2g} {unit}" if abs(value) < 10 else f"{value:.0f} {unit}"


def lasted(seconds: float) -> str:
    """A duration for people: "42 ms", "1.5 s", "2 min 05 s"."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def counted(number: int, noun: str) -> str:
    """A number of things: "1 scenario", "3 scenarios"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def moment(when: datetime) -> str:
    """A time for people: "8 January 2026, 10:15 UTC"."""
    return f"{when:%-d %B %Y, %H:%M} UTC"


def ranges(ids: Sequence[str]) -> str:
    """Ids of criteria or items, neighbours drawn together: "AC4–AC9, S2.1–S2.5, M"."""
    runs: list[list[str]] = []
    for one in ids:
        kind = one.rstrip("0123456789")
        if runs and one != kind and runs[-1][-1] == f"{kind}{int(one.removeprefix(kind)) - 1}":
            runs[-1].append(one)
        else:
            runs.append([one])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def coded(text: str) -> Markup:
    """A sentence as HTML, what stands in backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(Markup.escape(text))))


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"measured": measured, "lasted": lasted, "counted": counted, "moment": moment, "coded": coded}
_templates.filters |= {"asked": wording.asked, "answered": wording.answered}
_templates.filters |= {"address": wording.address, "body": wording.body}


def render(template: str, **values: Any) -> str:
    """The text that a template of `reports/templates` makes of these values."""
    return _templates.get_template(template).render(**values)
