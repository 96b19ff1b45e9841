"""Settings from environment variables, and credentials that can be exchanged while the program runs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_hidden: dict[str, str] = {}


def hide(value: str, name: str) -> None:
    """From now on `redacted` replaces the credential by its name."""
    _hidden[value] = name


def redacted(text: str) -> str:
    """The text with every credential read so far replaced by its name, so that it may be shown and stored."""
    for value, name in _hidden.items():
        text = text.replace(value, f"«{name}»")
    return text


class SettingsError(Exception):
    """The program cannot start; the message is one line that says which settings are missing or wrong."""


class Secret:
    """A credential. One in a file is read again when the file changes: rotation needs no restart."""

    def __init__(self, name: str, value: str = "", file: Path | None = None) -> None:
        self._name = name
        self._file = file
        self._version: tuple[int, ...] | None = None
        self._value = ""
        self._keep(value)

    def __repr__(self) -> str:
        return f"«{self._name}»"

    def reveal(self) -> str:
        """The credential that is in force now."""
        if self._file is not None:
            with suppress(OSError, ValueError):  # being replaced: the last value serves until the next is there
                status = self._file.stat()
                version = (status.st_mtime_ns, status.st_ino, status.st_size)
                if version != self._version:
                    self._keep(self._file.read_text(encoding="utf-8"))
                    self._version = version
        return self._value

    def reload(self) -> str:
        """The credential, read again even if its file looks unchanged: for use after it was refused."""
        self._version = None
        return self.reveal()

    def _keep(self, value: str) -> None:
        self._value = value.strip() or self._value
        if self._value:
            hide(self._value, self._name)


class Environment:
    """Reads settings by name and collects what is wrong with them, so that one message names everything.

    Every setting may also come from a file: `<NAME>_FILE` names it.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._problems: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """A setting; required when it has no default."""
        value = self._variables.get(name, "").strip()
        if file := self._variables.get(f"{name}_FILE"):
            value = self._read(name, Path(file))
        if value:
            return value
        if default is None:
            self._problems.append(f"{name} (or {name}_FILE) is not set")
        return default or ""

    def seconds(self, name: str, default: float) -> float:
        """A setting that is a number of seconds above zero."""
        text = self.text(name, str(default))
        with suppress(ValueError):
            if 0 < (seconds := float(text)) < float("inf"):
                return seconds
        self._problems.append(f"{name} must be a number of seconds above zero, not {text!r}")
        return default

    def count(self, name: str, default: int) -> int:
        """A setting that is a whole number above zero."""
        text = self.text(name, str(default))
        if text.isdecimal() and int(text) > 0:
            return int(text)
        self._problems.append(f"{name} must be a whole number above zero, not {text!r}")
        return default

    def choice(self, name: str, *options: str) -> str:
        """A setting that is one of these words, by default the first."""
        text = self.text(name, options[0]).lower()
        if text in options:
            return text
        self._problems.append(f"{name} must be {' or '.join(options)}, not {text!r}")
        return options[0]

    def flag(self, name: str, default: bool) -> bool:
        """A setting that is true or false."""
        return self.choice(name, *(("true", "false") if default else ("false", "true"))) == "true"

    def require(self, condition: object, sentence: str) -> None:
        """Settings have to fit together; the sentence says what does not."""
        if not condition:
            self._problems.append(sentence)

    def secret(self, name: str) -> Secret:
        """A required credential."""
        self.text(name)
        file = self._variables.get(f"{name}_FILE")
        return Secret(name, self._variables.get(name, ""), Path(file) if file else None)

    def optional_secret(self, name: str) -> Secret | None:
        """A credential without which the program does less."""
        return self.secret(name) if self.text(name, "") else None

    def check(self) -> None:
        """Raises SettingsError when a setting was missing or wrong."""
        if self._problems:
            raise SettingsError("; ".join(dict.fromkeys(self._problems)))

    def _read(self, name: str, file: Path) -> str:
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            self._problems.append(f"{name}_FILE names a file that cannot be read: {error}")
            return "unreadable"
