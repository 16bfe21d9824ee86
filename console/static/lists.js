// What makes lists better with a script: short addresses, and keys that choose cases and act on them.
// Without it the boxes and buttons do the same.
"use strict";
(() => {
  const form = document.querySelector("[data-filters]");
  if (!form) return;
  // An address holds only what was chosen, so that it can be read and sent on.
  const leaveOutEmpty = () => { for (const field of form.elements) field.disabled = field.name !== "" && field.value === ""; };
  form.addEventListener("submit", leaveOutEmpty);
  window.addEventListener("pageshow", () => { for (const field of form.elements) field.disabled = false; });
})();
(() => {
  const list = document.getElementById("list"), acts = document.getElementById("acts");
  const rows = [...document.querySelectorAll("#list .row")], linkOf = (row) => row.querySelector(".row-link");
  // After an act the next case has the focus: the one that stands where the last one stood.
  if (list?.dataset.at && rows.length) linkOf(rows[Math.min(Number(list.dataset.at), rows.length) - 1] ?? rows[0]).focus();
  if (!acts) return;

  const boxOf = (row) => row.querySelector("input[type=checkbox]"), nameOf = (row) => linkOf(row).textContent.trim();
  const chosen = () => rows.filter((row) => boxOf(row)?.checked);
  const words = acts.querySelector(".picked"), said = words.dataset, every = acts.querySelector("[data-every]");
  let stands = document.activeElement.closest?.(".row"), last = null;
  const say = () => {
    const n = chosen().length;
    for (const row of rows) {
      row.classList.toggle("chosen", Boolean(boxOf(row)?.checked));
      row.classList.toggle("stands", !n && row === stands);
    }
    acts.classList.toggle("with-chosen", n > 0);
    words.textContent = n ? (n === 1 ? said.one : said.many.replace("{n}", n))
      : !stands ? said.none : boxOf(stands) ? said.here.replace("{who}", nameOf(stands)) : said.sealed;
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest(".row");
    if (row) { stands = row; say(); }
  });
  document.addEventListener("change", (event) => {
    if (event.target.form === acts && event.target.type === "checkbox") { last = event.target.closest(".row"); say(); }
  });
  every.hidden = false;
  acts.classList.add("scripted");
  every.addEventListener("click", () => {
    const boxes = rows.map(boxOf).filter(Boolean), all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
    say();
  });

  // With nothing chosen an act is for the case that has, or last had, the focus.
  acts.addEventListener("submit", (event) => {
    let first = chosen()[0];
    if (!first && stands) {
      const box = boxOf(stands);
      if (!box) { event.preventDefault(); event.stopImmediatePropagation(); say(); return; }
      box.checked = true;
      first = stands;
    }
    if (first) acts.elements.at.value = rows.indexOf(first) + 1;
  }, true);
  // Who comes back by "back" finds nothing chosen that they do not see.
  window.addEventListener("pageshow", say);

  const parts = [...acts.querySelectorAll("details")];
  for (const part of parts) {
    part.addEventListener("toggle", () => {
      if (!part.open) return;
      for (const other of parts) if (other !== part) other.open = false;
      part.querySelector("select").focus();
    });
  }
  acts.addEventListener("keydown", (event) => {
    const part = event.target.closest("details[open]");
    if (event.key !== "Escape" || !part) return;
    part.open = false;
    (stands ? linkOf(stands) : part.querySelector("summary")).focus();
  });

  const pick = (row, on) => { const box = boxOf(row); if (box) box.checked = on; };
  const choose = (withAll) => {
    const row = document.activeElement.closest(".row");
    if (!row || !boxOf(row)) return;
    const from = last && rows.indexOf(last), to = rows.indexOf(row);
    if (withAll && last) for (let at = Math.min(from, to); at <= Math.max(from, to); at += 1) pick(rows[at], true);
    else pick(row, !boxOf(row).checked);
    last = row;
    say();
  };
  let off = false;
  try { off = localStorage.getItem("keys") === "off"; } catch { /* As on every page: without storage the keys stay. */ }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("textarea, select, [contenteditable], input:not([type=checkbox])");
    if (off || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "x") choose(false);
    else if (event.key === "X") choose(true);
    else if (event.key === "t") acts.querySelector("[data-also]").click();
    else if ("1234".includes(event.key)) acts.querySelector(`[data-key="${event.key}"]`)?.click();
    else return;
    event.preventDefault();
  });
  say();
})();
