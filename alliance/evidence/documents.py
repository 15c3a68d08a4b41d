"""Documents behind rows of the evidence."""

import pandas as pd

COLUMNS = ["issuer", "title", "page", "read_at"]


def cited(rows: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Rows beside what the list of documents says of the one that each names."""
    columns = [c for c in (*COLUMNS, "published") if c not in rows]
    return rows.join(listed.set_index("document")[columns], on="document")


def behind(resource: dict, frame: pd.DataFrame, listed: pd.DataFrame, until: str) -> pd.DataFrame:
    """Documents behind some rows of a table, one a row; until a day, if the table names them."""
    name = resource["name"]
    if frame.empty:
        none = pd.DataFrame([{"title": f"nothing public by {until}"}], columns=COLUMNS)
        return none.assign(published=pd.NaT, confidence="", table=name, origin="sourced")
    if "document" not in frame:
        told = [s for s in resource["sources"] if s.get("from", until) <= until]
        rows = [(s.get("issuer") or s.get("vendor"), s["title"], None, s.get("path")) for s in told]
        out = pd.DataFrame(rows, columns=COLUMNS)
        out["published"] = frame["published"].max()
        out["confidence"] = resource.get("confidence", "high")
        return out.assign(table=name, origin="sourced")
    origin = frame["confidence"].eq("derived").map({True: "derived", False: "sourced"})
    counts = frame.assign(origin=origin).groupby(["document", "origin"])
    out = counts.agg(confidence=("confidence", "first"), known=("published", "max"))
    out = cited(out.reset_index(), listed).assign(table=name)
    first = " (for what was first printed by " + out["known"].dt.strftime("%Y-%m-%d") + ")"
    out["title"] = out["title"].mask(out["published"] > until, out["title"] + first)
    return out.drop(columns="known").join(listed.set_index("document")["original"], on="document")
