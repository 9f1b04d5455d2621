"""Figures of reports: tables and SVG that a page holds, need no script, and say in words what they show."""

from compete.reports.figures.curves import Axis, Line, histogram, line_chart
from compete.reports.figures.drawing import Scale, cut_short, figure_of, legend_of, picture_of, strip_of
from compete.reports.figures.grids import heat_chart, symbol_chart
from compete.reports.figures.ranks import RankSpread, blob_chart, slope_chart
from compete.reports.figures.rows import Bar, Estimate, bar_chart, forest_chart
from compete.reports.figures.style import figure_style

__all__ = [
    "Axis",
    "Bar",
    "Estimate",
    "Line",
    "RankSpread",
    "Scale",
    "bar_chart",
    "blob_chart",
    "cut_short",
    "figure_of",
    "figure_style",
    "forest_chart",
    "heat_chart",
    "histogram",
    "legend_of",
    "line_chart",
    "picture_of",
    "slope_chart",
    "strip_of",
    "symbol_chart",
]
