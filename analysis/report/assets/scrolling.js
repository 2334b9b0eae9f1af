"use strict";
// Boxes that scroll say in a line above them what lies beyond their edges.

/** "1 more row", "3 more rows". */
function counted(number, what) {
  return `${number} more ${what}${number === 1 ? "" : "s"}`;
}

/** How much of a box lies beyond each of its edges, in pixels. */
function beyond(box) {
  return {
    left: box.scrollLeft,
    right: box.scrollWidth - box.clientWidth - box.scrollLeft,
    below: box.scrollHeight - box.clientHeight - box.scrollTop,
  };
}

/** The table's columns that are cut at the right, or that lie under its first at the left. */
function columnsBeyond(table, box) {
  const frame = box.getBoundingClientRect();
  const [first, ...others] = headsOf(table).map((head) => head.getBoundingClientRect());
  return {
    right: others.filter((one) => one.right > frame.left + box.clientWidth + 4).length,
    left: others.filter((one) => one.left < first.right - 4).length,
  };
}

function rowsBelow(table, box) {
  const end = box.getBoundingClientRect().top + box.clientHeight + 4;
  const shown = rowsOf(table).filter((row) => !row.hidden);
  return shown.filter((row) => row.getBoundingClientRect().bottom > end).length;
}

function cueOf(box, there) {
  const table = box.querySelector(":scope > table");
  if (!table) {
    if (there.right > 4) return "Scroll for the rest of the figure →";
    return there.left > 4 ? "← Scroll back" : "";
  }
  const columns = columnsBeyond(table, box);
  const rows = there.below > 4 ? rowsBelow(table, box) : 0;
  const says = [];
  if (there.right > 4) says.push(`scroll for ${counted(Math.max(columns.right, 1), "column")} →`);
  else if (there.left > 4) says.push(`← scroll back for ${counted(columns.left, "column")}`);
  if (rows) says.push(`${says.length ? "" : "scroll for "}${counted(rows, "row")} ↓`);
  const text = says.join("; ");
  return text && text[0].toUpperCase() + text.slice(1);
}

/** The line stays while the box can be scrolled, so that nothing moves as it is. */
function cue(box, line) {
  const there = beyond(box);
  const sideways = box.scrollWidth > box.clientWidth + 4;
  const down = box.scrollHeight > box.clientHeight + 4;
  line.hidden = !(sideways || down);
  line.textContent = line.hidden ? "" : cueOf(box, there) || "End of the table";
  box.classList.toggle("more-left", there.left > 4);
  box.classList.toggle("more-right", there.right > 4);
  box.classList.toggle("more-below", there.below > 4);
}

const RESIZED = new ResizeObserver((entries) => entries.forEach((one) => one.target.cue?.()));

/** Let a box say what lies beyond its edges from now on. */
function withCue(box) {
  const line = element("p", { class: "cue", "aria-hidden": "true" });
  line.hidden = true;
  box.before(line);
  let asked = 0;
  const later = () => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => cue(box, line));
  };
  for (const one of [box, box.firstElementChild]) {
    one.cue = later;
    RESIZED.observe(one);
  }
  box.addEventListener("scroll", later, { passive: true });
  box.addEventListener("rowschanged", later);
}

document.querySelectorAll(".scroll").forEach(withCue);
