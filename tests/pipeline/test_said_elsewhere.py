"""What processes say in the log is said by the one that collects what they make, as if it had made all itself."""

import logging
from threading import Thread

import pytest
from astropy.io import fits
from small_store import TARGET, make_store

from tevcurve import light_curve
from tevcurve.pipeline.said_elsewhere import SaidElsewhere, with_said
from tevcurve.pipeline.worker_processes import worker_processes
from tevcurve.problems import remark, remarks_told_once

log = logging.getLogger("tevcurve.somewhere")


def work(number):
    log.info("Not asked for.")
    remark(f"Run {number} is odd.")
    log.warning("The cache is gone.")
    if number < 0:
        try:
            raise ValueError("why")
        except ValueError:
            log.exception("It failed.")
            raise
    return number


def test_it_is_said_where_it_is_collected(caplog):
    """Of each run once and then how many; once what each process says once."""
    answers = [with_said(work, number, logging.WARNING) for number in range(4)]
    assert caplog.messages == []
    for number, (_, said) in enumerate(answers):
        for each in said:
            each["process"] = number
    elsewhere = SaidElsewhere()
    with remarks_told_once():
        assert [elsewhere.again(lambda one=one: one) for one in answers] == [0, 1, 2, 3]
    same = "The same holds 3 more times, with other files or numbers: Run 0 is odd."
    assert caplog.messages == ["Run 0 is odd.", "The cache is gone.", same]


def test_of_a_failure_all_is_said_with_its_traceback(caplog):
    with pytest.raises(ValueError, match="why"):
        SaidElsewhere().again(lambda: with_said(work, -1, logging.INFO))
    said = ["Not asked for.", "Run -1 is odd.", "The cache is gone.", "It failed."]
    assert caplog.messages == (said if log.isEnabledFor(logging.INFO) else said[1:])
    assert "ValueError: why" in caplog.text


def test_what_others_say_meanwhile_goes_on(caplog):
    def beside(number):
        other = Thread(target=log.warning, args=("It is another one.",))
        other.start()
        other.join()
        return number

    assert with_said(beside, 1, logging.WARNING) == (1, [])
    log.warning("It is over.")
    assert caplog.messages == ["It is another one.", "It is over."]


def test_workers_say_nothing_themselves(caplog, capfd):
    with worker_processes(2, work) as submit, remarks_told_once():
        answers = [submit(number) for number in range(3)]
        assert [answer.result() for answer in answers] == [0, 1, 2]
    assert caplog.messages[:2] == ["Run 0 is odd.", "The cache is gone."]
    assert capfd.readouterr().err == ""


def test_the_log_is_the_same_for_any_number_of_processes(tmp_path, caplog):
    observations = make_store(tmp_path / "store").get_observations()
    for each in observations:
        path = next(one.path for one in each.addresses if one.hdu_type == "events")
        fits.delval(path, "TIMESYS", extname="EVENTS")
    said = []
    for n_jobs in (1, 2):
        caplog.clear()
        light_curve(observations, TARGET, method="1d", safe_energy=None, n_jobs=n_jobs)
        said.append(tuple(caplog.messages))
    assert sum("no TIMESYS" in each for each in said[0]) == 2
    assert said[0] == said[1]
