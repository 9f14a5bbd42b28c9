"""Hold the pieces that Folium puts on the page; this module loads Folium and is itself loaded on first use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from branca.element import Element, MacroElement
from folium.map import Layer
from folium.template import Template

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNSAFE_IN_SCRIPTS: Final = str.maketrans(
    {character: f"\\u{ord(character):04x}" for character in ("<", ">", "&", "\u2028", "\u2029")}
)


def script_text(value: Any) -> str:
    r"""Write a value as JSON that may stand inside a script element.

    Examples
    --------
    >>> script_text({"name": "</script>", "n": [1, 2]})
    '{"name":"\\u003c/script\\u003e","n":[1,2]}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_UNSAFE_IN_SCRIPTS)


class Raw(Element):
    """Put text on the page as it is.

    Folium reads the text of its own `Element` as a Jinja template, so that a village named `{{7*7}}` would be computed;
    this one never looks inside.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "Raw"
        self.text = text

    def render(self, **_options: object) -> str:
        """Return the text."""
        return self.text


class MapStart(MacroElement):
    """Prepare the map before the first layer: styles, scripts, panes, attribution.

    Parameters
    ----------
    header
        Style and script elements by name; they follow the links of Folium, which they build upon.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}clinicplan.prepare({{ this._parent.get_name() }});{% endmacro %}"
    )

    def __init__(self, header: Mapping[str, str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "MapStart"
        self.header = {name: Raw(text) for name, text in header.items()}

    def render(self, **options: Any) -> None:  # type: ignore[override]  # as every MacroElement does
        """Put styles and scripts into the header, then render."""
        root: Any = self.get_root()
        for name, element in self.header.items():
            root.header.add_child(element, name=name)
        super().render(**options)  # type: ignore[no-untyped-call]


class DrawnLayer(Layer):
    """Draw one whole layer with one object.

    Parameters
    ----------
    key
        Stable name of the layer on the page, such as `band-15`.
    name
        What the reader sees, escaped.
    drawing
        Function of the page's scripts that makes it: `areas`, `lines`, `points` or `labels`.
    data
        What the function draws.
    options
        How it draws it.
    show
        Whether the layer is on when the page opens.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = clinicplan.{{ this.drawing }}({{ this.data }}, {{ this.drawing_options }});"
        "{% endmacro %}"
    )

    def __init__(self, key: str, name: str, drawing: str, data: Any, options: dict[str, Any], *, show: bool) -> None:
        super().__init__(name=name, overlay=True, control=True, show=show)
        self._name = "DrawnLayer"
        self.key = key
        self.drawing = drawing
        self.data = script_text(data)
        self.drawing_options = script_text({"key": key, **options})


class MapFinish(MacroElement):
    """Start the page's own controls after the last layer.

    Parameters
    ----------
    layers
        Every layer with its group and legend entries: `(layer, {"group": …, "entries": …})`.
    settings
        What the controls need: words, bounds, rows without coordinates.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "clinicplan.finish({{ this._parent.get_name() }}, ["
        "{% for layer, about in this.layers %}{{ '{' }}layer: {{ layer.get_name() }}, about: {{ about }}{{ '},' }}"
        "{% endfor %}], {{ this.settings }});"
        "{% endmacro %}"
    )

    def __init__(self, layers: list[tuple[Layer, dict[str, Any]]], settings: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "MapFinish"
        self.layers = [(layer, script_text(about)) for layer, about in layers]
        self.settings = script_text(settings)
