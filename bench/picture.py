"""Draws what the benches said: a bar for each figure that has a goal, a mark where the goal is. Plain SVG that can be read
on a light ground and on a dark one.
"""
from html import escape

WIDTH, LEFT, RIGHT, STEP, BAR = 860, 300, 210, 26, 14
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f } .quiet { fill: #57606a } .head { font-weight: 600 }
.met { fill: #1a7f37 } .missed { fill: #bc4c00 } .goal { stroke: #24292f; stroke-width: 2 } .ground { fill: #8884 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .quiet { fill: #9198a1 } .met { fill: #3fb950 } .missed { fill: #f0883e } .goal { stroke: #e6edf3 }
}
"""


def short(figure):
    """A figure without what stands in brackets."""
    return figure.partition(" (")[0]


def bar(row, y):
    """One row: a goal stands at the same place in all of its kind, so that bars can be compared."""
    goal = row.get("least", row.get("most"))
    room = WIDTH - LEFT - RIGHT
    at = LEFT + room * 0.7
    length = min(room, (at - LEFT) * row["value"] / goal)
    return [
        '<text x="0" y="%d">%s</text>' % (y + BAR - 3, escape(row["case"])),
        '<rect class="ground" x="%d" y="%d" width="%d" height="%d" rx="2"/>' % (LEFT, y, room, BAR),
        '<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>' % ("met" if row["met"] else "missed", LEFT, y, max(1, length), BAR),
        '<line class="goal" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>' % (at, at, y - 3, y + BAR + 3),
        '<text x="%d" y="%d">%s <tspan class="quiet">%s</tspan></text>' % (
            WIDTH - RIGHT + 10, y + BAR - 3, escape(short(row["figure"])), escape("(%s)" % row["goal"].partition(" of ")[0])),
    ]


def group(title, rows, y):
    lines = ['<text class="head" x="0" y="%d">%s</text>' % (y + BAR, escape(title))]
    for row in rows:
        y += STEP
        lines += bar(row, y)
    return lines, y + STEP + 14


def draw(results, path):
    """Writes the picture of `results`, which bench.py kept, to `path`."""
    rows = [row for result in results for row in result["rows"] if "value" in row and (row.get("least") or row.get("most"))]
    y, lines = 6, []
    for title, kind in (("At least: the bar shall reach the mark", "least"), ("At most: the bar shall stay before the mark", "most")):
        drawn, y = group(title, [row for row in rows if kind in row], y)
        lines += drawn
    machine = results[-1]["machine"]
    lines.append('<text class="quiet" x="0" y="%d">%s</text>' % (y + BAR, escape("%(cores)d cores of %(processor)s; load, nginx, workers, PostgreSQL and mailer share them" % machine)))
    with open(path, "w") as out:
        out.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -4 %d %d" role="img" aria-label="Figures of the bench beside their goals">\n<style>%s</style>\n%s\n</svg>\n'
                  % (WIDTH + 20, y + 34, STYLE, "\n".join(lines)))
