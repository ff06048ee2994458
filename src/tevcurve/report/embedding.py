"""Scripts and data inside one page: nothing is loaded, and only these scripts may run.

The figures need plotly's script, 4.8 MB. The page holds it deflated, as 2 MB of text, and the browser inflates it
(`DecompressionStream`, in all browsers since 2023): a page that goes by mail counts more than the tenth of a second
which that takes. Smaller builds of plotly.js are not part of its Python package.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

from markupsafe import Markup

# JSON of more characters is deflated, at this level of zlib.
LONG, QUICK = 1_500_000, 6


@lru_cache(maxsize=1)
def plotly_script() -> str:
    """plotly's own script, str, from its Python package."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


@lru_cache(maxsize=1)
def deflated_plotly() -> tuple[str, str]:
    """(base64 text of the deflated script, its licence notice)."""
    script = plotly_script()
    notice = script[script.index("/*") + 2 : script.index("*/")].replace("*", " ")
    lines = (" ".join(line.split()) for line in notice.splitlines())
    return deflated(script), ". ".join(line.rstrip(".") for line in lines if line).replace("--", "")


def deflated(text: str, level: int = 9) -> str:
    """The base64 text of a deflated text, which browsers inflate.

    Parameters
    ----------
    text : any
    level : of zlib's compression
    """
    return base64.b64encode(zlib.compress(text.encode(), level)).decode("ascii")


def data_element(value: Any) -> tuple[str, Markup]:
    """(type, text) of a script element with data: JSON, or where this is long the base64 text of deflated JSON.

    value: of the types of JSON.
    """
    text = as_json(value)
    return ("application/json", text) if len(text) < LONG else ("text/plain", Markup(deflated(text, QUICK)))


def own_file(name: str) -> str:
    """The text of a file of this package. name: of the file."""
    return resources.files("tevcurve.report").joinpath(name).read_text(encoding="utf-8")


def policy(scripts: Iterable[str]) -> str:
    """A Content-Security-Policy under which nothing is loaded, and no other scripts run than these.

    scripts: their texts, as they stand in the page.
    """
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def as_json(value: Any) -> Markup:
    """JSON that may stand in a script element: no `<`, `>`, `&` or line separators as such, and no NaN.

    value: of the types of JSON.
    """
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
