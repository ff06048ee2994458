"""`tevcurve light-curves`, and the commands on a result for one source of a catalogue."""

import numpy as np
import pytest
from small_store import TARGET

from tevcurve import LightCurve, LightCurves
from tevcurve.cli.main import main

HOSTILE = "<b>north</b>, \"the 'other'\""
OPTIONS = ["--energy", "0.7TeV,10TeV", "--safe-energy", "none"]


@pytest.fixture(scope="module")
def positions(tmp_path_factory):
    path = tmp_path_factory.mktemp("positions") / "positions.csv"
    ra, dec = TARGET.ra.deg, TARGET.dec.deg
    quoted = HOSTILE.replace('"', '""')
    path.write_text(
        f'name,ra,dec,spectrum\nCrab,{ra},{dec},PowerLaw index=2.7\n"{quoted}",{ra},{dec + 0.8},\n'
    )
    return path


@pytest.fixture(scope="module")
def field(kept_store, positions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "field"
    assert main(["light-curves", str(kept_store), str(positions), *OPTIONS, "-o", str(folder)]) == 0
    return folder


def said(capsys):
    return " ".join(capsys.readouterr().err.split())


def test_sources_are_printed_and_kept(kept_store, positions, tmp_path, capsys):
    line = [
        "light-curves",
        str(kept_store),
        str(positions),
        *OPTIONS,
        "--time-bins",
        "10min",
        "-o",
        str(tmp_path / "a"),
    ]
    assert main([*line, "--n-jobs", "2"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[1].startswith("Crab ")
    assert HOSTILE in out
    assert f"2 sources in {tmp_path / 'a'}; the pages begin with" in out
    curves = LightCurves.read(tmp_path / "a")
    assert curves.names == ["Crab", HOSTILE]
    assert curves.config["time_bins"] == "10min"
    assert curves.config["energy_edges"] == ["0.7 TeV", "10.0 TeV"] or len(curves.config["energy_edges"]) == 2
    assert "index=2.7" in curves.sources["spectrum"][0]
    assert (tmp_path / "a" / "index.html").is_file()


def test_a_source_that_no_run_sees_is_told(kept_store, tmp_path, capsys):
    path = tmp_path / "positions.csv"
    path.write_text(f"name,ra,dec\nCrab,{TARGET.ra.deg},{TARGET.dec.deg}\nfar,10,-60\n")
    assert main(["light-curves", str(kept_store), str(path), *OPTIONS, "-o", str(tmp_path / "a")]) == 0
    assert "1 source of these is in the field of view of no run that is taken: far." in said(capsys)


def test_other_runs_and_settings(kept_store, positions, tmp_path, field, capsys):
    line = ["light-curves", str(kept_store), str(positions), *OPTIONS]
    assert main([*line, "--runs", "1,3", "-o", str(tmp_path / "two")]) == 0
    assert LightCurves.read(tmp_path / "two").sources["n_rows"].tolist() == [2, 2]
    capsys.readouterr()
    assert main([*line, "--negative", "-o", str(field)]) == 2
    assert "has a catalogue of other sources or settings" in said(capsys)
    assert main([*line, "--runs", "7", "-o", str(tmp_path / "x")]) == 2
    assert "has no run 7" in said(capsys)


def test_a_run_that_failed_is_told(store_copy, positions, tmp_path, capsys):
    (store_copy / "data" / "run_000002.fits.gz").write_bytes(b"no FITS")
    line = ["light-curves", str(store_copy), str(positions), *OPTIONS, "-o", str(tmp_path / "out")]
    assert main(line) == 1
    assert "Run 2 is left out: The file" in said(capsys)


def test_targets_of_an_index(kept_store, tmp_path, capsys):
    assert main(["light-curves", str(kept_store), "targets", *OPTIONS, "-o", str(tmp_path / "out")]) == 0
    assert LightCurves.read(tmp_path / "out").names == ["Crab"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["DATA"], "Wanted are data and the positions of sources"),
        (["DATA", "POSITIONS"], "Wanted is --output FOLDER, in a configuration output"),
        (["DATA", "POSITIONS", "-o", "OUT", "--time-bins", "blocks 0.05"], "The time bins look at events"),
        (["DATA", "missing.csv", "-o", "OUT"], "missing.csv does not exist"),
    ],
)
def test_what_is_missing_is_one_sentence(kept_store, positions, tmp_path, capsys, words, error):
    places = {"DATA": str(kept_store), "POSITIONS": str(positions), "OUT": str(tmp_path / "out")}
    assert main(["light-curves", *(places.get(word, word) for word in words)]) == 2
    assert error in said(capsys)


def test_commands_take_one_source(field, tmp_path, capsys):
    assert main(["report", str(field), "--source", HOSTILE, "-o", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text()
    assert "&lt;b&gt;north&lt;/b&gt;" in page
    assert "<b>north" not in page
    assert main(["report", str(field), "--source", HOSTILE]) == 0
    assert [path.name for path in field.parent.glob("*.html")] == ["field-_b_north__b____the__other__.html"]
    assert (
        main(["export", str(field), str(tmp_path / "crab.fits"), "--source", "Crab", "--format", "gadf"]) == 0
    )
    kept = LightCurves.read(field)["Crab"]
    np.testing.assert_array_equal(LightCurve.read(tmp_path / "crab.fits").table["flux"], kept.table["flux"])
    capsys.readouterr()
    assert main(["variability", str(field), "--source", "Crab", "--toys", "0"]) == 0
    assert "TS of variability" in capsys.readouterr().out
    line = ["timing", str(field), "--source", "Crab", "--toys", "0"]
    assert main(line) == 0
    assert "3 rows are too few, wanted are 20" in capsys.readouterr().out
    assert main([*line[:-2], "--test", "time-lag", "--other", str(field)]) == 2
    assert "Variability needs 10 rows or more with a flux; this light curve has 3" in said(capsys)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("report FIELD", "is a catalogue; wanted is --source with the name of one of its 2 sources, Crab"),
        (
            "export FIELD x.vot",
            "is a catalogue; wanted is --source with the name of one of its 2 sources, Crab",
        ),
        (
            "variability FIELD",
            "is a catalogue; wanted is --source with the name of one of its 2 sources, Crab",
        ),
        ("timing FIELD", "is a catalogue; wanted is --source with the name of one of its 2 sources, Crab"),
        ("report FIELD --source Vela", "There is no source 'Vela'"),
        (
            "rebin FIELD --source Crab --time-bins 2min",
            "keeps rows and no events; `tevcurve light-curve DATA --position",
        ),
        ("sed FIELD --source Crab", "keeps rows and no events; `tevcurve light-curve DATA --position"),
        ("append FIELD DATA", "takes what runs are new when it is called again"),
        ("report DATA --source Crab", "has data, which"),
    ],
)
def test_what_a_catalogue_cannot_do_is_one_sentence(field, kept_store, capsys, line, error):
    words = [{"FIELD": str(field), "DATA": str(kept_store)}.get(word, word) for word in line.split()]
    assert main(words) == 2
    assert error in said(capsys)


def test_a_configuration_makes_the_same(kept_store, positions, field, tmp_path, capsys):
    file = tmp_path / "field.yaml"
    lines = [
        f"data: {kept_store}",
        f"positions: {positions}",
        "energy_edges: [0.7 TeV, 10 TeV]",
        "safe_energy: none",
    ]
    file.write_text("\n".join([*lines, f"output: {tmp_path / 'out'}"]))
    assert main(["run", str(file)]) == 0
    for name in ("light_curves.fits", "sources.ecsv", "index.html"):
        assert (tmp_path / "out" / name).read_bytes() == (field / name).read_bytes()
    for more, error in (
        ("target: Crab", "target is 'Crab', and positions are given"),
        ("method: 1d", "method is '1d', which is of one source"),
        ("plot: a.png", "plot is 'a.png', which is of one source"),
        ("time_bins: blocks 0.05", "The time bins look at events"),
    ):
        capsys.readouterr()
        file.write_text("\n".join([*lines, f"output: {tmp_path / 'other'}", more]))
        assert main(["run", str(file)]) == 2
        assert error in said(capsys)
