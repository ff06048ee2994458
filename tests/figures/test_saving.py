"""Files of figures: the same bytes each time, whole or not at all."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from tevcurve.errors import InputError
from tevcurve.figures import save_figure


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def draw():
    figure, ax = plt.subplots(layout="constrained")
    ax.errorbar([1, 2, 3], [1, 3, 2], 0.4, label="a")
    ax.axvspan(1, 2, hatch="/", clip_on=True)
    ax.set_xlabel("Time [MJD $-$ 5]")
    ax.legend()
    return figure


@pytest.mark.parametrize(("ending", "begin"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_same_figure_is_the_same_file(tmp_path, ending, begin, monkeypatch):
    figure = draw()
    first = save_figure(figure, tmp_path / f"a.{ending}")
    again = save_figure(figure, str(tmp_path / f"b.{ending}"))
    # what a date would be taken from
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    anew = save_figure(draw(), tmp_path / f"c.{ending}")
    assert first.read_bytes().startswith(begin)
    assert first.read_bytes() == again.read_bytes() == anew.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.{ending}" for name in "abc"]


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_no_date_and_no_version_is_written(tmp_path, ending):
    content = save_figure(draw(), tmp_path / f"a.{ending}").read_bytes()
    for word in (b"Date>", b"CreationDate", b"/Producer", b"Software", mpl.__version__.encode()):
        assert word not in content


def test_no_setting_is_changed(tmp_path):
    before = dict(mpl.rcParams)
    save_figure(draw(), tmp_path / "a.svg")
    assert dict(mpl.rcParams) == before


def test_a_failure_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    figure = draw()
    with pytest.raises(TypeError):
        save_figure(figure, path, no_such_option=1)
    assert path.read_bytes() == b"old"
    monkeypatch.setattr("tevcurve.atomic.os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        save_figure(figure, path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]
    assert path.read_bytes() == b"old"


def test_options_go_to_matplotlib(tmp_path):
    small, large = (save_figure(draw(), tmp_path / f"{dpi}.png", dpi=dpi) for dpi in (50, 100))
    assert plt.imread(large).shape[0] == 2 * plt.imread(small).shape[0]


def test_what_cannot_be_written_is_said(tmp_path):
    with pytest.raises(InputError, match=r"file is 'a.eps'; wanted is an ending .png, .svg, .pdf"):
        save_figure(draw(), tmp_path / "a.eps")
    with pytest.raises(InputError, match="There is no folder"):
        save_figure(draw(), tmp_path / "nowhere" / "a.png")


def test_a_file_says_what_it_shows(tmp_path):
    from PIL import Image

    words = "Crab, PowerLaw index=2.5"
    with Image.open(save_figure(draw(), tmp_path / "a.png", about=words)) as image:
        assert image.text["Description"] == words
    assert words in save_figure(draw(), tmp_path / "a.svg", about=words).read_text()
    assert b"Crab, PowerLaw index=2.5" in save_figure(draw(), tmp_path / "a.pdf", about=words).read_bytes()
