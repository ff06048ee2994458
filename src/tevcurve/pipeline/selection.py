"""By what the runs of a light curve were chosen, so that more of them are chosen by the same."""

from contextlib import suppress
from dataclasses import dataclass, field, replace

from astropy.coordinates import SkyCoord

from tevcurve.data import DataStore
from tevcurve.data.target_position import target_position
from tevcurve.errors import MissingError, TevcurveError
from tevcurve.pipeline.given_data import sources_of
from tevcurve.pipeline.run_choices import RunChoices
from tevcurve.pipeline.targets import SAME_PLACE, key_in_index, observations_of, runs_of_target
from tevcurve.problems import Problem

STAGE = "selection"


@dataclass(frozen=True)
class Selection:
    """The choice of runs by the names of their target, or else by a position.

    position: `SkyCoord` of the source. names: tuple of str, each what an index may call it; () for none. either: bool,
    whether a store that has none of the names is searched at the position, as those of a result of several stores are.
    choices: `RunChoices` among these.
    """

    position: SkyCoord
    names: tuple[str, ...] = ()
    either: bool = False
    choices: RunChoices = field(default_factory=RunChoices)

    @classmethod
    def of_result(cls, result):
        """That of a `Result`: as its configuration says, or the call that made it. result: the `Result`."""
        return cls.of_plan(result.light_curve.origin, result.config or {})

    @classmethod
    def of_plan(cls, plan, config):
        """That of a plan with its runs: as its configuration says, or the call that made it.

        Parameters
        ----------
        plan : `LightCurveOrigin`
        config : dict of the configuration, empty where there is none
        """
        return replace(cls._named_in(plan, config), choices=RunChoices.of_meta(plan.meta))

    @classmethod
    def _named_in(cls, plan, config):
        """As `of_plan`, without the choice among the runs of a target."""
        position = SkyCoord(*plan.source, unit="rad")
        if plan.instruments:
            return cls(position, _without_none(plan.instruments.values()), True)
        if isinstance(config.get("target"), str):
            either = config.get("position") is not None or isinstance(config.get("data"), list | tuple)
            return cls(position, (config["target"],), either)
        # Of several instruments, as each calls the target by a name of its own.
        several = len({run.run_id.instrument for run in plan.runs}) > 1
        return cls(position, _without_none([plan.selected_by]), several)

    def of_instrument(self, plan, name):
        """The same for the runs of one instrument of a plan.

        Parameters
        ----------
        plan : `LightCurveOrigin` whose instruments have names
        name : str, of the instrument
        """
        names = _without_none([plan.instruments[name]])
        return replace(self, names=names, choices=self.choices.of_instrument(name))

    def choose(self, given):
        """(list of observations, list of `Problem`): the chosen ones, and those that are near or of the target and not
        chosen, and why.

        given: Observations, a DataStore, or paths of data stores, of folders or of files with a run each, or a list of
            these.
        Raises `MissingError` where a store has none.
        """
        chosen, others = [], []
        for source in sources_of(given):
            is_index = isinstance(source, DataStore) and source.has_obs_index
            found, left = self._of_store(source) if is_index else self._of_runs(_runs_of(source))
            chosen, others = chosen + found, others + left
        chosen, not_chosen = self.choices.split(chosen, self.position)
        return chosen, [*others, *not_chosen]

    def _of_store(self, store):
        if not self.names:
            return observations_of(store, self.position)[0], []
        try:
            chosen = self._named(store)
        except MissingError:
            if not self.either:
                raise
            return observations_of(store, self.position)[0], []
        ids = {key_in_index(one) for one in chosen}
        near = []
        with suppress(TevcurveError):
            near = [one for one in observations_of(store, self.position)[0] if key_in_index(one) not in ids]
        names = _names_in_index(store) if near else {}
        return chosen, [self._problem(one, names[key_in_index(one)]) for one in near]

    def _named(self, store):
        """List of the observations of a store that are of any of the names; `MissingError` where there are none."""
        found, why = {}, None
        for name in self.names:
            try:
                found |= {key_in_index(one): one for one in runs_of_target(store, name)}
            except MissingError as error:
                why = why or error
        if not found:
            raise why
        return list(found.values())

    def _of_runs(self, runs):
        """What is chosen of single runs: all where a position was asked for, or else those of the name."""
        left = [one for one in runs if not self._is_of(one)] if self.names else []
        others = set(map(id, left))
        kept = [one for one in runs if id(one) not in others]
        return kept, [self._problem(one, one.target_name) for one in left]

    def _is_of(self, run):
        """Whether a run is of the target: an index may call it "Crab" or "PKS 2155-304 (flare)", and headers otherwise.

        The name or the position of its header decides. One that cannot be read is: why is told when it is reduced.
        """
        try:
            here = _letters(run.target_name)
            for there in map(_letters, self.names):
                if here and (here.startswith(there) or there.startswith(here)):
                    return True
            place = target_position(run.meta)
            return place is not None and self.position.separation(SkyCoord(*place, unit="deg")) < SAME_PLACE
        except TevcurveError:
            return _is_unreadable(run)

    def _problem(self, run, name):
        its = f"Its target is {name!r}" if name else "Its target has no name"
        return Problem(
            run.run_id_in_index,
            STAGE,
            f"{its}, and the light curve is of the runs of {' or '.join(map(repr, self.names))}.",
        )


def _without_none(names):
    """Tuple of those that are there, each once."""
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _letters(name):
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _is_unreadable(run):
    try:
        run.target_name  # noqa: B018 - reads the header
    except TevcurveError:
        return True
    return False


def _names_in_index(store):
    """Dict of what the index of a store calls the target of each run, "" where it does not."""
    table = store.obs_table
    column = next((key for key in ("TARGET_NAME", "OBJECT") if key in table.colnames), None)
    runs = zip(store.get_observations(), store.indexed_runs, strict=True)
    return {
        key_in_index(one): "" if column is None else str(table[column][of_index.rows[0]]).strip()
        for one, of_index in runs
    }


def _runs_of(source):
    """List of the observations of a list of them, or of a `DataStore`."""
    return list(source.get_observations() if isinstance(source, DataStore) else source)
