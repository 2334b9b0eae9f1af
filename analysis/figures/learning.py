"""Error against iteration, as networks are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from analysis.figures import colors, words
from analysis.figures.panels import chosen, left_out, lowest, panels
from analysis.figures.path import MOST_LINES, handles_of, shown_lines
from analysis.figures.scales import error_axis, iteration_axis
from analysis.figures.style import INK, in_style, scaled
from analysis.records import BEGIN, LEVEL, PHASE, STRATEGY
from analysis.strategies import DENSE, strategy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DASHED = (0, (3, 1.5))


@in_style
def figure(curves: pd.DataFrame) -> Figure:
    """Mean error over copies at each iteration, a line per rewind k; a panel per strategy and
    level. Test error is solid, train error dashed. `curves` are those of `learning_curves`."""
    copies = curves[curves[PHASE] == "train"]
    errors = ["error_test", "error_train"]
    mean = copies.groupby([STRATEGY, LEVEL, BEGIN, "iteration"], as_index=False)[errors].mean()
    lines = shown_lines(mean)
    ks = sorted(int(k) for k in mean[BEGIN].unique())
    shown = chosen(ks, MOST_LINES)
    color, marker = colors.along(shown), colors.markers(shown)
    drawn, [axes] = panels(1, len(lines), height=2.0)
    for panel, (name, level) in zip(axes, lines, strict=True):
        own = mean[(mean[STRATEGY] == name) & (mean[LEVEL] == level)]
        for k, line in own[own[BEGIN].isin(shown)].groupby(BEGIN):
            k = int(str(k))
            look: dict[str, Any] = {"color": color[k], "marker": marker[k], "ms": scaled(3)}
            every = max(len(line) // 5, 1)
            panel.plot(line["iteration"], line["error_test"], markevery=every, **look)
            thin: dict[str, Any] = {"ls": DASHED, "lw": scaled(1), "mfc": "none"}
            panel.plot(line["iteration"], line["error_train"], markevery=every, **look, **thin)
        of = "" if name == DENSE else f", level {level}"
        words.title(panel, f"{strategy(name).label}{of}")
    words.name_y(axes, "error (%)")
    first = axes[0]
    iteration_axis(first)
    for panel in lowest([axes]):
        words.name_x(panel, "iteration")
    drawn_of = mean[mean[BEGIN].isin(shown)][errors]
    error_axis(first, float(drawn_of.min().min()), float(drawn_of.max().max()))
    words.legend(
        drawn,
        [
            *handles_of({k: (color[k], marker[k]) for k in shown}),
            Line2D([], [], color=INK, label="test"),
            Line2D([], [], color=INK, ls=DASHED, lw=scaled(1), label="train"),
        ],
    )
    levels = sorted(int(level) for level in mean[LEVEL].unique() if level)
    words.note(
        drawn,
        left_out("level", levels, [level for _, level in lines]),
        left_out("k", ks, shown),
    )
    return drawn
