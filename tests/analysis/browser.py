"""Chromium, as the system has it, and axe-core where npm put it: for tests of pages."""

import os
import shutil
from pathlib import Path

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NO_CHROMIUM = "no chromium, chromium-browser or google-chrome in PATH: apt-get install chromium"

_MODULES = (
    os.environ.get("NODE_PATH", "node_modules"),
    "node_modules",
    "/usr/local/lib/node_modules",
    "/usr/lib/node_modules",
)
AXE = next(
    (one for one in (Path(m, "axe-core/axe.min.js") for m in _MODULES) if one.exists()), None
)
NO_AXE = "no axe-core in NODE_PATH or node_modules: npm install axe-core"

CUT = """() => [...document.querySelectorAll('body *')]
  .filter((e) => !e.closest('svg, .hidden') && e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .filter((e) => !e.parentElement.closest('.scroll'))
  .filter((e) => {
    const style = getComputedStyle(e);
    return style.display !== 'inline' && !['auto', 'scroll'].includes(style.overflowX);
  })
  .map((e) => `${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`)"""
"""Elements outside boxes that scroll which are wider than they show."""

OVERLAPS = """() => [...document.querySelectorAll('svg')].flatMap((svg) => {
  const whole = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].filter((t) => t.textContent.trim());
  const boxes = texts.map((t) => t.getBoundingClientRect());
  const found = [];
  boxes.forEach((a, i) => {
    const name = texts[i].textContent;
    if (a.left < whole.left - 1 || a.right > whole.right + 1 || a.top < whole.top - 1
        || a.bottom > whole.bottom + 1) found.push(`outside: ${name}`);
    boxes.slice(i + 1).forEach((b, j) => {
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const low = Math.min(a.height, b.height);
      if (width > 2 && height > 0.3 * low) found.push(`${name} / ${texts[i + 1 + j].textContent}`);
    });
  });
  return found.map((one) => `${svg.closest('figure').dataset.name}: ${one}`);
})"""
"""Labels of figures that overlap others (a line's height has some air), or leave the figure."""
