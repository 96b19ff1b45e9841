"""Planted credentials: found, and blotted out, wherever and however they are written."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, quote_plus

import re2

SHORTEST = 8
"""A shorter secret would blot out ordinary text."""

Text = TypeVar("Text", str, bytes)


@dataclass(frozen=True, slots=True)
class Found:
    """A credential that stands in a text."""

    name: str
    form: str
    """How it is written there, in a few words."""
    at: int
    """Offset of its first byte, the text being UTF-8."""


class Planted:
    """Every credential that the world has given out, by name; several may share one, as a key and the next do."""

    def __init__(self) -> None:
        self._forms: dict[str, tuple[str, str]] = {}
        self._pattern: re.Pattern[str] | None = None
        self._search: re.Pattern[bytes] | None = None

    def add(self, secret: str, name: str) -> None:
        """Makes the secret known. Raises ValueError when it is so short that it would be found everywhere."""
        if len(secret) < SHORTEST:
            raise ValueError(
                f"The secret {name!r} has {len(secret)} characters: it needs at least {SHORTEST}, "
                "or ordinary text would be blotted out."
            )
        forms = self._forms | {text: (name, form) for text, form in written(secret).items()}
        longest_first = sorted(forms, key=len, reverse=True)  # a secret may begin with another one
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        self._search = re2.compile(b"|".join(re2.escape(form.encode()) for form in longest_first), _BYTES)
        self._forms = forms

    @property
    def names(self) -> set[str]:
        """The names of all of them."""
        return {name for name, _ in self._forms.values()}

    def redact(self, text: Text) -> Text:
        """The text with every secret replaced by «its name»."""
        if isinstance(text, bytes):
            return self.redact(text.decode(errors="surrogateescape")).encode(errors="surrogateescape")
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: f"«{self._forms[match.group()][0]}»", text)

    def find(self, text: str | bytes) -> list[Found]:
        """Every secret in the text, in order."""
        if self._search is None:
            return []
        data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        return [Found(*self._forms[match.group().decode()], match.start()) for match in self._search.finditer(data)]


_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_BYTES.max_mem = 1 << 28
"""Enough for some hundred secrets; with less, the search is slower and says so."""


def written(secret: str) -> dict[str, str]:
    """The ways in which a secret is written, each with its name in words; several may look alike."""
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    in_json |= {form.replace("/", "\\/") for form in in_json}
    in_base64 = set(_base64(secret.encode()))
    digits = secret.encode().hex()
    forms = {secret: "as it is"}
    forms |= {form: "escaped for JSON" for form in in_json if form not in forms}
    forms |= {form: "in base64" for form in in_base64 if form not in forms}
    forms |= {digits: "in hexadecimal", digits.upper(): "in hexadecimal"}
    for form in {secret, *in_json, *in_base64}:
        for escaped in (quote(form), quote(form, safe=""), quote_plus(form)):
            for one in (escaped, re.sub("%..", lambda match: match.group().lower(), escaped)):
                forms.setdefault(one, "escaped for a URL")
    return forms


def _base64(secret: bytes) -> Iterator[str]:
    """The base64 characters that a secret alone decides, wherever it begins in what is encoded (RFC 4648)."""
    for before in range(3):
        first, last = math.ceil(before * 8 / 6), (before + len(secret)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + secret).decode()[first:last]
