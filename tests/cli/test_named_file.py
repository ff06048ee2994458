"""Tables of anyone on the command line, their columns named behind a colon."""

from pathlib import Path

import pytest
from light_curves_to_draw import make

from tevcurve.cli.main import main
from tevcurve.cli.named_file import file_of, named_columns
from tevcurve.errors import InputError

NAMES = "time=MJD,radio=S,radio_err=dS,radio_unit=Jy,time_scale=utc,instrument=a dish"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("radio.txt").write_text("MJD S dS\n53946.0 1.0 0.1\n53947.0 2.0 0.2\n")


def test_words_are_those_of_reading_in_python():
    path = Path(f"radio.txt:{NAMES}")
    assert file_of(path) == Path("radio.txt")
    assert named_columns(path) == {
        "columns": {"time": "MJD", "radio": "S", "radio_err": "dS"},
        "units": {"radio": "Jy"},
        "time_scale": "utc",
        "meta": {"instrument": "a dish"},
    }
    origin = named_columns(Path("a.csv: time=T, rate=R, time_origin=2006-07-29T22:00:00, time_unit=s"))
    assert (origin["time_origin"], origin["units"]) == ("2006-07-29T22:00:00", {"time": "s"})
    for plain in ("radio.txt", "folder/of a result", "C:/data"):
        assert named_columns(Path(plain)) is None
    # A file of such a name is that file.
    Path("b:time=c").write_text("")
    assert named_columns(Path("b:time=c")) is None
    for wrong in ("a.csv:time=T,flux", "a.csv:time=T,time=B", "a.csv:time="):
        with pytest.raises(InputError, match=r"wanted are names, each once, as x-rays\.csv:time=MJD,flux=F"):
            named_columns(Path(wrong))


def test_every_command_on_a_file_takes_them(capsys):
    assert main(["show", f"radio.txt:{NAMES}"]) == 0
    out = capsys.readouterr().out
    assert "53947.000000 53947.000000" in out
    assert "Jy" in out
    assert main(["plot", f"radio.txt:{NAMES}", "--quantity", "radio"]) == 0
    assert Path("radio.png").read_bytes()[:4] == b"\x89PNG"
    assert main(["export", f"radio.txt:{NAMES}", "radio.ecsv"]) == 0
    make([53946.0], [53946.5], [1.0]).write("tev.ecsv")
    assert main(["plot", "tev.ecsv", f"radio.txt:{NAMES}", "-o", "both.png"]) == 0
    assert (
        main(
            [
                "variability",
                f"radio.txt:{NAMES.replace('radio', 'flux').replace('Jy', '1/cm2/s')}",
                "--toys",
                "0",
            ]
        )
        == 0
    )
    capsys.readouterr()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("", "columns of any other table are named, as LightCurve.read"),
        (":time=MJD,flux=S,time_scale=utc", "on the command line flux_unit="),
        (":time=MJD,flux=S", "say time_scale=, one of"),
        (":time=day,flux=S", "has no column 'day' for time; it has MJD, S, dS"),
        (":time=MJD,radio=S,radio_unit=jansk,time_scale=utc", "wanted is one that astropy knows"),
    ],
)
def test_what_is_missing_is_asked_for(capsys, names, words):
    Path("radio.dat").write_text(Path("radio.txt").read_text())
    assert main(["show", f"radio.dat{names}"]) == 2
    assert words in capsys.readouterr().err
