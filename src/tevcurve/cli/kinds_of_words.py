"""What a word of the line is, where a command fails that wants a word of another kind: data, a result, a configuration.

Each argument, and each option that takes a file or folder, declares the kinds that it takes. What is found here is only
looked for when a command has failed.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import click

from tevcurve.catalogue.positions import SUFFIXES, TARGETS, catalogue_sources
from tevcurve.cli.jobs import is_name
from tevcurve.cli.one_source import is_catalogue
from tevcurve.cli.parameters import ArgumentWithWords, OptionOfSection
from tevcurve.config.sky import place_in_words
from tevcurve.data.found_files import is_fits_name
from tevcurve.data.store_folders import indices_below
from tevcurve.errors import TevcurveError
from tevcurve.lightcurve.product import LightCurve
from tevcurve.pipeline.given_data import open_stores
from tevcurve.problems import noted_remarks
from tevcurve.store.result import PROVENANCE

_FIGURES, _CONFIGS = (".png", ".pdf", ".svg", ".html"), (".yaml", ".yml")


class Kind(NamedTuple):
    """A kind of words on the line.

    Attributes
    ----------
    told : str, what such a word is, and what takes it; {} is the word
    wanted : str, how to ask for such a word
    """

    told: str
    wanted: str = ""


KINDS = {
    "data": Kind(
        "{} has data, which `tevcurve light-curve {} -o RESULT` takes",
        "data: the folder of a data store or of DL3 files, or files with a run each",
    ),
    "result": Kind(
        "{} is a light curve, which `tevcurve show {}` takes",
        "the folder of a result, as `tevcurve light-curve PATH -o RESULT` writes it",
    ),
    "catalogue": Kind("{} is a catalogue of light curves, which `tevcurve show {} --source NAME` takes"),
    "file": Kind(
        "{} is a file with a light curve, which `tevcurve show {}` takes",
        "a result, or a file with a light curve",
    ),
    "configuration": Kind(
        "{} is a configuration, which `tevcurve run {}` takes",
        "a configuration, as `tevcurve init TARGET PATH` writes it",
    ),
    "positions": Kind(
        "{} is a list of positions, which `tevcurve light-curves PATH {} -o FOLDER` takes",
        "a file with name, ra and dec, or the word targets",
    ),
    "figure": Kind("{} is a figure or a page, which a browser opens"),
    "position": Kind("{} is a position, which `tevcurve light-curve PATH --position {}` takes"),
    "name": Kind(
        "There is no file or folder {}; a target comes last, as `tevcurve light-curve PATH {}`",
        "the name of a target, as `tevcurve info PATH` shows it",
    ),
    # Words of these kinds are not known when they are seen.
    "responses": Kind("", "a FITS file with the responses of the runs"),
    "models": Kind("", "a YAML file of sky models"),
    "runs": Kind("", "OBS_IDs, as 23523,23526, or a file with one a line"),
}


def refusal(command: click.Command, context: click.Context) -> str:
    """The sentence that tells which word of a line is of another kind than its argument takes; "" where none is.

    Parameters
    ----------
    command : that failed
    context : of click, with the words
    """
    for argument in command.get_params(context):
        if isinstance(argument, OptionOfSection):
            told = _refused_option(context.params.get(argument.name or ""), argument)
            if told:
                return told
        if not isinstance(argument, ArgumentWithWords) or not argument.takes:
            continue
        given = context.params.get(argument.name or "")
        words = _together(given) if isinstance(given, list) else [given]
        for number, word in enumerate(words, 1):
            is_last = bool(argument.last) and number == len(words) > 1
            told = "" if word is None else _refused(word, argument, is_last)
            if told:
                return told
    return ""


def _refused_option(given: object, option: OptionOfSection) -> str:
    """The sentence on a file or folder of another kind than an option takes; "" where it is none."""
    for word in given if isinstance(given, list) else [given]:
        # What is no path is an OBS_ID, or told as what is not there by who looks for it.
        if option.takes and isinstance(word, str | Path) and Path(word).expanduser().exists():
            kind = kind_of(word)
            if kind is not None and kind not in option.takes:
                return _sentence(
                    word, kind, f"wanted for {option.opts[0]} is {KINDS[option.takes[0]].wanted}"
                )
    return ""


def _together(words: list[str | Path]) -> list[str | Path]:
    """The words, the last ones as one where they are a position without its quotes."""
    for number in (3, 2):
        text = " ".join(map(str, words[-number:]))
        if len(words) > number and kind_of(text) == "position":
            return [*words[:-number], text]
    return words


def _refused(word: str | Path, argument: ArgumentWithWords, is_last: bool) -> str:
    kind = kind_of(word)
    takes = argument.last if is_last else argument.takes
    # Where no name is taken, what is no path is a path of what is not there, as the command says itself.
    if kind is None or kind in takes or (kind == "name" and "name" not in argument.last):
        return ""
    return _sentence(word, kind, f"wanted is {KINDS[takes[0]].wanted}")


def _sentence(word: str | Path, kind: str, wanted: str) -> str:
    text = f'"{word}"' if " " in str(word) else str(word)
    return f"{KINDS[kind].told.replace('{}', text)}; {wanted}."


def kind_of(word: str | Path) -> str | None:
    """The name in `KINDS` of what a word is; None for what is unknown, or like a path of what is not there.

    word: as it stands on the line.
    """
    path = Path(word).expanduser()
    if str(word) == TARGETS:
        return "positions"
    if not path.exists():
        if place_in_words(str(word)) is not None:
            return "position"
        return "name" if is_name(str(word)) else None
    with noted_remarks(aloud=False):
        return next((kind for kind in _may_be(path) if _is(kind, path)), None)


def _may_be(path: Path) -> Iterable[str]:
    """The kinds that a file or folder may be of, by its name."""
    if path.is_dir():
        return ("catalogue", "result", "data")
    name = path.name.lower()
    if name.endswith(_CONFIGS):
        return ("configuration",)
    if name.endswith(_FIGURES):
        return ("figure",)
    positions = ("positions",) if name.endswith(SUFFIXES) else ()
    return (*(("data",) if is_fits_name(name) else ()), "file", *positions)


def _is(kind: str, path: Path) -> bool:
    try:
        if kind == "catalogue":
            return is_catalogue(path)
        if kind == "result":
            return (path / PROVENANCE).is_file()
        if kind == "data":
            several = path.is_dir() and len(indices_below(path)) > 1
            return several or bool(open_stores([os.fspath(path)]))
        if kind == "file":
            return bool(LightCurve.read(path).table)
        if kind == "positions":
            return bool(catalogue_sources(path, []))
    except TevcurveError:
        return False
    return True
