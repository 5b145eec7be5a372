"""A small plot of `bench_queue`'s figures: each divided by its aim, over the size of the queue."""

import math
from html import escape

AIMS = {
    "idle, % of a core": (1.0, "#1f77b4"),
    "idle, MB": (150.0, "#2ca02c"),
    "saved file to its row, s": (1.0, "#d62728"),
    "due to first byte, p99 ms": (250.0, "#9467bd"),
    "plan, s": (1.5, "#8c564b"),
    "first intake, s": (8.0, "#e377c2"),  # of its baseline
}
WIDTH, HEIGHT, LEFT, TOP, RIGHT = 760, 340, 60, 20, 500
LOWEST, HIGHEST = 0.01, 100.0


def plot(figures):
    """{size: {figure: [ours, baseline]}} as SVG, both axes logarithmic."""
    sizes = sorted(figures)
    span = math.log10(sizes[-1] / sizes[0]) or 1.0

    def across(size):
        return LEFT + (RIGHT - LEFT) * math.log10(size / sizes[0]) / span

    def down(value):
        part = math.log10(min(max(value, LOWEST), HIGHEST) / LOWEST)
        return HEIGHT - 40 - (HEIGHT - 40 - TOP) * part / math.log10(HIGHEST / LOWEST)

    shapes = [
        line(LEFT, down(power), RIGHT, down(power), "#ddd" if power != 1 else "#444")
        + text(LEFT - 8, down(power) + 4, f"{power:g}", "end")
        for power in (0.01, 0.1, 1, 10, 100)
    ]
    shapes += [text(across(size), HEIGHT - 20, f"{size:,}", "middle") for size in sizes]
    shapes.append(text((LEFT + RIGHT) / 2, HEIGHT - 4, "queued briefs; 1 is the aim", "middle"))
    for number, (name, (aim, color)) in enumerate(AIMS.items()):
        values = [figures[size][name] for size in sizes]
        relative = [(a / b if name == "first intake, s" else a) / aim for a, b in values]
        points = " ".join(
            f"{across(s):.0f},{down(v):.0f}" for s, v in zip(sizes, relative, strict=True)
        )
        shapes.append(
            f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>'
        )
        told = f"{name} / {aim:g}"
        if name == "first intake, s":
            told = f"first intake / ({aim:g} × baseline)"
        height = TOP + 20 + 22 * number
        shapes.append(line(RIGHT + 20, height - 4, RIGHT + 40, height - 4, color))
        shapes.append(text(RIGHT + 46, height, told, "start"))
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
    )


def line(left, top, right, bottom, color):
    return (
        f'<line x1="{left}" y1="{top:.0f}" x2="{right}" y2="{bottom:.0f}" '
        f'stroke="{color}" stroke-width="1"/>'
    )


def text(left, top, told, anchor):
    return f'<text x="{left:.0f}" y="{top:.0f}" text-anchor="{anchor}">{escape(told)}</text>'
