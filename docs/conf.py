"""How Sphinx makes the documentation: `sphinx-build -W docs build/docs`."""

import os
import re
import sys
from pathlib import Path

import jupytext

import tevcurve

HERE = Path(__file__).resolve().parent
project = "tevcurve"
author = "The tevcurve developers"
project_copyright = author
release = version = tevcurve.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_design",
]
exclude_patterns = ["_made/README.md", "make_figures.py"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
default_role = "code"

html_theme = "pydata_sphinx_theme"
html_title = "tevcurve"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = False
# Types are words ("float array (n,), TeV"), not names to be looked up.
napoleon_use_param = False

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

# Pages call the command, too, by what stands in command_cells.py.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
# They run the tevcurve that is described here, wherever they run.
described = str(Path(tevcurve.__file__).resolve().parents[1])
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), described, os.environ.get("PYTHONPATH")]))

# The page with real data is a notebook in examples/; without the data it is shown, not run.
DATA = [Path(os.environ.get("GAMMAPY_DATA", "")), HERE.parents[1] / "shared" / "data"]
found = [folder for folder in DATA if (folder / "hess-dl3-dr1").is_dir()]
if found:
    os.environ["GAMMAPY_DATA"] = str(found[0].resolve())
else:
    nb_execution_excludepatterns = ["_made/crab.ipynb"]
made = HERE / "_made"
made.mkdir(exist_ok=True)
notebook = jupytext.read(HERE.parent / "examples" / "light_curve.md")
jupytext.write(notebook, made / "crab.ipynb", fmt="ipynb")

FULL_NAME = re.compile(r"`~[\w.]*\.(\w+)`")
# Short docstrings say "name: what it is" line by line; on a page these are definitions.
ENTRY = re.compile(r"(\*{0,2}[A-Za-z_]\w*(?:(?:, | and )\*{0,2}[A-Za-z_]\w*)*) ?: (\S.*)")


def entries_to_definitions(app, what, name, object_, options, lines):
    """Rewrite in place the lines of a docstring."""
    made, inside, before = [], False, ""
    for line in lines:
        entry = ENTRY.fullmatch(line)
        if entry and (inside or not before.strip()):
            made += ["" if not inside else None, f"``{entry[1]}``", f"    {entry[2]}"]
            inside = True
        elif inside and line.startswith("    "):
            made.append("    " + line.strip())
        else:
            made += ["", line] if inside and line.strip() else [line]
            inside = False
        before = line
    lines[:] = [line for line in made if line is not None]


def ready_for_napoleon(app, what, name, object_, options, lines):
    """Rewrite in place the lines of a docstring.

    Paragraphs after a section (what is raised, say) would be taken for entries of it, and what stands before a colon in
    the first line of a property for its type.
    """
    lines[:] = [FULL_NAME.sub(r"`\1`", line) for line in lines]
    starts = [number for number, line in enumerate(lines) if number and re.fullmatch(r"-{3,}", line)]
    if starts:
        head, rest = lines[: starts[0] - 1], lines[starts[0] - 1 :]
        entries, moved, target = [], [], None
        for number, line in enumerate(rest):
            if number and not rest[number - 1].strip():
                follows = rest[number + 1] if number + 1 < len(rest) else ""
                is_entry = line.startswith(" ") or " : " in line or re.fullmatch(r"-{3,}", follows)
                target = entries if is_entry or " " not in line.strip() else moved
            (entries if target is None else target).append(line)
        lines[:] = [*head, *(["", *moved, ""] if moved else []), *_as_descriptions(entries)]
    if what in ("property", "attribute"):
        lines.insert(0, "")


def _as_descriptions(lines):
    """Entries "name : words" with the words as a description below the name, together with what follows them."""
    made = []
    for number, line in enumerate(lines):
        name, colon, words = line.partition(" : ")
        if colon and not line.startswith(" "):
            below = lines[number + 1] if number + 1 < len(lines) else ""
            new_sentence = below.startswith("    ") and below.strip()[:1].isupper() and words[-1] not in ".,;"
            made += [name, f"    {words}{'.' if new_sentence else ''}"]
        else:
            made.append(line)
    return made


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", ready_for_napoleon, priority=400)
    app.connect("autodoc-process-docstring", entries_to_definitions)
