"""Scenario files, ``--set`` and tokens.

Text comes in by one door: every scalar of a file or of ``--set`` is text until the schema types
it. A file and a token hold only what differs from the default.
"""

import base64
import binascii
import json
import re
import zlib
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from alliance import places
from alliance.errors import ScenarioError, did_you_mean
from alliance.scenario.schema import GROUPS, Scenario, apart, changes, fields, flat, listed, nested
from alliance.scenario.sweeps import FREE_TEXT

#: Where named scenarios lie.
FOLDER = places.SCENARIOS

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
#: Devices that Windows takes these names for, in every folder.
RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
_TOKEN = "a1."


class _Loader(yaml.BaseLoader):
    """All scalars as text; a key twice, an anchor or an alias is refused."""

    def compose_node(self, parent, index):
        event = self.peek_event()
        if getattr(event, "anchor", None) is not None:
            line = f"line {event.start_mark.line + 1}: anchors and aliases are not allowed"
            raise ScenarioError(f"{line}, received '{event.anchor}'")
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        seen: set[str] = set()
        for key, _ in node.value:
            line = f"line {key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise ScenarioError(f"{line}: a name must be plain text, received a {key.id}")
            if key.value in seen:
                raise ScenarioError(f"{line}: '{key.value}' must be given once, is given twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def names() -> list[str]:
    """Names of the scenarios in ``notebooks/scenarios/``."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.is_file())


def load(source: str | Path) -> tuple[str, Scenario]:
    """A scenario and its name, from the name of one in ``notebooks/scenarios/`` or a path; a
    ScenarioError if there is none, its name can't be a folder's, or a value is wrong."""
    path, what = Path(source), "file of a scenario"
    if not path.suffix and path.name == str(source):
        path, what = FOLDER / f"{source}.yaml", "scenario"
    if not path.is_file():
        raise ScenarioError(f"no {what} '{source}'{did_you_mean(path.stem, names())}")
    check_name(path.stem)
    try:
        return path.stem, parse(path.read_text(encoding="utf-8"))
    except ScenarioError as error:
        raise ScenarioError(f"{path.name}: {error}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path.name}: must be UTF-8 text; {error}") from None


def check_name(name: str) -> str:
    """The name itself if it can be a folder's."""
    if not NAME.fullmatch(name):
        rule = "a scenario's name has lower-case letters, digits and hyphens, at most 48"
        raise ScenarioError(f"{rule}, received '{name}'")
    if name in RESERVED:
        raise ScenarioError(f"a scenario's name must not be a device of Windows, received '{name}'")
    return name


def parse(text: str) -> Scenario:
    """A scenario from YAML text."""
    try:
        values = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ScenarioError(f"not valid YAML: {error}") from None
    except RecursionError:
        raise ScenarioError("not valid YAML: nested too deeply") from None
    if values in (None, ""):
        return Scenario()
    if not isinstance(values, dict):
        raise ScenarioError(f"must be names and values, received {values!r}")
    for name in GROUPS:
        if values.get(name, {}) in (None, ""):  # all of its lines are commented out
            del values[name]
        elif not isinstance(values.get(name, {}), dict):
            raise ScenarioError(f"{name}: must be a group of fields, received {values[name]!r}")
    return Scenario.of(values, text=True)


def dump(scenario: Scenario) -> str:
    """YAML of what differs from the default."""
    values = changes(scenario)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True) if values else "{}\n"


def apply(scenario: Scenario, settings: list[str]) -> Scenario:
    """A scenario with ``field=value`` settings applied, each value as text; a ScenarioError for an
    unknown field (with the nearest), a sweep, or a wrong value.

    >>> apply(Scenario(), ["decline.peers=[toyota, honda, mitsubishi-motors]"]).decline.peers[2]
    'mitsubishi-motors'
    """
    changes: dict[str, Any] = {}
    known = fields(type(scenario))
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        if not equals:
            raise ScenarioError(f"--set takes 'field=value', received '{setting}'")
        if name not in known:
            raise ScenarioError(f"--set: unknown field '{name}'{did_you_mean(name, known)}")
        free = name in FREE_TEXT  # taken whole, as written
        changes[name] = text if free else _value(text.strip(), name, known[name])
    return type(scenario).of(as_text(nested(flat(scenario) | changes)), text=True)


def settings(scenario: Scenario, base: Scenario | None = None) -> list[str]:
    """The settings that make a scenario of another: :func:`apply` takes them back.

    >>> settings(Scenario().replace({"decline": {"peers": ["toyota"]}}))
    ['decline.peers=[toyota]']
    """
    out = []
    for name, (_, value) in apart(base or type(scenario)(), scenario).items():
        listed = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else value
        out.append(f"{name}={'' if value is None else listed}")
    return out


def _value(text: str, name: str, info: FieldInfo) -> Any:
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1].strip()
        return [part.strip() for part in inner.split(",")] if inner else []
    if listed(info):
        raise ScenarioError(f"{name}: a list is written in brackets, received '{text}'")
    if "," in text and info.annotation is not str:
        raise ScenarioError(f"{name}: takes one value, received '{text}'")
    return text


def as_text(value: Any) -> Any:
    """Nested values with every scalar as text; None stays."""
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return value if value is None else str(value)


def to_token(scenario: Scenario) -> str:
    """A scenario as short URL-safe text with a checksum."""
    raw = json.dumps(changes(scenario), separators=(",", ":"), sort_keys=True).encode()
    packed = zlib.compress(raw, 9)
    return _TOKEN + _body(_checksum(packed) + packed)


def _body(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def _checksum(raw: bytes) -> bytes:
    return zlib.crc32(raw).to_bytes(4, "big")


def from_token(token: str) -> Scenario:
    """The scenario of a token; a ScenarioError if it is cut, changed, or from another version."""
    text = token.strip()
    if not text.startswith(_TOKEN):
        raise ScenarioError(f"a token starts with '{_TOKEN}', received '{text[:12]}'")
    body = text[len(_TOKEN) :]
    try:
        sealed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj()
        sum_, packed = sealed[:4], sealed[4:]
        raw = inflate.decompress(packed, 1_000_000)
        whole = inflate.eof and not inflate.unused_data and _body(sealed) == body
        # until 0.3.0 the checksum was of the text, which leaves the last bits of the packing open
        earlier = sum_ == _checksum(raw) and packed == zlib.compress(raw, 9)
        if not whole or not (sum_ == _checksum(packed) or earlier):
            raise ValueError("checksum")
        values = json.loads(raw)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise ScenarioError("a token must be whole: this one is cut or changed") from None
    return Scenario.of(values)
