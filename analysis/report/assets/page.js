"use strict";
// The page around tables: contents, evidence, numbers of figures, specs, printing.

const WIDE = window.matchMedia("(min-width: 78rem)");
const CONTENTS = document.querySelector(".contents details");

function foldContents() {
  CONTENTS.open = WIDE.matches;
}
foldContents();
WIDE.addEventListener("change", foldContents);

// A link to evidence marks all rows that are meant.
for (const link of document.querySelectorAll("a[data-rows]")) {
  link.addEventListener("click", () => {
    document.querySelectorAll(".mark").forEach((row) => row.classList.remove("mark"));
    for (const id of link.dataset.rows.split(" ")) {
      const row = document.getElementById(id);
      unfilter(row.closest("table"));
      row.classList.add("mark");
    }
  });
}

for (const figure of document.querySelectorAll("figure.drawn")) {
  const name = figure.dataset.name;
  const csv = DATA.figures[name];
  if (csv) {
    const tools = element("div", { class: "tools" });
    tools.append(...csvButtons(`figure ${name}`, `${name}.csv`, () => csv));
    figure.querySelector("figcaption").before(tools);
  }
}

for (const text of document.querySelectorAll("pre.command, pre.spec")) {
  const what = text.classList.contains("command") ? "command" : "spec";
  const tools = element("div", { class: "tools" });
  tools.append(button(`Copy ${what}`, (pressed) => copy(text.textContent, pressed)));
  const file = text.dataset.file;
  if (file) tools.append(button(`Download ${file}`, () => download(file, text.textContent)));
  text.after(tools);
}

// What is folded is printed, too; the contents are not.
let folded = [];
window.addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open])")];
  folded.forEach((one) => (one.open = true));
});
window.addEventListener("afterprint", () => folded.forEach((one) => (one.open = false)));
