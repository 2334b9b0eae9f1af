"use strict";
// What the scripts share: the page's data, its tables and their rows.

const DATA = JSON.parse(document.getElementById("data").textContent);
const TABLES = [...document.querySelectorAll("table.data")];

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function button(text, act) {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", () => act(made));
  return made;
}

/** The rows of results, without those that hold samples. */
function rowsOf(table) {
  return [...table.tBodies[0].rows].filter((row) => !row.classList.contains("samples"));
}

function headsOf(table) {
  return [...table.tHead.rows[0].cells];
}

/** Whether a column is of names, which are words whatever they look like. */
function isName(head) {
  return head.classList.contains("name");
}

/** The row of samples below a row, or null. */
function samplesBelow(row) {
  const next = row.nextElementSibling;
  return next && next.classList.contains("samples") ? next : null;
}

/** What a cell says: without the words that are for screen readers. */
function textOf(cell) {
  const button = cell.querySelector("button");
  return ((button && button.dataset.text) || cell.textContent).trim();
}

/** The number that a text begins with; NaN if it begins with none. */
function numberOf(text) {
  return parseFloat(text.replace("\u2212", "-"));
}

/** The row of controls above a table or below a figure. */
function toolsOf(place) {
  let tools = place.parentElement.querySelector(":scope > .tools");
  if (!tools) {
    tools = element("div", { class: "tools" });
    place.before(tools);
  }
  return tools;
}
