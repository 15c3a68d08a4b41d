"""Documents behind rows of the evidence."""

import pandas as pd

COLUMNS = ["issuer", "title", "page", "read_at"]


def cited(rows: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Rows beside what the list of documents says of the one that each names."""
    columns = [c for c in (*COLUMNS, "published") if c not in rows]
    return rows.join(listed.set_index("document")[columns], on="document")


def behind(
    read: dict[str, pd.DataFrame], resources: dict, listed: pd.DataFrame, until: str
) -> pd.DataFrame:
    """Documents behind the rows read of each table, one a row; until a day, if a table's
    descriptor names them and not its rows."""
    told, named = [], [pd.DataFrame(columns=["document", "confidence", "published", "table"])]
    for name, frame in read.items():
        if "document" in frame and len(frame):
            named.append(frame[["document", "confidence", "published"]].assign(table=name))
            continue
        row = {"published": frame["published"].max(), "confidence": "", "table": name}
        if frame.empty:
            told.append(row | {"title": f"nothing public by {until}"})
            continue
        row["confidence"] = resources[name].get("confidence", "high")
        for s in resources[name]["sources"]:
            if s.get("from", until) <= until:
                issuer, path = s.get("issuer") or s.get("vendor"), s.get("path")
                told.append(row | {"issuer": issuer, "title": s["title"], "read_at": path})
    rows = pd.concat(named)
    rows["origin"] = rows["confidence"].eq("derived").map({True: "derived", False: "sourced"})
    counts = rows.groupby(["table", "document", "origin"])
    out = counts.agg(confidence=("confidence", "first"), known=("published", "max"))
    out = cited(out.reset_index(), listed)
    first = (
        " (for what was first printed by "
        + pd.to_datetime(out["known"]).dt.strftime("%Y-%m-%d")
        + ")"
    )
    out["title"] = out["title"].mask(out["published"] > until, out["title"] + first)
    out = out.drop(columns="known").join(listed.set_index("document")["original"], on="document")
    others = pd.DataFrame(told, columns=[*COLUMNS, "published", "confidence", "table"])
    out = pd.concat([others.assign(origin="sourced"), out])
    return out.sort_values("table", kind="stable", ignore_index=True)
