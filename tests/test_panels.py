"""Quick answers and pictures of the panels: the chapters' numbers, drawn without a fault."""

import html
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from alliance import answers, evidence, scenario
from alliance.answers import live
from alliance.answers.live import POINTS
from alliance.charts.kit import nice_ceiling
from alliance.charts.panels import Renderer
from alliance.charts.panels.svg import Caption, name_ticks
from alliance.errors import AllianceError, ScenarioError
from alliance.whatif.panels import PANELS, difference
from tests.looks import answers_of, assert_texts_keep_apart, cases, evidence_of, scenario_of


def quick(name, s):
    """A panel's answers."""
    return PANELS[name].answer(s, evidence_of(str(s.as_of)))


@pytest.fixture(scope="module", params=list(dict.fromkeys(name for name, _ in cases())))
def seen(request):
    """A scenario, and the quick answers of each panel in whose chapter it is looked at."""
    s = scenario_of(request.param)
    shown = [name for name in PANELS if (request.param, PANELS[name].chapter) in cases()]
    return s, {name: quick(name, s) for name in shown}


def test_a_panels_numbers_are_the_chapters(seen):
    """Value, unit, label, sources and note of every result, and the sell-down's path."""
    s, found = seen
    for name, a in found.items():
        assert len(a.results) > 3
        whole = answers_of(PANELS[name].chapter, s)
        for key, result in a.results.items():
            assert result == whole.result(key), key
    if "selldown" not in found:
        return
    full = answers_of("2-selldown", s).frame("stake_path")
    full = full[full["programme"] == s.selldown.programme].reset_index(drop=True)
    part = found["selldown"].frame("path")
    if len(part):
        same = full.iloc[:: (len(full) - 1) // (POINTS - 1)].reset_index(drop=True)
        for column in ("years", "mean", "low", "high"):
            assert np.allclose(part[column], same[column], rtol=0, atol=1e-12), column


def test_parts_of_the_panel_add_up(seen):
    s, found = seen
    if "selldown" not in found:
        return
    a = found["selldown"]
    histogram, completion = a.frame("proceeds"), a.frame("completion")
    assert histogram["part"].sum() == pytest.approx(1)
    key = f"selldown.{s.selldown.programme}"
    for column, name in (("sold", "p_complete"), ("at_target", "p_at_target")):
        chance = a[f"{key}.{name}"]  # none where nothing is to be sold
        assert (chance is None) == (a.context["terms"].planned <= 0)
        assert chance is None or completion[column].iloc[-1] == pytest.approx(chance)
    assert (completion[["sold", "at_target"]].diff().dropna() >= 0).all(axis=None)
    loss = a.frame("loss")
    if len(loss):
        k = a.context["group"].carrying_eur_per_share
        at = np.interp(k, loss["carrying"], loss["mean"])  # a line, so this is exact
        assert at == pytest.approx(a[f"{key}.loss_eur_mean"] / 1e6, abs=1e-3)
    path = a.frame("path")
    if (
        len(path)
        and a.context["terms"].planned > 0
        and s.selldown.programme not in ("block", "buyback", "windows")
    ):  # these sell at once
        whole = answers_of("2-selldown", s)
        assert path["votes"].iloc[0] == pytest.approx(whole["ownership.votes.mirror"], abs=1e-9)
    assert (path["low"] <= path["high"]).all() and path["mean"].is_monotonic_decreasing


@pytest.mark.parametrize("name", PANELS)
def test_pictures_say_and_show(seen, name):
    """Each picture has words and an alt text with a number and a date; no text overlaps."""
    _, found = seen
    renderer = Renderer(PANELS[name].pictures)
    for picture in renderer.draw(found[name]) if name in found else ():
        tree = ElementTree.fromstring(picture.svg)
        assert tree.get("role") == "img"
        assert html.unescape(tree.get("aria-label")) == f"{picture.title}. {picture.alt}"
        words_ = f"{picture.title} {picture.alt} {picture.source}"
        assert "nan" not in words_.lower() and "inf " not in words_
        assert "nan" not in re.sub(r"[A-Za-z]+nan[A-Za-z]+", "", picture.svg.lower())
        if "Nothing" not in picture.title and len(picture.alt) > 70:
            assert re.search(r"\d", picture.alt) and re.search(r"20\d\d", words_), picture.alt
        assert "<style" not in picture.svg and "<metadata" not in picture.svg
        assert_texts_keep_apart(renderer._axes[picture.key].figure)


@pytest.mark.parametrize("size", [(350, 280), (900, 480)], ids=["phone", "alone"])
@pytest.mark.parametrize("name", PANELS)
def test_texts_have_room_at_every_size(seen, name, size):
    """None is smaller than 11 pixels, also with a pinned case, which the picture names."""
    _, found = seen
    renderer = Renderer(PANELS[name].pictures)
    sizes, said = [size] * len(PANELS[name].pictures), "grey: pinned, target stake 15 %"
    for case in (None, found[name]) if name in found else ():
        for picture in renderer.draw(found[name], case, sizes=sizes, name=said):
            assert_texts_keep_apart(renderer._axes[picture.key].figure)
            assert (said in picture.svg) == (case is not None)
            assert all(
                float(points) * 4 / 3 >= 11 for points in re.findall(r"([\d.]+)px", picture.svg)
            )


def test_sentences_and_tables(seen):
    _, found = seen
    for name, a in found.items():
        text = PANELS[name].sentence(a).text
        assert "nan" not in text and text.rstrip().endswith(".") and ".." not in text, text
        table = PANELS[name].numbers(a, a)
        assert table.count("<tr>") == len(PANELS[name].keys(a)) + 1
        assert all(cell in ("0", "") for cell in re.findall(r"<td>([^<]*)</td></tr>", table))


def test_a_redraw_equals_a_first_drawing():
    """Whatever was drawn before: kept axes must not show what no longer holds."""
    base = scenario.Scenario()
    moves = [
        base,
        base.replace({"selldown": {"programme": "windows", "horizon_years": 11}}),
        base.replace({"selldown": {"target_stake": 0.43}}),  # nothing to sell: no axes
        base.replace({"decline": {"since": "2021-03-01", "currency": "EUR"}}),
        base.replace({"separation": {"company": "gm", "structure": "integrated"}}),
        *(base.replace({"separation": {"structures": pair, "structure": pair[0]}}) for pair in (
            ["carve_out", "profitable_unit"], ["profitable_unit", "segments"],
            ["segments", "profitable_unit"])),  # as many rows, of other names
        base,
    ]  # fmt: skip
    for name, panel in PANELS.items():
        kept, last = Renderer(PANELS[name].pictures), None
        for s in moves:
            last, before = scenario.parameters(panel.chapter, s), last
            if last == before:  # nothing moves here
                continue
            a = quick(name, s)
            assert [*kept.draw(a)] == [*Renderer(PANELS[name].pictures).draw(a)], name


def test_names_of_ticks_are_made_once(monkeypatch):
    """As long as they stand, and anew when they change: bars carry their own names."""
    from matplotlib.axis import Axis

    made = []
    kept = Axis.set_major_formatter
    monkeypatch.setattr(
        Axis, "set_major_formatter", lambda self, f: (made.append(f), kept(self, f))[1]
    )
    ax = Figure().add_subplot()
    for names in (["a", "b"], ["a", "b"], ["b", "c"], ["b", "c"]):
        made.clear()
        name_ticks(ax.yaxis, range(2), names)
        assert [tick.get_text() for tick in ax.get_yticklabels()] == names
        ax.figure.canvas.draw()
        if names == ["a", "b"]:
            first = len(made)
    assert first == 0 and made == []  # at the second of two


def test_one_picture_is_that_of_all():
    s = scenario.Scenario()
    for name, panel in PANELS.items():
        whole = {p.key: p for p in Renderer(panel.pictures).draw(quick(name, s))}
        for key in panel.pictures:
            drawn = [*Renderer(panel.pictures).draw(quick(name, s), only=key)]
            assert drawn == [whole[key]]


def test_a_pinned_case_shows_in_grey():
    s = scenario.Scenario()
    then = s.replace({"selldown": {"target_stake": 0.25}})
    renderer = Renderer(PANELS["selldown"].pictures)
    plain = [*renderer.draw(quick("selldown", s))]
    over = [*renderer.draw(quick("selldown", s), quick("selldown", then))]
    assert all(
        b.svg.count("#8a8a8a") > a.svg.count("#8a8a8a") for a, b in zip(plain, over, strict=True)
    )
    assert [a.title for a in plain] == [b.title for b in over]


@pytest.mark.parametrize("missing", ["title", "alt", "source", "label"])
def test_a_picture_without_what_it_needs_is_refused(missing):
    said = {"title": "t", "alt": "a", "source": "s"} | {missing: " "}
    said.pop("label", None)

    def chart(ax, a, pinned):
        ax.set_xlabel("" if missing == "label" else "x")
        return Caption(**said)

    with pytest.raises(AllianceError, match="units" if missing == "label" else missing):
        list(Renderer({"k": chart}).draw(None))


@pytest.mark.parametrize("value", [1e-9, 0.013, 0.5, 3.24, 5, 71, 99.9, 1e6, 123456.7])
def test_a_nice_ceiling_is_above_and_near(value):
    assert value <= nice_ceiling(value) * (1 + 1e-9) <= value * 2.01
    assert nice_ceiling(nice_ceiling(value)) == pytest.approx(nice_ceiling(value))


@pytest.mark.parametrize("carrying", [0.0, 1.0, 3.0, 9.0, 40.0])
def test_the_loss_title_names_the_amount_without_a_loss(carrying):
    s = scenario.Scenario().replace({"selldown": {"carrying_eur_per_share": carrying}})
    drawn = [*Renderer(PANELS["selldown"].pictures).draw(quick("selldown", s))]
    title = next(p.title for p in drawn if p.key == "loss")
    even = float(re.search(r"none at EUR ([\d.]+)", title).group(1))
    there = s.replace({"selldown": {"carrying_eur_per_share": even}})
    loss = answers.selldown(there, evidence_of("2023-01-17"))["selldown.price_points.loss_eur_mean"]
    assert abs(loss) < 0.005 * 1.2e9  # half a cent a share
    assert ("gain" if carrying < even else "loss") in title


def test_the_bargain_follows_the_target_of_the_sale():
    """What chapter 3 takes from the sell-down reaches its notebook, its key and its panel."""
    s = scenario.Scenario().replace({"selldown": {"target_stake": 0.3}})
    given = scenario.parameters("3-separation", s)
    assert given["target_stake"] == 0.3
    assert scenario.read("3-separation", given).selldown.target_stake == 0.3
    shown = quick("bargain", s)["bargain.renault_gain_eur"]
    assert shown == answers_of("3-separation", s)["bargain.renault_gain_eur"]
    assert shown != answers_of("3-separation", scenario.Scenario())["bargain.renault_gain_eur"]


@pytest.mark.parametrize(
    "change, has, lacks",
    [
        ({"selldown": {"target_stake": 0.43}, "as_of": "2024-04-01"}, "nothing to sell", "100 %"),
        ({"selldown": {"programme": "buyback"}}, "target reached in 0 %", "gain is"),
        ({"selldown": {"target_stake": 0.125}}, "to 12.5 %", "12 %."),
    ],
)
def test_the_sentence_of_the_sell_down_is_true(change, has, lacks):
    s = scenario.Scenario().replace(change)
    text = PANELS["selldown"].sentence(quick("selldown", s)).text
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    assert has in text and lacks not in text


def test_differences_of_nothing_have_no_sign():
    one = answers.Result("x", 0.1, "fraction", "x", ())
    for moved, unit, said in ((1e-14, "fraction", "0"), (-2e-13, "log points", "0"),
                              (4e5, "EUR", "0"), (0.02, "fraction", "+2.0")):  # fmt: skip
        a = answers.Result("x", (0 if unit == "EUR" else 0.1) + moved, unit, "x", ())
        b = answers.Result("x", 0 if unit == "EUR" else 0.1, unit, "x", ())
        assert difference(a, b).startswith(said)
    assert difference(one, None) == ""


def test_panels_refuse_what_chapters_refuse():
    s = scenario.Scenario()
    for bad, panel in (
        ({"decline": {"since": "2023-03-01"}}, "decline"),
        ({"decline": {"peers": ["toyta"]}}, "decline"),
        ({"separation": {"company": "fiat"}}, "separation"),
        ({"separation": {"structure": "spin"}}, "bargain"),
    ):
        with pytest.raises(ScenarioError, match="received"):
            quick(panel, s.replace(bad))
    with pytest.raises(ScenarioError, match="as_of"):
        live.selldown(s.replace({"as_of": "2016-06-01"}), evidence.open("2016-06-01"))


def test_what_is_kept_moves_with_no_scenario():
    """Answers after many moves are those of a fresh start, whatever was asked before."""
    s = scenario.Scenario()
    ways = ["integrated", "carve_out"]
    for change in (
        {"float_fraction": 0.1},
        {"ev_value_eur": 2e10},
        {"company": "gm"},
        {"paid_out": 0.5, "voting_premium": 0.2},
        {"structures": ways, "structure": ways[1]},
        {"companies": list(s.separation.companies)[:1]},
        {},
    ):
        q = s.replace({"separation": change})
        fresh = evidence.open("2023-01-17")
        for name in ("separation", "bargain"):
            assert quick(name, q).results == PANELS[name].answer(q, fresh).results, change


def test_evidence_hands_out_frames_that_nobody_can_spoil():
    ev = evidence.open("2023-01-17")
    table = ev.holdings
    table.loc[table.index[0], "shares"] = -1
    table["more"] = 1
    again = ev.holdings
    assert (again["shares"] > 0).all() and "more" not in again
    read = ev.package.read("holdings")
    read["shares"] = 0
    assert (ev.package.read("holdings")["shares"] > 0).all()
    assert isinstance(again, pd.DataFrame)


def test_what_is_made_of_a_table_once_can_not_be_spoiled_either():
    ev = evidence.open("2023-01-17")
    asks = (
        lambda: ev.prices("nissan"),
        lambda: ev.close("nissan"),
        lambda: ev.rate("jpy_per_eur"),
        lambda: ev.shares("nissan"),
        lambda: ev.holding("renault", "nissan"),
        lambda: ev.rows("valuations", maker="renault"),
    )
    for ask in asks:
        before = ask().copy()
        spoiled = ask()
        numbers = spoiled.select_dtypes("number").columns if spoiled.ndim == 2 else None
        if numbers is None:
            spoiled.iloc[:] = 1
        else:
            spoiled.loc[:, numbers] = 1
        spoiled.index = range(len(spoiled))
        assert ask().equals(before)


def test_what_is_read_twice_is_recorded_twice():
    """A view that is kept still tells the reader which table it came from."""
    ev = evidence.open("2023-01-17")
    for _ in range(2):
        with ev.reading() as used:
            ev.close("nissan"), ev.rate("jpy_per_eur"), ev.shares("nissan")
            ev.holding("renault", "nissan"), ev.rows("valuations", maker="vw")
        found = {entry["id"] for entry in used.sources()}
        assert found == {
            "prices-nissan", "rates-jpy-per-eur", "shares", "holdings", "valuations",
        }  # fmt: skip


def titles(**separation):
    """Titles of the separation's pictures."""
    at = separation.pop("as_of", "2023-01-17")
    s = scenario.Scenario().replace({"as_of": at, "separation": separation})
    panel = PANELS["separation"]
    return [made.title for made in Renderer(panel.pictures).draw(quick("separation", s))]


def test_titles_of_the_separation_say_no_more_than_the_sentence():
    assert titles()[1] == "Renault: “Minority carve-out” raises most, EUR 1.8bn"
    assert "would have raised most, EUR 2.4bn" in titles(as_of="2026-06-30")[1]
    assert titles(company="gm")[0].endswith("none does anything for a share in the base case")
    for title in titles(float_fraction=0.4):
        assert title.startswith("Renault (Minority carve-out: not possible): ")
    s = scenario.load("latest")[1]
    words = PANELS["separation"].sentence(quick("separation", s)).text
    assert "read the high case with care" in words
