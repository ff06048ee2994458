"""The ledger tells of each run which part of its instrument it is from, where its files say so."""

import logging

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from small_store import START, TARGET, run_file

from tevcurve import DataStore, light_curve
from tevcurve.cli.main import main
from tevcurve.report import report_html
from tevcurve.store import Result, write_result


def store_of(folder, *subsystems, telescope="HESS"):
    """A `DataStore` of a run of each INSTRUME; None for a file without."""
    runs = []
    for number, name in enumerate(subsystems, start=1):
        header = {"RA_OBJ": TARGET.ra.deg, "DEC_OBJ": TARGET.dec.deg} | ({"INSTRUME": name} if name else {})
        place = TARGET.ra.deg, TARGET.dec.deg + 0.5
        start = START + 1800 * number
        runs.append(run_file(number, number, start, place, telescope=telescope, header=header))
    return DataStore.from_dir(write_store(folder, runs))


def made(store):
    return light_curve(store.get_observations(), TARGET, "1 d", [1, 10] * u.TeV, method="1d")


def test_instrume_stands_beside_the_instrument_and_makes_no_other(tmp_path, caplog):
    lc = made(store_of(tmp_path / "dl3", "H.E.S.S. Phase I", "H.E.S.S. Phase II", "H.E.S.S. Phase I"))
    assert lc.instruments == ("HESS",)
    assert len(lc) == 1
    assert lc.table["n_runs"][0] == 3
    assert {one.instrument for one in lc.ledger.run_names()} == {"HESS"}
    told = ["H.E.S.S. Phase I", "H.E.S.S. Phase II", "H.E.S.S. Phase I"]
    assert lc.ledger.events["instrume"].tolist() == told
    sentence = (
        "The runs of HESS count as one instrument, and are of 2 by INSTRUME: H.E.S.S. Phase I (2), "
        "H.E.S.S. Phase II (1)."
    )
    assert sentence in str(lc.ledger)
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING].count(sentence) == 1
    assert sentence in report_html(lc)
    write_result(tmp_path / "result", lc)
    again = Result.read(tmp_path / "result").light_curve.ledger
    assert str(again) == str(lc.ledger)
    assert again.totals() == lc.ledger.totals()
    assert sum(value for name, value in again.totals().items() if name != "total") == again.totals()["total"]


def test_alike_runs_are_told_without_a_warning(tmp_path, caplog):
    lc = made(store_of(tmp_path, "H.E.S.S. Phase I", "H.E.S.S. Phase I"))
    assert "INSTRUME of HESS is H.E.S.S. Phase I." in str(lc.ledger)
    assert not [record for record in caplog.records if "INSTRUME" in record.getMessage()]


@pytest.mark.parametrize(
    ("telescope", "said"), [("HESS", "H.E.S.S."), ("HESS", None), ("", "H.E.S.S. Phase I")]
)
def test_what_says_no_more_is_not_told(tmp_path, telescope, said):
    lc = made(store_of(tmp_path, said, telescope=telescope))
    assert "instrume" not in lc.ledger.events.colnames
    assert "INSTRUME" not in str(lc.ledger)
    assert lc.instruments == ((telescope or said,) if telescope or said else ())
    assert np.all(lc.ledger.events["used"] > 0)


def test_info_tells_it(tmp_path, capsys):
    store_of(tmp_path, "H.E.S.S. Phase I", None)
    main(["info", str(tmp_path)])
    words = " ".join(capsys.readouterr().out.split())
    assert "The runs of HESS count as one instrument, and are of 2 by INSTRUME: H.E.S.S. Phase I (1)" in words
    assert "not said (1)." in words
