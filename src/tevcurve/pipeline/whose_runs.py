"""Which of the instruments of a light curve further runs are of, so that they are called as these are."""

from dataclasses import replace

from tevcurve.errors import InputError, TevcurveError
from tevcurve.pipeline.run_choices import RunChoices
from tevcurve.pipeline.selection import STAGE, Selection
from tevcurve.problems import Problem


def chosen_for(result, given, instrument=None):
    """(list of observations, list of `Problem`): those that a result would take, called as its instruments, and others.

    Parameters
    ----------
    result : `Result`
    given : as `Selection.choose` takes it
    instrument : str, which instrument of the result they are of; None where their TELESCOP tells

    Raises `InputError` for an instrument that the result has not, and for runs that may be of none or several.
    """
    plan, selection = result.light_curve.origin, Selection.of_result(result)
    if instrument is None:
        if not plan.instruments:
            return selection.choose(given)
        # Which choice is theirs is known once they are called as their instruments are.
        chosen, left_out = _called(*replace(selection, choices=RunChoices()).choose(given), plan)
        chosen, not_chosen = selection.choices.split(chosen, selection.position)
        return chosen, [*left_out, *not_chosen]
    if instrument not in plan.instruments:
        names = ", ".join(plan.instruments)
        there = (
            f"its instruments are {names}" if names else "its instruments are called as the files of runs say"
        )
        raise InputError(f"The result has no instrument {instrument!r}; {there}.")
    chosen, left_out = selection.of_instrument(plan, instrument).choose(given)
    return [one.called(instrument) for one in chosen], left_out


def _called(chosen, left_out, plan):
    """The observations, each called as the instrument whose runs are of the same telescope."""
    owners = {}
    for run in plan.runs:
        owners.setdefault(run.telescope, {})[run.run_id.instrument] = None
    made, unread = [], []
    for one in chosen:
        its = one.run_id_in_index.instrument
        if its not in owners:
            try:
                # The header is asked for, which the index need not agree with.
                its = one.run_id.instrument if one.meta else ""
            except TevcurveError as error:
                unread.append(Problem(one.run_id_in_index, STAGE, f"Whose run it is cannot be told: {error}"))
                continue
            finally:
                one.release()
        names = list(owners.get(its, ()))
        if len(names) != 1:
            raise InputError(_words(one, its, names, owners))
        made.append(one.called(names[0]))
    return made, [*left_out, *unread]


def _words(one, its, names, owners):
    """Why it is not known which instrument a run is of."""
    whose = f"of both {' and '.join(names)}" if names else "of none of them"
    known = ", ".join(f"{name} ({its or 'not said'})" for its, own in owners.items() for name in own)
    return (
        f"Run {one.run_id} has TELESCOP {its!r}, and by that may be {whose}: the result has {known}; wanted is the "
        "instrument by name: instrument=..., or --instrument on the command line."
    )
