"use strict";
// Tables sorted by a column: ascending, descending, and as they were.

const ORDERS = { none: "ascending", ascending: "descending", descending: "none" };
const COLLATOR = new Intl.Collator("en", { numeric: true });

/** Numbers by their value, then words; what is unknown comes last, whichever way is sorted. */
function compare(one, other, sign) {
  const unknown = (text) => text === "" || text === "\u2013";
  if (unknown(one) || unknown(other)) return unknown(one) - unknown(other);
  const [a, b] = [numberOf(one), numberOf(other)];
  if (Number.isNaN(a) !== Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
  return sign * (a - b || COLLATOR.compare(one, other));
}

function sortBy(table, column) {
  const heads = headsOf(table);
  const order = ORDERS[heads[column].getAttribute("aria-sort") || "none"];
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  const rows = rowsOf(table);
  rows.forEach((row, place) => (row.dataset.place ??= place));
  if (order === "none") {
    rows.sort((one, other) => one.dataset.place - other.dataset.place);
  } else {
    heads[column].setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const text = (row) => textOf(row.cells[column]);
    rows.sort((one, other) => compare(text(one), text(other), sign));
  }
  for (const row of rows) {
    const below = samplesBelow(row);
    table.tBodies[0].append(row, ...(below ? [below] : []));
  }
}

for (const table of TABLES) {
  headsOf(table).forEach((head, column) => {
    const sorter = button("", () => sortBy(table, column));
    sorter.className = "sort";
    sorter.append(...head.childNodes);
    head.append(sorter);
  });
}
