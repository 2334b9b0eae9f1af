"use strict";
// Rows of long tables chosen by words and conditions: "IMP k=120 instability<2".

const LONG = 6;

function filterRows(table) {
  const tools = toolsOf(table.parentElement);
  const asked = tools.querySelector("input").value.trim();
  const heads = headsOf(table).map(textOf);
  const rows = rowsOf(table);
  const texts = rows.map((row) => [...row.cells].map((cell) => textOf(cell).toLowerCase()));
  const { words, conditions, unclear } = conditionsOf(asked, heads);
  const impossible = new Map(wordsOnly(conditions, texts, heads));
  const usable = conditions.filter((one) => !impossible.has(one));
  rows.forEach((row, place) => {
    const own = texts[place];
    row.hidden = !(
      words.every((word) => own.some((text) => text.includes(word))) &&
      usable.every((one) => holds(own[one.column], one))
    );
    const below = samplesBelow(row);
    if (below) below.hidden = row.hidden;
  });
  const shown = rows.filter((row) => !row.hidden).length;
  const count = asked ? `${shown} of ${rows.length} rows` : "";
  const hint = shown || !words.length ? "" : namesOnly(words, heads);
  const says = [...new Set([...unclear, ...impossible.values(), hint])].filter(Boolean);
  const status = tools.querySelector("[role=status]");
  status.textContent = [count, ...says].join(says.length ? ". " : "");
  status.classList.toggle("unclear", says.length > 0);
  nameCsvButtons(table, shown, rows.length);
  table.dispatchEvent(new Event("rowschanged", { bubbles: true }));
}

/** Show all rows again. */
function unfilter(table) {
  const input = toolsOf(table.parentElement).querySelector("input");
  if (input && input.value) {
    input.value = "";
    filterRows(table);
  }
}

/** While some rows are hidden, buttons say which rows they copy, and there are two more. */
function nameCsvButtons(table, shown, all) {
  const [copyAll, loadAll, copyShown, loadShown] =
    toolsOf(table.parentElement).querySelectorAll("button");
  const some = shown < all;
  const name = (pressed, text) => {
    pressed.textContent = text;
    pressed.setAttribute("aria-label", `${text}: table ${table.dataset.name}`);
  };
  const of = some ? ` of all ${all} rows` : "";
  name(copyAll, `Copy CSV${of}`);
  name(loadAll, `Download CSV${of}`);
  name(copyShown, `Copy CSV of the ${shown} shown`);
  name(loadShown, `Download CSV of the ${shown} shown`);
  for (const one of [copyShown, loadShown]) one.hidden = !some || !shown;
}

for (const table of TABLES) {
  const tools = toolsOf(table.parentElement);
  const name = table.dataset.name;
  const long = rowsOf(table).length >= LONG;
  if (long) {
    const id = `filter-${name}`;
    const hint = "words, or instability < 2";
    const input = element("input", { type: "search", id, placeholder: hint });
    input.addEventListener("input", () => filterRows(table));
    tools.append(element("label", { for: id }, "Filter rows"), input);
    tools.append(element("span", { role: "status" }));
  }
  const every = () => tableCsv(table, rowsOf(table));
  const visible = () => tableCsv(table, rowsOf(table).filter((row) => !row.hidden));
  tools.append(...csvButtons(`table ${name}`, `${name}.csv`, every));
  if (long) {
    tools.append(...csvButtons(`table ${name}`, `${name}-filtered.csv`, visible));
    nameCsvButtons(table, rowsOf(table).length, rowsOf(table).length);
  }
}
