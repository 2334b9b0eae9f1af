"use strict";
// A table's cells as plain numbers: "64.3 ± 16.4" becomes two columns of its CSV.

const NUMBER = "([+-]?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)";
const NOTE = "(?: \\(([^()]*)\\))?";

/** What cells may say, by the columns that it becomes. "" is the column's own name. */
const FORMS = [
  [`${NUMBER} \\(${NUMBER} to ${NUMBER}\\)`, ["", "low", "high"]],
  [`${NUMBER}(?: ([^\\s\\d(]+))?${NOTE}`, ["", "unit", "note"]],
  [`${NUMBER} ± ${NUMBER}(?: ([^\\s\\d(]+))?${NOTE}`, ["", "deviation", "unit", "note"]],
  [`${NUMBER} to ${NUMBER}(?: ([^\\s\\d(]+))?`, ["low", "high", "unit"]],
  [`${NUMBER} of ${NUMBER}(?:: (.*))?`, ["", "of", "note"]],
  [`between ${NUMBER} and ${NUMBER}${NOTE}`, ["not yet at", "", "note"]],
  [`from ${NUMBER} on${NOTE}`, ["", "note"]],
  [`not up to ${NUMBER}${NOTE}`, ["not yet at", "note"]],
  [`(yes|no|reference|never)${NOTE}`, ["", "note"]],
].map(([form, parts]) => [new RegExp(`^${form}$`), parts]);

const PARTS = ["", "deviation", "low", "high", "not yet at", "of", "unit", "note"];

/** Part -> text of a cell; null if it says something else than `FORMS` do. */
function partsOf(text) {
  const plain = text.replaceAll("\u2212", "-");
  if (plain === "" || plain === "\u2013") return {};
  for (const [form, parts] of FORMS) {
    const found = form.exec(plain);
    if (found) return Object.fromEntries(parts.map((part, i) => [part, found[i + 1] ?? ""]));
  }
  return null;
}

/** The head and the cells of each column that a table's column becomes. */
function columnsFrom(head, texts, named) {
  const cells = named ? [null] : texts.map(partsOf);
  if (cells.includes(null)) {
    return [[head, ...texts.map((text) => (text === "\u2013" ? "" : text))]];
  }
  const used = PARTS.filter((part) => cells.some((cell) => cell[part]));
  const both = /^(.+) \((.+)\)$/.exec(head); // "n (inits)" above "9 (3)"
  const name = both && used.includes("note") ? both[1] : head;
  const headOf = (part) => {
    if (part === "note" && name !== head) return both[2];
    if (part === "") return used.includes("deviation") ? `${name} mean` : name;
    return `${name} ${part}`;
  };
  if (!used.length) return [[head, ...texts.map(() => "")]];
  return used.map((part) => [headOf(part), ...cells.map((cell) => cell[part] ?? "")]);
}

/** Some rows of a table as CSV. Which columns there are does not depend on the rows chosen. */
function tableCsv(table, rows) {
  const every = rowsOf(table);
  const columns = headsOf(table).flatMap((head, place) =>
    columnsFrom(
      textOf(head),
      every.map((row) => textOf(row.cells[place])),
      isName(head),
    ),
  );
  const places = [0, ...rows.map((row) => every.indexOf(row) + 1)];
  return csvOf(places.map((place) => columns.map((column) => column[place])));
}
