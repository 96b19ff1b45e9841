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
        self._search = _Search({})

    def add(self, secret: str, name: str) -> None:
        """Makes the secret known. Raises ValueError when it is so short that it would be found everywhere."""
        if len(secret) < SHORTEST:
            raise ValueError(
                f"The secret {name!r} has {len(secret)} characters: it needs at least {SHORTEST}, "
                "or ordinary text would be blotted out."
            )
        self._forms = self._forms | {text: (name, form) for text, form in written(secret).items()}

    @property
    def names(self) -> set[str]:
        """The names of all of them."""
        return {name for name, _ in self._forms.values()}

    def redact(self, text: Text) -> Text:
        """The text with every secret replaced by «its name»."""
        if isinstance(text, str):
            data = text.encode(errors="surrogatepass")
            redacted = self.redact(data)
            return text if redacted == data else redacted.decode(errors="surrogatepass")
        return self._latest().redact(text)

    def find(self, text: str | bytes) -> list[Found]:
        """Every secret in the text, in order."""
        data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        return self._latest().find(data)

    def _latest(self) -> _Search:
        """The search for all of them; many are made known at once, and few of those moments are searched in."""
        if self._search.forms is not self._forms:
            self._search = _Search(self._forms)
        return self._search


class _Search:
    """One pass over a text for all forms of all secrets, which takes as long for a thousand forms as for one."""

    def __init__(self, forms: dict[str, tuple[str, str]]) -> None:
        self.forms = forms
        longest_first = sorted(forms, key=len, reverse=True)  # a secret may begin with another one
        alternatives = b"|".join(re2.escape(form.encode()) for form in longest_first)
        self._pattern: re.Pattern[bytes] | None = re2.compile(alternatives, _BYTES) if forms else None

    def redact(self, data: bytes) -> bytes:
        return self._pattern.sub(self._name_of, data) if self._pattern else data

    def find(self, data: bytes) -> list[Found]:
        matches = self._pattern.finditer(data) if self._pattern else ()
        return [Found(*self.forms[match.group().decode()], match.start()) for match in matches]

    def _name_of(self, match: re.Match[bytes]) -> bytes:
        return f"«{self.forms[match.group().decode()][0]}»".encode()


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
