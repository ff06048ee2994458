"""A configuration as YAML that a person reads: every value there, with a comment."""

import re
import textwrap

from tevcurve.config.model import KEYS
from tevcurve.config.yaml_nodes import plain_value

HEAD = "A light curve with tevcurve: `tevcurve run` makes it. Every default is shown."
_PLAIN = re.compile(r"[A-Za-z0-9_./$~](?:[\w./$+() -]*[\w./$+()-])?", re.ASCII)
WIDTH = 110


def commented_yaml(config, notes=None, without=()):
    """Text of a `Config`, with a comment before each value.

    notes: dict of key to a further sentence on its value. without: keys to leave out.
    """
    notes = notes or {}
    lines = [f"# {HEAD}"]
    section = ""
    for key in KEYS:
        name = key.name
        if name in without:
            continue
        if key.section != section and name != "version":
            section = key.section
            lines += ["", f"# --- {section} ---"]
        comment = f"{key.description}."
        if name in notes:
            comment += f" {notes[name]}"
        lines += textwrap.wrap(
            comment, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        lines += _entry(name, getattr(config, name))
    return "\n".join(lines) + "\n"


def _entry(name, value):
    if isinstance(value, dict):
        return [f"{name}:", *(f"  {key}: {_scalar(each)}" for key, each in value.items())]
    if isinstance(value, list):
        items = [_scalar(each) for each in value]
        line = f"{name}: [{', '.join(items)}]"
        return [line] if len(line) <= WIDTH else [f"{name}:", *(f"  - {item}" for item in items)]
    return [f"{name}: {_scalar(value)}"]


def _scalar(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # Without the point other readers of YAML take 1e-05 for a text.
        return re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))
    if isinstance(value, int):
        return repr(value)
    if _PLAIN.fullmatch(value) and plain_value(value) is value and _is_text_elsewhere(value):
        return value
    import yaml

    return yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10**9).rstrip("\n")


def _is_text_elsewhere(text):
    """Whether other readers of YAML, too, take an unquoted text for one, and not for a date."""
    import yaml

    return yaml.resolver.Resolver().resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"
