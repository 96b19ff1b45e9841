"""Notifications that Alertmanager would never send, by what the feature calls their defect."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Notification = dict[str, Any]


def _changed(change: Callable[[Notification], Any]) -> Callable[[Notification], bytes]:
    def body(sound: Notification) -> bytes:
        change(sound)
        return json.dumps(sound).encode()

    return body


def _first(notification: Notification) -> dict[str, Any]:
    alert: dict[str, Any] = notification["alerts"][0]
    return alert


MALFORMED: dict[str, Callable[[Notification], bytes]] = {
    "a body that is not JSON": lambda sound: json.dumps(sound).encode()[:-20],
    "no body": lambda sound: b"",
    "a list in place of an object": lambda sound: json.dumps([sound]).encode(),
    "no alerts field": _changed(lambda sound: sound.pop("alerts")),
    "alerts that are not a list": _changed(lambda sound: sound.update(alerts={"0": sound["alerts"][0]})),
    "an alert that is not an object": _changed(lambda sound: sound["alerts"].append("HighLoad")),
    "an alert without labels": _changed(lambda sound: _first(sound).pop("labels")),
    "labels that are not an object": _changed(lambda sound: _first(sound).update(labels=["alertname"])),
    "a label that is not text": _changed(lambda sound: _first(sound)["labels"].update(replicas=3)),
    "annotations that are not an object": _changed(lambda sound: _first(sound).update(annotations=["summary"])),
    "an unknown alert status": _changed(lambda sound: _first(sound).update(status="smouldering")),
    "a second alert that is malformed": _changed(lambda sound: sound["alerts"][1].pop("labels")),
}
"""Each makes the body to post of a sound notification about two alerts."""
