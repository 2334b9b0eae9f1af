"use strict";
// Tables and numbers behind figures as CSV, to copy or to download.

function csvOf(rows) {
  const cell = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map((one) => cell(String(one))).join(",")).join("\n") + "\n";
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

async function copy(text, pressed) {
  const before = pressed.textContent;
  try {
    await navigator.clipboard.writeText(text);
    pressed.textContent = "Copied";
  } catch {
    pressed.textContent = copyByHand(text) ? "Copied" : "Not copied";
  }
  setTimeout(() => (pressed.textContent = before), 1500);
}

/** For browsers that keep the clipboard from pages which are files. */
function copyByHand(text) {
  const area = element("textarea", { class: "hidden" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Buttons that copy and download what `make` returns. */
function csvButtons(what, file, make) {
  const copying = button("Copy CSV", (pressed) => copy(make(), pressed));
  const loading = button("Download CSV", () => download(file, make()));
  copying.setAttribute("aria-label", `Copy CSV: ${what}`);
  loading.setAttribute("aria-label", `Download CSV: ${what}`);
  return [copying, loading];
}
