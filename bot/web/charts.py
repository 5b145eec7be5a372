"""Charts, drawn by the server: each can be read without colour, and has its figures in words.

Sizes are in percent across and in pixels down, so that text has its size on every screen. Colours
are classes of style.css; there is no style attribute.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup, escape

Figure = int | float | Decimal

_ROW = 44  # pixels of a bar with its words
_LONGEST = 24  # characters of a bar's name
_LINE_TOP, _LINE_HEIGHT = 20, 120
_CELL = 18
_NAMES = 9.0  # per cent of a heat map's width


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and its words.

    Attributes:
        value: how long it is.
        rest: of the same kind, but not certain yet: drawn hatched behind the value.
        text: both, as people read them.
    """

    name: str
    value: Figure
    text: str
    rest: Figure = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A place of a heat map: the larger the value, the larger the square in it."""

    value: Figure
    text: str


def bars(key: str, title: str, description: str, given: Sequence[Bar]) -> Markup:
    """Bars across, one below the other.

    Args:
        key: by which its parts are named on the page; no other chart there has it.
    """
    most = max((float(bar.value) + float(bar.rest) for bar in given), default=0.0) or 1.0
    parts = [
        Markup(
            '<defs><pattern id="{key}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect class="hatch" width="3" height="6"/></pattern>'
            "</defs>"
        ).format(key=key)
    ]
    for number, bar in enumerate(given):
        top = number * _ROW
        value, rest = (100 * float(part) / most for part in (bar.value, bar.rest))
        parts.append(
            Markup(
                '<text x="0" y="{text}">{name}</text>'
                '<text class="figure" x="100%" y="{text}" text-anchor="end">{told}</text>'
                '<rect class="track" x="0" y="{bar}" width="100%" height="10"/>'
                '<rect class="bar" x="0" y="{bar}" width="{value}%" height="10"/>'
            ).format(
                text=top + 15, name=_cut(bar.name), told=bar.text, bar=top + 22, value=_short(value)
            )
        )
        if rest:
            parts.append(
                Markup(
                    '<rect class="rest" x="{x}%" y="{y}" width="{w}%" height="10" '
                    'fill="url(#{key}-hatch)"/>'
                ).format(x=_short(value), y=top + 22, w=_short(rest), key=key)
            )
    return _svg(key, title, description, max(1, len(given)) * _ROW, parts)


def line(
    key: str,
    title: str,
    description: str,
    points: Sequence[tuple[float, Figure]],
    *,
    top: str,
    ends: tuple[str, str],
) -> Markup:
    """How a figure went: it keeps its value until the next point.

    Args:
        points: (moment in seconds, value), first to last.
        top: the largest value, as people read it.
        ends: the first and the last moment likewise.
    """
    if not points:
        return _svg(key, title, description, _LINE_TOP, [])
    first, last = points[0][0], points[-1][0]
    span = (last - first) or 1.0
    most = max(float(value) for _, value in points) or 1.0
    path, height = "", 0.0
    for moment, value in points:
        across = 1000 * (moment - first) / span
        height = 100 - 100 * float(value) / most
        path += f"H{_short(across)}V{_short(height)}" if path else f"M0 {_short(height)}"
    path += "H1000"
    bottom = _LINE_TOP + _LINE_HEIGHT
    parts = [
        Markup('<text class="figure" x="0" y="13">{}</text>').format(top),
        Markup('<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>').format(y=_LINE_TOP),
        Markup(
            '<svg x="0" y="{y}" width="100%" height="{h}" viewBox="0 0 1000 100" '
            'preserveAspectRatio="none"><path class="area" d="{path}V100H0Z"/>'
            '<path class="line" d="{path}"/></svg>'
        ).format(y=_LINE_TOP, h=_LINE_HEIGHT, path=path),
        Markup('<line class="grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>').format(y=bottom),
        Markup('<text x="0" y="{y}">{}</text>').format(ends[0], y=bottom + 18),
        Markup('<text x="100%" y="{y}" text-anchor="end">{}</text>').format(ends[1], y=bottom + 18),
    ]
    return _svg(key, title, description, bottom + 24, parts)


def heat_map(
    key: str,
    title: str,
    description: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[int, int], Cell],
) -> Markup:
    """A square for each row and column; its side says how much.

    Args:
        columns: names; an empty one is not written.
        cells: by (row, column); what is missing stays empty.
    """
    most = max((float(cell.value) for cell in cells.values()), default=0.0) or 1.0
    wide = (100 - _NAMES) / len(columns)
    parts = []
    for number, name in enumerate(columns):
        if name:
            parts.append(
                Markup('<text x="{x}%" y="13">{name}</text>').format(
                    x=_short(_NAMES + number * wide), name=name
                )
            )
    for row, name in enumerate(rows):
        top = _LINE_TOP + row * _CELL
        parts.append(Markup('<text x="0" y="{y}">{name}</text>').format(y=top + 13, name=name))
        for column in range(len(columns)):
            parts.append(
                Markup('<rect class="track" x="{x}%" y="{y}" width="{w}%" height="{h}"/>').format(
                    x=_short(_NAMES + (column + 0.04) * wide), y=top,
                    w=_short(0.92 * wide), h=_CELL - 2,
                )
            )  # fmt: skip
            cell = cells.get((row, column))
            if cell is None:
                continue
            side = max(0.15, (float(cell.value) / most) ** 0.5) if cell.value else 0.15
            parts.append(
                Markup(
                    '<rect class="bar" x="{x}%" y="{y}" width="{w}%" height="{h}">'
                    "<title>{text}</title></rect>"
                ).format(
                    x=_short(_NAMES + (column + (1 - 0.92 * side) / 2) * wide),
                    y=_short(top + (_CELL - 2) * (1 - side) / 2),
                    w=_short(0.92 * side * wide), h=_short((_CELL - 2) * side), text=cell.text,
                )
            )  # fmt: skip
    return _svg(key, title, description, _LINE_TOP + len(rows) * _CELL, parts)


def _svg(key: str, title: str, description: str, height: int, parts: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" role="img" width="100%" height="{height}" '
        'aria-labelledby="{key}-title {key}-desc"><title id="{key}-title">{title}</title>'
        '<desc id="{key}-desc">{description}</desc>{parts}</svg>'
    ).format(
        key=key, title=title, description=description, height=height, parts=Markup("").join(parts)
    )


def _cut(name: str) -> Markup:
    """A name that fits; the whole of it on hover."""
    if len(name) <= _LONGEST:
        return escape(name)
    return Markup("{}<title>{}</title>").format(f"{name[: _LONGEST - 1]}…", name)


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
