"""Takes the runs of folders as they come into a result, and keeps its alerts."""

import logging
from dataclasses import replace
from time import monotonic

from tevcurve.atomic import recover
from tevcurve.cli.console import note, plain
from tevcurve.cli.early_ends import EarlyEnds
from tevcurve.cli.figures import write_panels
from tevcurve.cli.page_process import PageProcess
from tevcurve.cli.threshold_file import ThresholdFile
from tevcurve.cli.watched_folders import WatchedFolders
from tevcurve.cli.written import write_page
from tevcurve.config.observations import chosen, observations_in
from tevcurve.config.settled import with_end, with_ends
from tevcurve.errors import DataError, InputError, MissingError
from tevcurve.lightcurve.held import FIRST_NIGHT, Held, held_light_curve, settles
from tevcurve.live.alerts import new_records, standing, told_with
from tevcurve.live.baseline import Baseline
from tevcurve.live.replay import replay
from tevcurve.pipeline import light_curve
from tevcurve.pipeline.append import append_runs
from tevcurve.pipeline.known_runs import KnownRuns
from tevcurve.problems import events_file
from tevcurve.store import Result, input_files, write_result
from tevcurve.store.inputs import file_checksum

log = logging.getLogger(__name__)

# Pages and figures are made at most so often.
REFRESH_S = 30.0
# Keys that say where data are; a result may be of others than those of the folder, too.
_OF_DATA = ("data", "data_root", "irfs", "runs", "version")


class Watch:
    """Looks at folders, again and again; what is on disk depends on settings and on the runs that came, on no more.

    The result is made with the first runs of the target, and has the others appended. All its events then go through
    the detector of changes, of which only what is new is computed.

    result: `Result`, or None as long as there is none.

    Parameters
    ----------
    config : `~tevcurve.config.model.Config` of the result, whose data are folders
    detector : dict of keywords of `tevcurve.live.replay.replay`; with `baseline_from`, a `LightCurve` or None
    alerts : `~tevcurve.cli.alert_file.AlertFile`
    outputs : `~tevcurve.cli.outputs.Outputs`, of which `output` is the folder of the result

    Raises `InputError` where a result is there that was made with other settings, `DataError` where a folder is not.
    """

    def __init__(self, config, detector, alerts, outputs):
        self._config, self._alerts, self._outputs = config, alerts, outputs
        self._quiet = detector["baseline_from"]
        self._hold = FIRST_NIGHT if self._quiet is None else Held.of(self._quiet.origin)
        self._detector = {name: value for name, value in detector.items() if name != "baseline_from"}
        self._detector["thresholds"] = ThresholdFile(alerts.path.with_name(f"{alerts.path.name}.thresholds"))
        self._folders = WatchedFolders(config)
        self._new, self._untaken, self._told = set(), [], set()
        self._early = EarlyEnds()
        self._found, self._is_shown, self._shown_at = None, True, -REFRESH_S
        self._page = PageProcess(outputs.output, outputs.report)
        recover(outputs.output)
        self.result = Result.read(outputs.output) if outputs.output.exists() else None
        # Where ">1 TeV" ends is known of what is gone on with or compared with; else the first runs say it.
        there = None if self.result is None else self.result.light_curve
        for made, why in ((there, "as in the result that is there"), (self._quiet, "as in the quiet result")):
            if made is not None:
                self._config = with_end(self._config, made.origin.bands[-1], why)
        if self.result is not None:
            self._check_settings()

    def _check_settings(self):
        made, wanted = (
            _settings(values) for values in (self.result.config or {}, self._config.to_result()[0])
        )
        names = [name for name in wanted if made.get(name) != wanted[name]]
        if names:
            raise InputError(
                f"The result {self._outputs.output} was made with another {' and '.join(names)}; wanted are the "
                "same options, or another folder for --output."
            )

    @property
    def standing(self):
        """The alerts that stand, list of dicts."""
        return standing(self._alerts.records)

    @property
    def is_waiting(self):
        """Whether files were seen that the next look may find whole."""
        return bool(self._new)

    def look(self, is_last=False):
        """None; what has come is in the result, and its alerts are told.

        is_last: whether no other look follows soon.
        """
        poll = self._folders.poll(self._note_once)
        for reason in poll.waiting.values():
            self._note_once(reason)
        # What is as it was in the look before is whole; what is new may be.
        growing = [path for path in poll.growing if path in self._new]
        self._new = set(poll.growing)
        # Of a file that was not taken before it is what it is now that counts.
        seen = {*poll.whole, *poll.growing, *poll.waiting}
        settled = [path for path in self._early.settled() if path not in seen]
        untaken = [path for path in self._untaken if path not in (*seen, *settled) and path.exists()]
        whole = [*untaken, *settled, *poll.whole]
        taken = self._take(whole, growing) if poll.whole or settled or growing else False
        if self.result is not None and (taken or (self._found is None and (is_last or not self._new))):
            self._follow()

    def _take(self, whole, growing):
        """Whether runs of some files are now in the result."""
        try:
            return self._make(whole, growing) if self.result is None else self._append(whole, growing)
        except (DataError, MissingError, InputError) as error:
            if self.result is None and isinstance(error, InputError):
                raise
            if self.result is not None and len(whole) + len(growing) > 1:
                # One that cannot be read does not hold up the others.
                taken = [self._take([path], []) for path in whole]
                return any(taken + [self._take([], [path]) for path in growing])
            self._note_once(str(error))
            self._untaken = whole if self.result is None else []
            return False

    def _make(self, whole, growing):
        each = self._folders.of_each([*whole, *growing])
        awaited = [name for name in self._folders.instruments if name not in each]
        if self._has_to_wait(awaited):
            self._untaken = whole
            return False
        config = self._config
        if config.instruments is None:
            config = config.changed(data=[str(path) for path in each[""]])
        else:
            data = {name: [str(path) for path in own] for name, own in each.items()}
            own = {name: one | {"data": data.get(name, [])} for name, one in config.instruments.items()}
            config = config.changed(instruments=own)
        found = chosen(config, awaited)
        if config.instruments is None:
            found["observations"] = self._as_far_as_they_are(found["observations"], growing)
        else:
            of = found["instruments"]
            found["instruments"] = {
                name: replace(one, data=self._as_far_as_they_are(one.data, growing))
                for name, one in of.items()
            }
        observations = observations_in(found)
        if not observations:
            self._untaken = whole
            return False
        settled = with_ends(self._config, observations)
        options = config.changed(energy_edges=settled.energy_edges).options(found["target"])
        made = held_light_curve(light_curve(**options | found), self._hold)
        inputs = input_files(observations, [run.run_id for run in made.origin.runs])
        write_result(self._outputs.output, made, config=settled.to_result()[1], inputs=inputs)
        self._config = settled
        self.result, self._untaken = Result.read(self._outputs.output), []
        self._tell_left_out(made.origin.failed)
        log.info("The result is made of %s runs.", len(made.origin.runs))
        return True

    def _has_to_wait(self, awaited):
        """Whether no result can be begun without the instruments that have no file yet: scales are of the reference."""
        calibration = self._config.systematics_of().calibration
        has_to = calibration is not None and calibration.reference in awaited
        if has_to:
            self._note_once(
                f"The result begins with the first run of {calibration.reference}, which has not come yet."
            )
        return has_to

    def _append(self, whole, growing):
        done = [
            self._append_of(name, paths, growing)
            for name, paths in self._folders.of_each([*whole, *growing]).items()
        ]
        return any(done)

    def _append_of(self, instrument, paths, growing):
        """Whether runs of some files of an instrument are now in the result."""
        there = [one for store in self._folders.stores(instrument, paths) for one in store.get_observations()]
        there = [one.called(instrument) for one in there] if instrument else there
        origin = self.result.light_curve.origin
        known = KnownRuns(
            origin.runs, self.result.provenance["inputs"], (one.run_id for one in origin.failed)
        )
        there = [one for one in there if known.of(one) is None]
        observations = self._as_far_as_they_are(there, growing)
        if not observations:
            return False
        self.result = append_runs(self.result, observations, hold=self._hold, instrument=instrument or None)
        appended = self.result.appended
        self._tell_left_out(appended.left_out)
        log.info("%s.", appended)
        return bool(appended.added)

    def _follow(self):
        """None; the detector is where the result is, and what is new is told."""
        curve = self.result.light_curve
        if self._quiet is not None and not isinstance(self._detector["baseline_flux"], Baseline):
            given = Baseline.of(self._quiet, curve, self._detector["band"])
            self._detector["baseline_flux"] = given
        found = self._found = replay(curve, before=self._found, **self._detector)
        self._alerts.check(told_with(found.detector, found.subject))
        if settles(curve.origin):
            whence = (
                "as the first night has them" if self._hold == FIRST_NIGHT else "as the quiet result has them"
            )
            self._note_once(f"For all rows hold, {whence}: {Held.of(curve.origin)}.")
        new = new_records(self._alerts.records, found.records(True), found.detector, found.last_s)
        self._alerts.add(new)
        for one in new:
            print(plain(words_of(one)), flush=True)
            log.info("The %s of alert %s is told.", one["alert_type"], one["id"])
        self._is_shown = False

    def show(self, at_once=False):
        """None; page and figure show what is in the result, or will soon, unless they were made a moment ago.

        at_once: whether that does not matter, and they are waited for.
        """
        if at_once:
            self._page.wait()
        if self._page.is_busy or (self._is_shown and not self._page.has_failed):
            return
        if not (at_once or monotonic() - self._shown_at >= REFRESH_S):
            return
        if self._outputs.plot is not None:
            write_panels(self._outputs.plot, self._found.plot, about=str(self._found))
        if self._outputs.report is not None and at_once:
            write_page(self._outputs, self.result)
        elif self._outputs.report is not None:
            self._page.begin()
        self._is_shown, self._shown_at = True, monotonic()

    def _as_far_as_they_are(self, observations, growing):
        """The observations, each once, those in files that grow up to their last events, list of `Observation`."""
        growing, found = {path.resolve() for path in growing}, []
        for one in _each_once(observations):
            name, seconds = events_file(one), 0.0
            grows = any(each.path.resolve() in growing for each in one.addresses if each.hdu_type == "events")
            if not grows:
                seconds = self._early.seconds_to_come(one)
            if seconds:
                self._note_once(
                    f"The events in {name} end {seconds:.0f} s before the good time does, which is no chance; it is "
                    "taken up to the last one, as of a file that still grows, until nothing was written for 10 min."
                )
            found.append(one.until_last_event() if grows or seconds else one)
        return [one for one in found if one is not None]

    def _tell_left_out(self, problems):
        for one in problems:
            self._note_once(f"Run {one.run_id} is left out: {one.reason}")

    def _note_once(self, sentence):
        if sentence not in self._told:
            self._told.add(sentence)
            note(sentence)


def words_of(record):
    """A line of text about a record of an alert. record: dict."""
    return (
        f"{record['alert_type']} {record['id']}: flux {record['flux']:.3g} ± {record['flux_error']:.2g} cm-2 s-1 since "
        f"{record['trigger_time'][:19]} UTC, {record['rate_snr']:.1f} standard deviations"
    )


def _settings(values):
    """Those of the values of a configuration that a result which is gone on with has to have, a dict."""
    values = {name: value for name, value in values.items() if name not in _OF_DATA}
    if values.get("instruments"):
        values["instruments"] = {name: _settings(one) for name, one in values["instruments"].items()}
    return values


def _each_once(observations):
    """The observations without those whose files have the same content as another's, list of `Observation`."""
    found = {}
    for one in observations:
        try:
            sums = {file_checksum(one.real_path(each)) for each in one.addresses}
        except (OSError, DataError):
            sums = {str(each.path) for each in one.addresses}
        found.setdefault((str(one.obs_id), frozenset(sums)), one)
    return list(found.values())
