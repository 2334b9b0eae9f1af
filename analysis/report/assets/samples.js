"use strict";
// The samples behind a row, which unfold below it.
//
// DATA.samples.columns are columns of all trials. One has `values` (numbers or null), `texts`, or
// few `words` and the `codes` of which one each trial has. `vary`: shown only where the samples
// differ in it. `of`: shown only in tables that measure it.

const BREAK = /\s+/;

/** "0-8 12" as numbers. */
function trialsOf(row) {
  return row.dataset.trials.split(BREAK).flatMap((span) => {
    const [first, last = first] = span.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function valueOf(column, trial) {
  if (column.words) return column.words[column.codes[trial]];
  return (column.texts || column.values)[trial];
}

function shownColumns(trials, measured) {
  return DATA.samples.columns.filter((column) => {
    if (column.of && !measured.includes(column.of)) return false;
    const values = new Set(trials.map((trial) => valueOf(column, trial)));
    if (column.vary) return values.size > 1;
    return [...values].some((value) => value !== null && value !== "");
  });
}

function sampleText(column, value) {
  if (value === null || value === "") return "\u2013";
  if (typeof value !== "number") return value;
  const text = column.digits ? value.toFixed(column.digits) : String(value);
  return text.replace("-", "\u2212");
}

/** A cell: of a run, the beginning of its id, and a link to MLflow where its server is known. */
function sampleCell(column, trial) {
  const text = sampleText(column, valueOf(column, trial));
  const sweep = valueOf(DATA.samples.columns[0], trial);
  if (!column.run) return element("td", {}, text);
  const link = DATA.samples.links[sweep];
  const short = text.slice(0, 8);
  const shown = link ? element("a", { href: link + text }, short) : short;
  return element("td", { title: text }, shown);
}

function sampleTable(trials, columns, label) {
  const heads = columns.map((column) => element("th", { scope: "col" }, column.label));
  const rows = trials.map((trial) =>
    element("tr", {}, ...columns.map((column) => sampleCell(column, trial))),
  );
  return element(
    "table",
    { "aria-label": label },
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
  );
}

/** What a row is about: "IMP, weights left % 8.6, rewind k 0". */
function nameOf(row) {
  const heads = headsOf(row.closest("table"));
  const names = heads.map(textOf);
  const until = Math.max(names.indexOf("rewind k"), heads.findLastIndex(isName)) + 1;
  const texts = [...row.cells].slice(0, Math.max(until, 1)).map(textOf);
  return texts.map((text, i) => (i === 0 || isName(heads[i]) ? text : `${names[i]} ${text}`)).join(", ");
}

function unfold(row) {
  const table = row.closest("table");
  const trials = trialsOf(row);
  const columns = shownColumns(trials, table.dataset.measured.split(BREAK));
  const what = nameOf(row);
  const many = trials.length === 1 ? "1 sample" : `${trials.length} samples`;
  const csv = () =>
    csvOf([
      columns.map((column) => column.label),
      ...trials.map((trial) => columns.map((column) => valueOf(column, trial) ?? "")),
    ]);
  const box = element(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": `Samples of ${row.id}` },
    sampleTable(trials, columns, `${many} of ${what}`),
  );
  const tools = element("div", { class: "tools" }, `${many} of ${what}`);
  tools.append(...csvButtons(`${many} of ${what}`, `${row.id}.csv`, csv));
  const cell = element("td", { colspan: row.cells.length });
  cell.append(element("div", { class: "unfolded" }, tools, box));
  row.after(element("tr", { class: "samples", id: `${row.id}-samples` }, cell));
  withCue(box);
}

function toggle(row) {
  const below = samplesBelow(row);
  const opener = row.querySelector(".open");
  if (below) below.remove();
  else unfold(row);
  opener.setAttribute("aria-expanded", String(!below));
}

for (const row of document.querySelectorAll("tr[data-trials]")) {
  const head = row.cells[0];
  const opener = button("", () => toggle(row));
  opener.className = "open";
  opener.setAttribute("aria-expanded", "false");
  opener.dataset.text = head.textContent;
  opener.append(...head.childNodes, element("span", { class: "hidden" }, ", samples"));
  head.append(opener);
  row.addEventListener("click", (event) => {
    if (event.target.closest("button, a") || String(window.getSelection())) return;
    toggle(row);
  });
}
