"""What pages and pictures are called: by what differs, and by all who tie."""

from __future__ import annotations

import json

from alliance import scenario
from alliance.charts import looks
from alliance.report import index, targets


def title(*settings, source="base", as_of=None):
    return targets.target(source, settings, None, as_of).scenario.title


def test_a_what_if_is_titled_by_what_differs():
    assert title() == "On the day of article 2"
    assert title(as_of="2020-05-28") == "Base, as of 2020-05-28"
    assert title("selldown.block_discount=0.03") == "Base, block discount 3 %"
    assert title("separation.ticket_eur=7e8") == "Base, ticket EUR 700m"
    assert title("decline.peers=[toyota]", source="latest") == "Latest, peers toyota"
    assert title("selldown.horizon_years=3") == "Base, horizon 3 years"
    assert title("selldown.volatility=0.3", "seed=7") == "Base, seed 7, volatility 30 %"
    assert title("title=Mine, and mine", "seed=7") == "Mine, and mine"
    assert title("selldown.spot_jpy=900", "separation.structure=spin_off") == (
        "Base, spot JPY 900, structure spin off"
    )
    assert title("selldown.block_discount=", source="quick-block") == (
        "Quick block, block discount by rule"
    )
    assert title("seed=1") == "On the day of article 2", "nothing differs"


def test_a_long_title_says_how_many_more():
    ends = ("worth_eur", "cost_eur", "benefit_eur", "signal_eur", "ticket_eur")
    worths = [n for n in scenario.fields() if n.endswith(ends)]
    text = title(*(f"{name}=2.5e8" for name in worths))
    assert len(text) <= 120 and text.endswith(" more")


def built(out, name, values):
    (out / name).mkdir(parents=True)
    manifest = {"name": name, "scenario": values, "as_of": "2023-01-17"}
    (out / name / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (out / name / "run.json").write_text('{"chapters": {}}', encoding="utf-8")


def test_the_list_of_reports_has_no_two_alike(tmp_path):
    built(tmp_path, "base", {"title": "Mine"})
    built(tmp_path, "base+123456", {"title": "Mine", "selldown": {"fee": 0.02}})
    (tmp_path / "sweep-1").mkdir()
    page = "<title>Sweep over selldown.fee &amp; more</title>"
    (tmp_path / "sweep-1" / "index.html").write_text(page, encoding="utf-8")
    index.write_list(tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Mine (base)</a>" in text and "Mine (base+123456)</a>" in text
    assert "fee 2 %" in text and "Sweep over selldown.fee &amp; more" in text


def test_added_companies_are_told_apart():
    """Many that have no colour of their own: no two share colour and line."""
    known = [*looks.COMPANIES, *(f"maker-{n}" for n in range(12))]
    pairs = {str(looks.look(k, known)) for k in known}
    assert len(pairs) == len(known)
    assert not set(looks.OTHERS) & {color for _, color, _ in looks.COMPANIES.values()}
