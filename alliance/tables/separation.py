"""The tables of chapter 3."""

import html

from alliance.answers import Answers
from alliance.errors import need
from alliance.format import day, missing, number, percent, shown
from alliance.tables.base import Html, collapsible, matrix, or_why, table, unbroken
from alliance.tables.decline import by_window

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
    return f'<td><{tag} {link}title="{tip}">{unbroken(cell.text)}</{tag}></td>', cell.text


_SCALES = {"EUR": (1e-9, "EUR bn"), "USD": (1e-9, "USD bn"), "fraction": (100, "%")}


@or_why
def reconciliation(a: Answers) -> Html:
    """Each published figure beside the one recomputed, with the difference."""
    frame = need(a.frame("reconciliation"), f"No figure of a deal was public on {a.as_of}")
    scales = [_SCALES.get(unit, (1, unit)) for unit in frame["unit"]]
    frame["unit"] = [unit for _, unit in scales]
    for column in ("computed", "printed"):
        frame[column] *= [scale for scale, _ in scales]
    frame["difference"] = (frame["computed"] - frame["printed"]).round(6) + 0.0
    columns = """
        maker
        figure | item
        computed   | | ,.4g
        printed    | | ,.4g
        difference | | +,.2g
        unit
        note
    """
    return table(frame, "The deals recomputed beside what was printed", columns)


def aims(a: Answers) -> Html:
    """What makers aimed at, beside the last outcome up to that year."""
    frame = a.frame("aims")
    formats = [{"units": ",.0f", "fraction": ".0%"}[unit] for unit in frame["unit"]]
    for column in ("aim", "outcome"):
        pairs = zip(frame[column], formats, strict=True)
        frame[column] = [shown(v, form, "none published") for v, form in pairs]
    frame["of"] = [shown(year, ".0f") for year in frame["of"]]
    columns = """
        maker
        what | item
        aim for | year
        aim
        outcome
        of
    """
    caption = "Aims and the last outcomes; what counts as a battery car differs by maker"
    none = f"No maker's plan of battery cars was public on {a.as_of}"
    return table(frame, caption, columns, none)


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
    columns = """
        company | maker
        figure
        own currency, m | local
        currency
        EUR m | value
        note
        origin
    """
    caption = "Companies as figures (prices a share in units, all else in millions)"
    return collapsible(table(frame, caption, columns))


def all_structures(a: Answers) -> Html:
    """Every structure on every company: cash and who gets it, coverage, control, value."""
    frame = a.frame("grid")
    own = frame["gross"] * frame["per_eur"] / 1e6
    pairs = zip(frame["currency"], own, strict=True)
    frame["own"] = ["" if missing(v) else f"{c} {number(v, 0)}m" for c, v in pairs]
    columns = """
        company                    | maker_name
        structure                  | structure_name
        on                         | day
        unit, EUR m                | unit_value       | m,.0f
        unit over the company      | unit_over_market | .1%
        raised, EUR m              | gross            | m,.0f
        raised, own currency       | own
        to the unit                | to_unit          | m,.0f
        to the parent              | to_parent        | m,.0f
        fees                       |                  | m,.0f
        paid out                   | paid_out         | m,.0f
        left                       |                  | m,.0f
        over the plan              | coverage         | .1%
        with own means             | coverage_own     | .1%
        capital kept               | kept             | .1%
        votes kept                 | votes            | .1%
        blocking minority          | blocking
        rest as the market implies | rest             | m,.0f
        assumed
        not evaluable              | why
    """
    return collapsible(table(frame, "Every structure on every company, EUR m", columns))


def values(a: Answers) -> Html:
    """Value a share low, base and high in the company's own currency, with draws."""
    pair = ["structure", "maker"]
    frame = a.frame("grid").merge(a.frame("uncertainty"), on=pair, how="left")
    for column in ("price", "low", "base", "high"):
        frame[column] *= frame["per_eur"]
    columns = """
        company   | maker_name
        structure | structure_name
        currency
        price | | ,.2f
        low   | | ,.2f
        base  | | ,.2f
        high  | | ,.2f
        break-even of the unit, EUR bn | breakeven | bn,.2f
        a share gains in draws         | p_gain    | .0%
    """
    return collapsible(table(frame, "Value a share by structure and company", columns))


@or_why
def announcements(a: Answers) -> Html:
    """A row for each announcement: abnormal return and t by window, and what else happened."""
    frame = need(a.frame("announcements"), f"No announcement was public on {a.as_of}")
    names = {"announcement": "short", "day": "day", "share": "company"}
    tests = {"p rank, day 0": ("p_rank", 0), "p placebo, days 0 to 1": ("p_placebo", 1)}
    caption = "Abnormal return (and t) of each announcement, with what else happened"
    return collapsible(by_window(frame, caption, names, tests, "not testable"))


@or_why
def terms(a: Answers) -> Html:
    """The terms of the bargain, their values, and who raised them."""
    frame = need(a.frame("bargain_terms"), a.result("bargain.renault_gain_eur").note)
    frame["value"] = [
        number(v / 1e9) if v > 1 else percent(v) if v else "0" for v in frame["value"]
    ]
    columns = """
        term
        value, EUR bn or % | value
        raised in          | raised
    """
    return table(frame, "The terms of the bargain", columns)


@or_why
def points(a: Answers) -> Html:
    """Bargains by name: what is agreed and what each side's outside holders gain."""
    frame = need(a.frame("bargain_points"), a.result("bargain.renault_gain_eur").note)
    frame["terms_of"] = frame["terms_of"].map(str)
    columns = """
        bargain                   | point
        terms of                  | terms_of
        value agreed, EUR bn      | agreed   | bn,.2f
        ticket, EUR bn            | ticket   | bn,.2f
        shares sold, EUR bn       | block    | bn,.2f
        sale discount             | discount | .0%
        Renault's holders, EUR bn | renault  | bn,.2f
        Nissan's holders, EUR bn  | nissan   | bn,.2f
    """
    return table(frame, "Gains of both sides' outside holders", columns)
