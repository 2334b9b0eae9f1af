"""Figures of the papers, one file each: `figure(...)` takes frames and returns a matplotlib
figure, and `svg.inline` turns that into markup for the report."""
