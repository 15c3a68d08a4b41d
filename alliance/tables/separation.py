"""The tables of chapter 3."""

from __future__ import annotations

import html

import pandas as pd

from alliance.answers import Answers
from alliance.tables.base import Html, folded, show
from alliance.tables.text import framed, unbroken

_ITEMS = (
    "what leaves",
    "announced",
    "in force",
    "ended",
    "outside money",
    "partners",
    "capital kept",
    "votes kept",
    "value",
    "raised",
    "paid out",
    "own accounts",
    "today",
)


def side_by_side(a: Answers) -> Html:
    """The structures side by side; every cell links to its own source."""
    frame = a.frame("deals")
    caption = "What each maker did, as far as public; each cell links to its source"
    if frame.empty:
        return Html("", f"No structure was public on {a.as_of}")
    names = a.context["structure_names"] | {"horse": "Engines (Horse)"}
    forms = [f for f in (*names, *frame["form"].unique()) if f in set(frame["form"])]
    forms = [f for f in dict.fromkeys(forms) if f in names]
    cells = {(r.item, r.form): r for r in frame.itertuples()}
    items = [i for i in _ITEMS if any((i, f) in cells for f in forms)]
    head = "".join(f'<th scope="col">{html.escape(names[f])}</th>' for f in forms)
    rows = ""
    for item in items:
        found = "".join(f"<td>{_sourced(cells.get((item, f)))}</td>" for f in forms)
        rows += f'<tr><th scope="row">{item}</th>{found}</tr>'
    body = framed(caption, f'<th scope="col">item</th>{head}', rows)
    lines = [
        f"{i}: " + "; ".join(f"{names[f]} {cells[i, f].text}" for f in forms if (i, f) in cells)
        for i in items
    ]
    rows = [[i, *(cells[i, f].text if (i, f) in cells else None for f in forms)] for i in items]
    columns = ["item", *(names[f] for f in forms)]
    table = {"caption": caption, "columns": columns, "rows": rows, "formats": [""] * len(columns)}
    return Html(body, "\n".join([caption, *lines]), table=table)


def _sourced(cell) -> str:
    """A cell as a link to the copy that was read, its document in the tip."""
    if cell is None:
        return "–"
    tip = html.escape(f"{cell.issuer}: {cell.title}, {cell.published:%Y-%m-%d}", quote=True)
    text = unbroken(cell.text)
    if not isinstance(cell.read_at, str):
        return f'<span title="{tip}">{text}</span>'
    return (
        f'<a href="{html.escape(cell.read_at, quote=True)}" rel="noopener" title="{tip}">{text}</a>'
    )


_SCALES = {"EUR": (1e-9, "EUR bn"), "USD": (1e-9, "USD bn"), "fraction": (100, "%")}


def happened(a: Answers) -> Html:
    """Each published figure beside the one recomputed, with the difference."""
    frame = a.frame("happened")
    if frame.empty:
        return Html("", f"No figure of a deal was public on {a.as_of}")
    scale = [_SCALES.get(unit, (1, unit)) for unit in frame["unit"]]
    money = {c: frame[c] * [k for k, _ in scale] for c in ("computed", "printed")}
    gap = (money["computed"] - money["printed"]).round(6) + 0.0
    table = pd.DataFrame(
        {
            "maker": frame["maker"],
            "figure": frame["item"],
            **money,
            "difference": gap,
            "unit": [unit for _, unit in scale],
            "note": frame["note"],
        }
    )
    formats = {"computed": ",.4g", "printed": ",.4g", "difference": "+,.2g"}
    return show(table, "The deals recomputed beside what was printed", formats)


def aims(a: Answers) -> Html:
    """What makers aimed at, beside the last outcome up to that year."""
    frame = a.frame("aims")
    if frame.empty:
        return Html("", f"No maker's plan of battery cars was public on {a.as_of}")
    form = {"units": "{:,.0f}", "fraction": "{:.0%}"}
    table = pd.DataFrame(
        {
            "maker": frame["maker"],
            "what": frame["item"],
            "aim for": frame["year"],
            "aim": [form[u].format(v) for u, v in zip(frame["unit"], frame["aim"], strict=True)],
            "outcome": [
                "none published" if pd.isna(v) else form[u].format(v)
                for u, v in zip(frame["unit"], frame["outcome"], strict=True)
            ],
            "of": ["" if pd.isna(y) else f"{y:.0f}" for y in frame["of"]],
        }
    )
    return show(table, "Aims and the last outcomes; what counts as a battery car differs by maker")


def figures(a: Answers) -> Html:
    """The companies as figures, in their own currency and in euros, with what is assumed."""
    frame = a.frame("figures")
    if frame.empty:
        return Html("", f"No company's figures were public on {a.as_of}")
    small = frame["figure"].isin(["price a share"])
    scale = small.map({True: 1.0, False: 1e-6})
    digits = small.map({True: ",.2f", False: ",.0f"})
    values = {
        name: [format(v * k, d) for v, k, d in zip(frame[name], scale, digits, strict=True)]
        for name in ("local", "value")
    }
    table = pd.DataFrame(
        {
            "company": frame["maker"],
            "figure": frame["figure"].str.replace("_", " "),
            "own currency, m": values["local"],
            "currency": frame["currency"].where(frame["figure"] != "shares", "shares"),
            "EUR m": values["value"],
            "note": frame["note"],
            "origin": frame["origin"],
        }
    )
    table.loc[table["figure"] == "shares", "EUR m"] = ""
    caption = "Companies as figures (prices a share in units, all else in millions)"
    return folded(show(table, caption))


def transplant(a: Answers) -> Html:
    """Every structure on every company: cash and who gets it, coverage, control, value."""
    frame = a.frame("transplant")
    table = pd.DataFrame(
        {
            "company": frame["maker_name"],
            "structure": frame["structure_name"],
            "on": frame["day"],
            "unit, EUR m": frame["unit_value"] / 1e6,
            "unit over the company": frame["unit_over_market"],
            "raised, EUR m": frame["gross"] / 1e6,
            "raised, own currency": [
                f"{c} {g * fx / 1e6:,.0f}m" if pd.notna(g) else ""
                for c, g, fx in zip(
                    frame["currency"], frame["gross"], frame["per_eur"], strict=True
                )
            ],
            "to the unit": frame["to_unit"] / 1e6,
            "to the parent": frame["to_parent"] / 1e6,
            "fees": frame["fees"] / 1e6,
            "paid out": frame["paid_out"] / 1e6,
            "left": frame["left"] / 1e6,
            "over the plan": frame["coverage"],
            "with own means": frame["coverage_own"],
            "capital kept": frame["kept"],
            "votes kept": frame["votes"],
            "blocking minority": frame["blocking"],
            "rest as the market implies": frame["rest"] / 1e6,
            "assumed": frame["assumed"],
            "not evaluable": frame["why"],
        }
    )
    money = ["unit, EUR m", "raised, EUR m", "to the unit", "to the parent", "fees", "paid out"]
    formats = dict.fromkeys([*money, "left", "rest as the market implies"], ",.0f")
    parts = ["unit over the company", "over the plan", "with own means"]
    parts += ["capital kept", "votes kept"]
    formats |= dict.fromkeys(parts, ".1%")
    return folded(show(table, "Every structure on every company, EUR m", formats))


def values(a: Answers) -> Html:
    """Value a share low, base and high in the company's own currency, with draws."""
    frame = a.frame("transplant").merge(
        a.frame("uncertainty"), on=["structure", "maker"], how="left"
    )
    fx = frame["per_eur"]
    table = pd.DataFrame(
        {
            "company": frame["maker_name"],
            "structure": frame["structure_name"],
            "currency": frame["currency"],
            "price": frame["price"] * fx,
            "low": frame["low"] * fx,
            "base": frame["base"] * fx,
            "high": frame["high"] * fx,
            "break-even of the unit, EUR bn": frame["breakeven"] / 1e9,
            "a share gains in draws": frame["p_gain"],
        }
    )
    formats = dict.fromkeys(("price", "low", "base", "high"), ",.2f")
    formats |= {"break-even of the unit, EUR bn": ",.2f", "a share gains in draws": ".0%"}
    return folded(show(table, "Value a share by structure and company", formats))


def verdict(a: Answers) -> Html:
    """A row for each announcement: abnormal return and t by window, and what else happened."""
    frame = a.frame("verdict")
    if frame.empty:
        return Html("", f"No announcement was public on {a.as_of}")
    rows = []
    for _, group in frame.groupby("event", sort=False):
        first = group.iloc[0]
        row = {"announcement": first["short"], "day": first["day"], "share": first["company"]}
        for e in group.itertuples():
            known = f"{e.car:+.1%} ({e.t:+.1f})" if pd.notna(e.car) else "not testable"
            row[f"days {e.window[0]} to {e.window[1]}"] = known.replace("-", "−")
        row["p rank, day 0"] = group["p_rank"].iloc[0]
        row["p placebo, days 0 to 1"] = group["p_placebo"].iloc[1]
        row["what else moved prices"] = first["confounders"]
        rows.append(row)
    table = pd.DataFrame(rows)
    formats = {name: ".3f" for name in table if name.startswith("p ")}
    caption = "Abnormal return (and t) of each announcement, with what else happened"
    return folded(show(table, caption, formats))


def terms(a: Answers) -> Html:
    """The terms of the bargain, their values, and who raised them."""
    frame = a.frame("bargain_terms")
    if frame.empty:
        return Html("", a.result("bargain.renault_gain_eur").note)
    shown = [
        f"{v / 1e9:,.2f}" if v > 1 else f"{100 * v:.0f} %" if v else "0" for v in frame["value"]
    ]
    table = pd.DataFrame(
        {"term": frame["term"], "value, EUR bn or %": shown, "raised in": frame["raised"]}
    )
    return show(table, "The terms of the bargain")


def points(a: Answers) -> Html:
    """Bargains by name: what is agreed and what each side's outside holders gain."""
    frame = a.frame("bargain_points")
    if frame.empty:
        return Html("", a.result("bargain.renault_gain_eur").note)
    table = pd.DataFrame(
        {
            "bargain": frame["point"],
            "terms of": frame["terms_of"].map(str),
            "value agreed, EUR bn": frame["agreed"] / 1e9,
            "ticket, EUR bn": frame["ticket"] / 1e9,
            "shares sold, EUR bn": frame["block"] / 1e9,
            "sale discount": frame["discount"],
            "Renault's holders, EUR bn": frame["renault"] / 1e9,
            "Nissan's holders, EUR bn": frame["nissan"] / 1e9,
        }
    )
    formats = {n: ",.2f" for n in table if n.endswith("EUR bn")} | {"sale discount": ".0%"}
    return show(table, "Gains of both sides' outside holders", formats)
