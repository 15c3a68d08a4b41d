"""What tests of pictures share: the scenarios to look at, and whether texts keep apart."""

from __future__ import annotations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from alliance import scenario

STANDINGS = [*scenario.names(), "early", "rise", "corner", "odd sale", "met", "no volatility"]
STANDINGS += ["no budget", "all", "rates", "dear unit", "costly", "one company", "wide float"]
OTHER = {
    "dear unit": {
        "as_of": "2024-02-10",
        "separation": {
            "company": "volkswagen",
            "structure": "profitable_unit",
            "profitable_value_eur": 2e11,
            "float_fraction": 0.49,
            "paid_out": 1,
            "voting_premium": 0.2,
            "ticket_eur": 0,
        },
    },
    "costly": {
        "separation": {
            "ev_value_eur": 3e9,
            "oneoff_cost_eur": 5e8,
            "running_cost_eur": 1e8,
            "offer_discount": 0.15,
            "ip_cost_eur": 2e9,
            "sale_discount": 0.1,
            "conglomerate_discount": 0,
        }
    },
    "wide float": {"separation": {"float_fraction": 0.30}},  # rules the low value out
    "one company": {
        "as_of": "2022-04-01",
        "separation": {
            "companies": ["gm"],
            "company": "gm",
            "structures": ["segments", "integrated"],
            "structure": "integrated",
        },
    },
    "no budget": {"selldown": {"programme": "buyback", "buyback_budget_jpy": 0, "paths": 64}},
    "all": {"selldown": {"target_stake": 0, "programme": "windows", "paths": 64}},
    "rates": {"selldown": {"rate_jpy": 0.05, "dividend_yield": 0.05, "fx_drift": 0.03}},
    "odd sale": {
        "as_of": "2024-03-28",
        "selldown": {
            "programme": "windows",
            "rest": "market",
            "floor_jpy": 500,
            "price_points": [0.9, 1.0, 1.4],
            "market": "history",
            "horizon_years": 1.2,
            "discount_rate": 0.03,
            "rate_jpy": 0.001,
            "dividend_yield": 0.04,
            "paths": 1000,
        },
    },
    # the target is met already; one path; a day
    "met": {
        "as_of": "2025-08-01",
        "selldown": {"target_stake": 0.42, "paths": 1, "horizon_years": 0.003},
    },
    "no volatility": {"selldown": {"volatility": 0, "fx_volatility": 0, "paths": 64}},
    # before most evidence
    "early": {"as_of": "2018-03-01", "decline": {"currency": "EUR"}},
    # from the bottom of 2020: titles must not say that it fell
    "rise": {"decline": {"since": "2020-04-03"}},
    "corner": {
        "as_of": "2026-08-21",
        "decline": {
            "since": "2026-06-26",
            "peers": ["mitsubishi-motors"],
            "beta_window_days": 480,
            "estimation_days": 20,
            "event_window_days": 21,
        },
    },
}


def scenario_of(name):
    """A shipped scenario, or one of those above."""
    if name in OTHER:
        return scenario.Scenario().replace(OTHER[name])
    return scenario.load(name)[1]


def tick_texts(fig):
    """Labels of ticks that lie outside the view: drawn by no one, so not counted."""
    hidden = set()
    for ax in fig.axes:
        for axis in (ax.xaxis, ax.yaxis):
            shown = {id(t.label1) for t in axis._update_ticks()}
            for tick in axis.get_major_ticks() + axis.get_minor_ticks():
                hidden |= {id(label) for label in (tick.label1, tick.label2)} - shown
            if not ax.axison:
                hidden |= {id(t.label1) for t in axis.get_major_ticks()}
    return hidden


def assert_texts_keep_apart(fig):
    """No text of a figure overlaps another or leaves the picture."""
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    hidden = tick_texts(fig)
    renderer = canvas.get_renderer()
    boxes = []
    for text in fig.findobj(lambda o: type(o).__name__ in ("Text", "Annotation")):
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden:
            if (
                text.axes is not None
                and not text.axes.axison
                and text in (text.axes.xaxis.label, text.axes.yaxis.label)
            ):
                continue
            boxes.append((text.get_text(), Text.get_window_extent(text, renderer)))
    width, height = fig.bbox.width, fig.bbox.height
    for words, box in boxes:
        inside = box.x0 >= -2 and box.y0 >= -2 and box.x1 <= width + 2 and box.y1 <= height + 2
        assert inside, f"{words!r} leaves the picture"
    for i, (one, a) in enumerate(boxes):
        for other, b in boxes[i + 1 :]:
            across = min(a.x1, b.x1) - max(a.x0, b.x0)
            down = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert across <= 2 or down <= 2, f"{one!r} overlaps {other!r}"
