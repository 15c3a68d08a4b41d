"""The tables of chapter 3."""

import html

from alliance.answers import Answers
from alliance.errors import need
from alliance.format import day, number, percent, shown
from alliance.tables.base import COLUMNS, Html, collapsible, matrix, or_chart, or_why, table
from alliance.tables.models import DEALS

#: The terms of the bargain in the order of their table, as the model names them.
_TERMS = "ticket independence bought discount benefit ip votes control signal relief"
_ITEMS = (
    "what leaves, announced, in force, ended, outside money, partners, capital kept, votes kept, "
    "value, raised, paid out, own accounts, today"
)


@or_why
def side_by_side(a: Answers) -> Html:
    """The structures side by side; every cell links to its own source."""
    frame = need(a.frame("deals"), f"No structure was public on {a.as_of}")
    names = a.context["structure_names"] | {"horse": "Engines (Horse)"}
    tried = [form for form in names if form in set(frame["form"])]
    cells = {(r.item, r.form): r for r in frame.itertuples()}
    items = [i for i in _ITEMS.split(", ") if any((i, f) in cells for f in tried)]
    rows = {i: [_sourced(cells.get((i, f))) for f in tried] for i in items}
    lines = []
    for i in items:
        known = (f"{names[f]} {cells[i, f].text}" for f in tried if (i, f) in cells)
        lines.append(f"{i}: {'; '.join(known)}")
    caption = "What each maker did, as far as public; each cell links to its source"
    return matrix(caption, "item", [names[f] for f in tried], rows, lines)


def _sourced(cell) -> tuple[str, str | None]:
    """A cell as a link to the copy that was read, its document in the tip; and its text."""
    if cell is None:
        return "<td>–</td>", None
    tip = html.escape(f"{cell.issuer}: {cell.title}, {day(cell.published)}", quote=True)
    tag, link = "span", ""
    if isinstance(cell.read_at, str):
        tag, link = "a", f'href="{html.escape(cell.read_at, quote=True)}" rel="noopener" '
    return f'<td><{tag} {link}title="{tip}">{html.escape(cell.text)}</{tag}></td>', cell.text


_SCALES = {"EUR": (1e-9, "EUR bn"), "USD": (1e-9, "USD bn"), "fraction": (100, "%")}


@or_why
def reconciliation(a: Answers) -> Html:
    """Each published figure beside the one recomputed, with the difference."""
    frame = need(a.frame("reconciliation"), f"No figure of a deal was public on {a.as_of}")
    scales = [_SCALES.get(unit, (1, unit)) for unit in frame["unit"]]
    frame["live_own_computed"], frame["of"] = frame["item"].map(DEALS), frame["unit"]
    for column in ("computed", "printed"):
        frame[f"own_{column}"] = frame[column]
    frame["gap"] = frame["computed"] - frame["printed"]
    frame["unit"] = [unit for _, unit in scales]
    for column in ("computed", "printed"):
        frame[column] *= [scale for scale, _ in scales]
    frame["difference"] = (frame["computed"] - frame["printed"]).round(6) + 0.0
    return table(frame, "The deals recomputed beside what was printed", "reconciliation")


def aims(a: Answers) -> Html:
    """What makers aimed at, beside the last outcome up to that year."""
    frame = a.frame("aims")
    formats = [{"units": ",.0f", "fraction": ".0%"}[unit] for unit in frame["unit"]]
    for column in ("aim", "outcome"):
        pairs = zip(frame[column], formats, strict=True)
        frame[column] = [shown(v, form, "none published") for v, form in pairs]
    frame["of"] = [shown(year, ".0f") for year in frame["of"]]
    caption = "Aims and the last outcomes: cars sold, which is not what every aim counts"
    none = f"No maker's plan of battery cars was public on {a.as_of}"
    return table(frame, caption, "aims", none)


@or_why
def figures(a: Answers) -> Html:
    """The companies as figures, in their own currency and in euros, with what is assumed."""
    frame = need(a.frame("figures"), f"No company's figures were public on {a.as_of}")
    price, shares = frame["figure"] == "price a share", frame["figure"] == "shares"
    for column in ("local", "value"):
        pairs = zip(frame[column], price, strict=True)
        frame[column] = [number(v, 2) if one else number(v / 1e6, 0) for v, one in pairs]
    frame.loc[shares, ["currency", "value"]] = ["shares", ""]
    frame["figure"] = frame["figure"].str.replace("_", " ")
    caption = "Companies as figures (prices a share in units, all else in millions)"
    return collapsible(table(frame, caption, "figures"))


@or_chart
def terms(a: Answers) -> Html:
    """The terms of the bargain, their values, and who raised them."""
    frame = need(a.frame("bargain_terms"), a.result("bargain.renault_gain_eur").note)
    frame["own"] = frame["value"]
    frame["live_own"] = [f"bargain_{name}" for name in _TERMS.split()]
    values = frame["value"]
    frame["value"] = [number(v / 1e9) if v > 1 else percent(v) if v else "0" for v in values]
    return table(frame, "The terms of the bargain", "terms")


@or_chart
def points(a: Answers) -> Html:
    """Bargains by name: what is agreed and what each side's outside holders gain."""
    frame = need(a.frame("bargain_points"), a.result("bargain.renault_gain_eur").note)
    t, now = vars(a.context["stakes"]) | {"belief": a.context["belief"]}, frame["terms_of"].map(str)
    frame["terms_of"] = now
    for name, value in t.items():
        same = (now == a.as_of) & (frame[name] == value)
        frame[f"live_{name}"] = [f"bargain_{name}" if one else None for one in same]
    agreed = {"equal split": "bargain_split"}
    frame["live_agreed"] = [
        agreed.get(r.point, "bargain_agreed") if r.terms_of == a.as_of else None
        for r in frame.itertuples()
    ]
    over = 'IF({agreed}="",0,{ticket}*(1-{belief}/{agreed}))'
    worth = "-{ip}+{benefit}+{independence}+{votes}+{bought}*{discount}*{block}"
    cost = "({relief}-{discount}-(1-{bought})*{fee})*{block}"
    issuer, holder = f"(-{over}{worth})", f"({over}+{{signal}}-{{control}}+{cost})"
    frame["live_renault"] = f"(1-{{back}})*({holder}+{{holding}}*{issuer})/(1-{{holding}}*{{back}})"
    frame["live_nissan"] = f"(1-{{holding}})*({issuer}+{{back}}*{holder})/(1-{{holding}}*{{back}})"
    rest = (name for name in t if name not in ("ticket", "block", "discount"))
    columns = [COLUMNS["points"], *(f"+ {name} | {name} | ,.6g | @" for name in rest)]
    return table(frame, "Gains of both sides' outside holders", "\n".join(columns))
