# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all plots have in common."""

import matplotlib

matplotlib.use("svg")
# Text stays text, and the same figures give the same file.
matplotlib.rcParams.update({
    "svg.fonttype": "none", "svg.hashsalt": "bench", "figure.figsize": (9, 4.5),
    "axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False,
    "axes.spines.right": False, "legend.frameon": False})

from matplotlib import pyplot


class Plot:
    """A picture in a file.

        with Plot(directory / "memory.svg", "queued MB", "MB") as axes:
            axes.plot(...)
    """

    def __init__(self, path, x, y, title=None, columns=1):
        self.path = path
        self.figure, self.axes = pyplot.subplots(
            1, columns, sharey=True, squeeze=False)
        for axes in self.axes[0]:
            axes.set_xlabel(x)
        self.axes[0][0].set_ylabel(y)
        self.figure.suptitle(title)

    def __enter__(self):
        return (self.axes[0][0] if self.axes.shape[1] == 1
                else list(self.axes[0]))

    def __exit__(self, kind, *_):
        if kind is None:
            handles, labels = self.axes[0][0].get_legend_handles_labels()
            if len(labels) > 1:
                self.axes[0][-1].legend(handles, labels, fontsize="small",
                                        loc="upper left",
                                        bbox_to_anchor=(1, 1))
            self.figure.tight_layout()
            self.figure.savefig(self.path, metadata={"Date": None})
        pyplot.close(self.figure)


def plot_figures(axes, positions, figures, label, **style):
    """A line of medians with bars for the ranges; None are left out."""
    points = [(x, f) for x, f in zip(positions, figures) if f]
    if not points:
        return
    axes.errorbar(
        [x for x, _ in points], [f.median for _, f in points],
        yerr=[[f.median - f.low for _, f in points],
              [f.high - f.median for _, f in points]],
        label=label, marker="o", markersize=4, capsize=3, **style)
