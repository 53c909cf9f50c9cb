"""Plots: a chart is a value computed from formulas; matplotlib places it once, and hands write it as SVG and TikZ."""
