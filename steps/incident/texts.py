"""Labels and annotations that have been lost or mangled on the way from Prometheus to a ticket before."""

from __future__ import annotations

from collections.abc import Callable

from steps.incident.alert import Alert

Texts = dict[str, str]

_KILOBYTES = "The first words of a long text. " + "All of it has to arrive. " * 161 + "The last words of it."

PARAGRAPHS = "\n\n".join(
    f"The {which} paragraph of a long text. " + "All of it has to arrive. " * 40 + f"The end of the {which} one."
    for which in ("first", "second", "third", "fourth")
)
"""Four kilobytes, with empty lines between them: an empty text within a document is one that Jira refuses."""

CONTENTS: dict[str, tuple[Texts, Texts]] = {
    "plain words": (
        {"team": "platform"},
        {"summary": "The shop is slow", "description": "Customers wait longer than two seconds at the till."},
    ),
    "templated values": (
        {"where": "{{ $labels.namespace }}/{{ $labels.pod }}"},
        {
            "summary": "Pod {{ $labels.pod }} is overloaded",
            "description": "Load of {{ $labels.pod }} in {{ $labels.namespace }} is {{ $value }}",
        },
    ),
    "Unicode": (
        {"team": "Zürich 東京"},
        {
            "summary": "Überlast im Geschäft 🔥",
            "description": "負荷が高い — Ёлка, naïve café, עומס, ✓ and e\u0301",
        },
    ),
    "quotes and line breaks": (
        {"team": 'the "A" team\'s'},
        {
            "summary": "He said \"no\", 'never' and `maybe`",
            "description": "First line\nsecond line\twith a tab\n\nand C:\\temp\\new after an empty one",
            "note": "  <b>5 > 3 & 2 < 4</b> &amp; 100 %, with blanks around it  ",
        },
    ),
    "four kilobytes of text": ({"team": "platform"}, {"summary": "A long story", "description": _KILOBYTES}),
}
"""Labels and annotations by what the feature calls them. Values may hold Prometheus templates."""


def lose(alert: Alert, *labels: str) -> None:
    """The alert loses these labels, as it is about something else: a service, or a node of the cluster."""
    for label in labels:
        del alert.labels[label]


LACKS: dict[str, Callable[[Alert], object]] = {
    "a severity": lambda alert: alert.labels.pop("severity"),
    "a source": lambda alert: setattr(alert, "source", ""),
    "annotations": lambda alert: alert.annotations.clear(),
    "a pod": lambda alert: lose(alert, "pod", "deployment"),
    "a namespace": lambda alert: lose(alert, "namespace", "service", "pod", "deployment"),
}
"""What an alert need not have, by what the feature calls it; each takes it away."""

PECULIARITIES: dict[str, tuple[Texts, Texts]] = {
    "an annotation that is empty": ({}, {"runbook_url": ""}),
    "a name that is too long for a summary": ({"alertname": "{name}" + "_and_so_on" * 30}, {}),
    "a description that is too long for an issue": ({}, {"description": "{description}" + " And so on." * 4000}),
    "a label that holds spaces": ({"team": "site reliability engineering"}, {}),
    "a label that holds quotes and line breaks": ({"team": 'the "A" team\'s\nsecond line'}, {}),
    "a label that is too long": ({"revision": "0123456789" * 30}, {}),
}
"""Labels and annotations for which a tracker has refused a ticket before, by what the feature calls them.

`{name}` and `{description}` stand for what the alert has of its own.
"""
