"""A light curve in all the places where it is wanted: the folder of a result, a figure, a page."""

from tevcurve.cli.figures import write_figure
from tevcurve.lightcurve.notebook_view import caption
from tevcurve.progress import working
from tevcurve.store import Result, input_files, write_result
from tevcurve.store.result_files import provenance_of


def write(outputs, light_curve, config, text=None, observations=None, inputs=None):
    """None; the light curve is in all the places.

    Parameters
    ----------
    outputs : `Outputs`
    light_curve : `LightCurve`
    config : dict, or None
    text : YAML of it, with comments
    observations : list of those that it is made of, or None
    inputs : list of dicts of their files, where there are no observations
    """
    if inputs is None and (outputs.output or outputs.report):
        runs = getattr(light_curve.origin, "runs", ())
        inputs = input_files(observations, [run.run_id for run in runs])
    if outputs.output is not None:
        with working("Writing the result"):
            write_result(
                outputs.output, light_curve, config=text or config, inputs=inputs, overwrite=outputs.overwrite
            )
    if outputs.plot is not None:
        write_figure(outputs.plot, light_curve.plot, about=caption(light_curve))
    if outputs.report is not None:
        # Of the result as it was written, or of one that is not.
        written = outputs.output is not None
        result = (
            Result.read(outputs.output)
            if written
            else Result(light_curve, config, provenance_of(inputs), None)
        )
        write_page(outputs, result)


def write_page(outputs, result, **options):
    """None; the page about a result is written.

    Parameters
    ----------
    outputs : `Outputs`
    result : `Result`
    options : of `tevcurve.report.write_report`
    """
    # jinja2 is slow to import.
    from tevcurve.report import write_report

    with working("Writing the report"):
        write_report(result, outputs.report, overwrite=outputs.overwrite, **options)
