"""A configuration as YAML that a person reads: every value there, with a comment."""

import re
import textwrap
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from tevcurve.config.keys import KEYS
from tevcurve.yaml_nodes import plain_value

if TYPE_CHECKING:
    from tevcurve.config.model import Config

HEAD = "A light curve with tevcurve: `tevcurve run` makes it. Every default is shown."
_PLAIN = re.compile(r"[A-Za-z0-9_./$~](?:[\w./$+() -]*[\w./$+()-])?", re.ASCII)
WIDTH = 110


def commented_yaml(
    config: "Config", notes: Mapping[str, str] | None = None, without: Collection[str] = ()
) -> str:
    """Text of a `Config`, with a comment before each value.

    Parameters
    ----------
    config : with all of its values
    notes : dict of key to a further sentence on its value
    without : keys to leave out
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


def _entry(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name}:", *(f"  {_scalar(key)}: {_flow(each)}" for key, each in value.items())]
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        lines = [f"  - {_flow(each)}" for each in value]
        if max(map(len, lines)) <= WIDTH:
            return [f"{name}:", *lines]
        import yaml

        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=WIDTH)
        return [f"{name}:", *(f"  {line}" for line in text.splitlines())]
    if isinstance(value, list):
        items = [_scalar(each) for each in value]
        line = f"{name}: [{', '.join(items)}]"
        return [line] if len(line) <= WIDTH else [f"{name}:", *(f"  - {item}" for item in items)]
    return [f"{name}: {_scalar(value)}"]


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
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


def _is_text_elsewhere(text: str) -> bool:
    """Whether other readers of YAML, too, take an unquoted text for one, and not for a date."""
    import yaml

    return yaml.resolver.Resolver().resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"
