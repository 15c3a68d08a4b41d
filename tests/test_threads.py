"""JupyterLab handles what is sent to a kernel's widgets beside its cells, in several threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from matplotlib import rcParams

from alliance import evidence
from alliance.charts.looks import drawing
from alliance.whatif.cockpit_view import Cockpit
from tests.browsing import sentence_of

WHILE = 0.5  # seconds in which the other thread has its chance


def test_the_later_picture_is_of_the_later_case(monkeypatch):
    """A redraw for a new size takes its time while a slider is moved."""
    panel = Cockpit("base").panel
    began, moved, draw = Event(), Event(), panel._renderer.draw

    def slow(*received, **more):
        began.set()
        moved.wait(WHILE)
        return draw(*received, **more)

    monkeypatch.setattr(panel._renderer, "draw", slow)
    with ThreadPoolExecutor() as threads:
        resized = threads.submit(setattr, panel.pictures, "room", (500, 400))
        assert began.wait(5)
        monkeypatch.setattr(panel._renderer, "draw", draw)
        panel.controls["selldown.target_stake"].slider.value = 0.2
        moved.set()
        resized.result()
    s = panel.session.scenario
    assert s.selldown.target_stake == 0.2
    assert panel.pictures.view["words"] == sentence_of("selldown", s)
    assert panel.pictures.done == panel.pictures.view["count"]


def test_drawings_side_by_side_leave_the_settings_as_they_were():
    before, first, second = dict(rcParams), Event(), Event()

    def one():
        with drawing():
            first.set()
            second.wait(WHILE)

    def other():
        assert first.wait(5)
        with drawing({"font.size": 30}):
            second.set()
            running.result()  # it ends after the one that began before it

    with ThreadPoolExecutor() as threads:
        running = threads.submit(one)
        threads.submit(other).result()
    assert dict(rcParams) == before


def test_what_another_thread_reads_is_no_source_of_a_block():
    ev = evidence.open("2025-12-31")
    with ev.reading() as used, ThreadPoolExecutor() as threads:
        threads.submit(ev.fact, "contribution-2024").result()
    assert used.sources() == []
    with ev.reading() as used:
        ev.fact("contribution-2024")
    assert [entry["id"] for entry in used.sources()] == ["contribution-2024"]
