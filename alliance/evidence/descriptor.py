"""``datapackage.json`` (Frictionless Data Package v2) and typed reading of its tables."""

from __future__ import annotations

import hashlib
import json
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from alliance.errors import EvidenceError, did_you_mean
from alliance.places import DATA

if TYPE_CHECKING:  # imported where it is used: a build with nothing to do must not pay for it
    import pandas as pd

_PARSERS = {"integer": "Int64", "number": "float64"}
_touched: dict[str, str] = {}


def touched() -> dict[str, str]:
    """Every table that this process has read so far, whoever read it, with its fingerprint."""
    return dict(sorted(_touched.items()))


def folder(data: str | os.PathLike[str] | None) -> Path:
    """The evidence folder: the argument, else ``ALLIANCE_DATA``, else the workbook's own."""
    return Path(data or os.environ.get("ALLIANCE_DATA") or DATA).resolve()


def digest(path: Path) -> str:
    """SHA-256 of a file as the descriptor writes it."""
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def write(root: Path, descriptor: dict) -> None:
    """Write the descriptor of an evidence folder."""
    text = json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n"
    (root / "datapackage.json").write_text(text, encoding="utf-8", newline="\n")


class Package:
    """A folder of tables and its descriptor; an EvidenceError says where one of them is missing or
    does not hold what is described."""

    def __init__(self, root: Path) -> None:
        self.root, self._read = root, {}
        self.kept: dict = {}  # what was made of the tables and outlives an opening of them

    @cached_property
    def descriptor(self) -> dict:
        path = self.root / "datapackage.json"
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise EvidenceError(f"evidence needs a datapackage.json; {path} is missing") from None
        except (ValueError, OSError) as error:
            raise EvidenceError(f"{path} is not valid JSON: {error}") from None

    @cached_property
    def resources(self) -> dict[str, dict]:
        for _, flaw in flaws(self.descriptor):
            raise EvidenceError(f"{self.root / 'datapackage.json'}: {flaw}")
        return {resource["name"]: resource for resource in self.descriptor["resources"]}

    @property
    def overlay(self) -> dict:
        """Of live rows: the last day ``fetched``, the ``sealed`` descriptor's hash, and ``from``,
        ``to``, ``rows``, ``fetched`` of its ``tables``; empty for sealed evidence."""
        return self.descriptor.get("overlay", {})

    def resource(self, name: str) -> dict:
        """The description of one table; an unknown name gets the nearest valid one."""
        try:
            return self.resources[name]
        except KeyError:
            hint = did_you_mean(name, self.resources)
            raise EvidenceError(f"no table '{name}' in the evidence{hint}") from None

    def verify(self) -> None:
        """Refuse tables whose bytes are not those that were sealed."""
        changed = []
        for resource in self.resources.values():
            path = self.root / resource["path"]
            if not path.is_file():
                changed.append(f"{resource['path']} is missing")
            elif digest(path) != resource.get("hash"):
                what = "changed" if "hash" in resource else "no hash"
                changed.append(f"{resource['path']} has {what}")
        if changed:
            own = "" if self.root == DATA else f" --data {self.root}"
            how = (
                f"run 'alliance check{own}' to see what is wrong, and 'alliance check{own} --seal' "
            )
            how += "once it is right"
            raise EvidenceError(f"evidence must be as sealed, but {'; '.join(changed)}: {how}")

    def fingerprint(self, name: str) -> str:
        """SHA-256 over a table's bytes as sealed and all that the descriptor says of it."""
        described = json.dumps(self.resource(name), sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()

    def key(self, name: str) -> list[str]:
        """Columns that tell what a row is about; ``published`` tells corrections of it apart."""
        return [c for c in self.resource(name)["schema"]["primaryKey"] if c != "published"]

    def standing(self, name: str, rows: pd.DataFrame) -> pd.DataFrame:
        """Of rows with one key the last published, in place and with the day of the first.

        That day orders disclosures: a correction of an old figure is not the latest figure.
        """
        key = self.key(name)
        if not rows.duplicated(key).any():
            return rows
        days = rows.groupby(key, sort=False)["published"]
        return rows.loc[days.idxmax()].assign(published=days.min().to_numpy())

    def raw(self, name: str) -> pd.DataFrame:
        """One table as text, in file order; its columns must be those described."""
        import pandas as pd

        resource = self.resource(name)
        path = resource["path"]
        try:
            text = {"dtype": "str", "encoding": "utf-8"}
            frame = pd.read_csv(self.root / path, keep_default_na=False, na_values=[""], **text)
        except FileNotFoundError:
            raise EvidenceError(f"{path} is missing") from None
        except (ValueError, OSError) as error:  # what is no text, and what is no table
            raise EvidenceError(f"{path}: must be CSV in UTF-8; {error}") from None
        wanted = [field["name"] for field in resource["schema"]["fields"]]
        if list(frame.columns) != wanted or not isinstance(frame.index, pd.RangeIndex):
            rule = f"columns must be {', '.join(wanted)}"
            raise EvidenceError(f"{path}: {rule}; received {', '.join(frame.columns)}")
        return frame

    def read(self, name: str) -> pd.DataFrame:
        """One table, typed by its schema, in file order, uncut; a file is read once."""
        if name not in self._read:
            _touched[name] = self.fingerprint(name)
            self._read[name] = self._typed_table(name)
        return self._read[name].copy(deep=False)  # pandas copies on write

    def _typed_table(self, name: str) -> pd.DataFrame:
        schema, path = self.resource(name)["schema"], self.resource(name)["path"]
        frame = self.raw(name)
        for field in schema["fields"]:
            frame[field["name"]] = _typed(frame[field["name"]], field, path)
        key = schema["primaryKey"]
        twice = frame.duplicated(key, keep=False)
        if twice.any():
            row = frame.loc[twice, key].iloc[0].astype(str).to_list()
            raise EvidenceError(f"{path}: {', '.join(key)} must be unique; {row} is there twice")
        return frame

    def read_loosely(self, name: str) -> pd.DataFrame:
        """One table with what can't be typed left empty, and rows without key or day left out.

        For checks of a broken table only.
        """
        import pandas as pd

        frame, schema = self.raw(name), self.resource(name)["schema"]
        for field in schema["fields"]:
            column = field["name"]
            if field["type"] == "date":
                frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d", errors="coerce")
            elif field["type"] in _PARSERS:
                frame[column] = pd.to_numeric(frame[column], errors="coerce")
        days = [f["name"] for f in schema["fields"] if f["type"] == "date" and _required(f)]
        key = schema["primaryKey"]
        return frame.dropna(subset=[*key, *days]).drop_duplicates(key)


def _typed(column: pd.Series, field: dict, path: str) -> pd.Series:
    import pandas as pd

    name, kind = field["name"], field["type"]
    limits = field.get("constraints", {})
    if _required(field) and column.isna().any():
        raise EvidenceError(f"{path}: {name} is required; row {_row(column.isna())} is empty")
    try:
        if kind == "date":
            return pd.to_datetime(column, format="%Y-%m-%d")
        values = column.astype(_PARSERS[kind]) if kind in _PARSERS else column
    except (ValueError, TypeError) as error:
        raise EvidenceError(f"{path}: {name} must be a {kind}; {error}") from None
    if "exclusiveMinimum" in limits:
        low = (values <= limits["exclusiveMinimum"]).fillna(False)
        if low.any():
            rule = f"{name} must be above {limits['exclusiveMinimum']}"
            raise EvidenceError(f"{path}: {rule}; row {_row(low)} has {values[low].iloc[0]}")
    return values


def _required(field: dict) -> bool:
    return field.get("constraints", {}).get("required", False)


def flaws(descriptor: object) -> list[tuple[int | None, str]]:
    """What keeps a descriptor from being read: place of the table (None: the whole), and why."""
    tables = descriptor.get("resources") if isinstance(descriptor, dict) else None
    if not isinstance(tables, list):
        return [(None, "must be an object with a list of resources")]
    found: list[tuple[int | None, str]] = []
    needs = "a name of its own, a path, titled sources, and a schema with key and published"
    seen: set[str] = set()
    for place, table in enumerate(tables):
        try:
            name, schema = table["name"], table["schema"]
            columns = {field["name"] for field in schema["fields"] if field["type"]}
            whole = {*schema["primaryKey"], "published", "published_basis"} <= columns
            whole &= name not in seen and all(source["title"] for source in table["sources"])
            seen.add(table["path"] and name)
        except (KeyError, TypeError):
            whole = False
        if not whole:
            found.append((place, f"table {place + 1} of the list needs {needs}"))
    return found


def _row(mask: pd.Series) -> int:
    """The first marked row as a line number of the file (the header is line 1)."""
    return int(mask.to_numpy().argmax()) + 2
