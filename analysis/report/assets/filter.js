"use strict";
// Rows of long tables chosen by words: "IMP k=120 instability<2".

const LONG = 6;
const TERM = /^([^<>=]+)(<=|>=|<|>|=)(.+)$/;

const TESTS = {
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
  "=": (a, b) => a === b,
};

/** The place of the column that a name means: one of its words, or a part of its head. */
function columnOf(heads, name) {
  const word = heads.findIndex((head) => head.split(/\s+/).includes(name));
  return word >= 0 ? word : heads.findIndex((head) => head.replace(/\s/g, "").includes(name));
}

function passes(texts, heads, term) {
  const [, name, sign, wanted] = TERM.exec(term) || [];
  const column = name ? columnOf(heads, name) : -1;
  if (column < 0) return texts.some((text) => text.includes(term));
  const [a, b] = [numberOf(texts[column]), numberOf(wanted)];
  if (sign === "=" && Number.isNaN(b)) return texts[column].includes(wanted);
  return TESTS[sign](a, b);
}

function filterRows(table) {
  const tools = toolsOf(table.parentElement);
  const terms = tools.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
  const heads = headsOf(table).map((head) => textOf(head).toLowerCase());
  const rows = rowsOf(table);
  for (const row of rows) {
    const texts = [...row.cells].map((cell) => textOf(cell).toLowerCase());
    row.hidden = !terms.every((term) => passes(texts, heads, term));
    const below = samplesBelow(row);
    if (below) below.hidden = row.hidden;
  }
  const shown = rows.filter((row) => !row.hidden).length;
  const says = terms.length ? `${shown} of ${rows.length} rows` : "";
  tools.querySelector("[role=status]").textContent = says;
}

/** Show all rows again. */
function unfilter(table) {
  const input = toolsOf(table.parentElement).querySelector("input");
  if (input && input.value) {
    input.value = "";
    filterRows(table);
  }
}

for (const table of TABLES) {
  const tools = toolsOf(table.parentElement);
  if (rowsOf(table).length >= LONG) {
    const id = `filter-${table.dataset.name}`;
    const input = element("input", { type: "search", id, placeholder: "words, or column<number" });
    input.addEventListener("input", () => filterRows(table));
    tools.append(element("label", { for: id }, "Filter rows"), input);
    tools.append(element("span", { role: "status" }));
  }
  const name = table.dataset.name;
  tools.append(...csvButtons(`table ${name}`, `${name}.csv`, () => tableCsv(table)));
}
