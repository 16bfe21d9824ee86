// Ctrl+K: go anywhere or do anything. What it offers are the links and the buttons of the page itself, so it never offers what
// the page does not; what is none of them is searched for. Without this script there is the search page.
"use strict";
(() => {
  const opener = document.querySelector("[data-go]"), dialog = document.getElementById("go");
  if (!opener || !dialog) return;
  const field = dialog.querySelector("input"), list = dialog.querySelector("ul"), said = dialog.dataset, MOST = 12;
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
  const words = (element) => {
    const copy = element.cloneNode(true);
    for (const extra of copy.querySelectorAll("kbd, .counts, .count, svg, [aria-hidden]")) extra.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  let offered = [], at = 0;

  const places = () => [...document.querySelectorAll(".rail a[href], .me-menu a[href], .top a.new-entry[href], .tabs a[href]")]
    .map((link) => ({ text: words(link), kind: link.closest(".tabs") ? said.here : "", run: () => link.click() }));
  const doings = () => [...document.querySelectorAll("main [data-key], .row-link")].filter((one) => one.checkVisibility?.() ?? true)
    .map((one) => ({ text: words(one), kind: one.matches(".row-link") ? said.listed : said.act, key: one.dataset.key, run: () => one.click() }));
  const found = (typed) => {
    const asked = fold(typed).split(" ").filter(Boolean), seen = new Set();
    const fits = [...places(), ...doings()].filter((one) => {
      const text = fold(one.text), known = `${text}|${one.kind}`;
      if (!text || seen.has(known) || !asked.every((word) => text.includes(word))) return false;
      seen.add(known);
      return true;
    });
    // What begins with the words comes before what holds them.
    const rank = (one) => (asked.length && fold(one.text).startsWith(asked[0]) ? 0 : 1);
    fits.sort((one, other) => rank(one) - rank(other));
    const search = { text: said.search.replace("{words}", typed.trim()), kind: "", run: () => { location.href = `/console/search?q=${encodeURIComponent(typed.trim())}`; } };
    // Digits are a reference or a number of somebody: that is what the search knows.
    if (!typed.trim() || !said.search) return fits.slice(0, MOST);
    return /\d/.test(typed) ? [search, ...fits.slice(0, MOST - 1)] : [...fits.slice(0, MOST - 1), search];
  };

  const mark = () => {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    const item = list.children[at];
    if (item) { field.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-expanded", String(Boolean(item)));
  };
  const draw = () => {
    offered = found(field.value);
    at = 0;
    list.replaceChildren(...offered.map((one, index) => {
      const item = document.createElement("li"), text = document.createElement("span"), kind = document.createElement("span");
      item.id = `go-${index}`; item.setAttribute("role", "option");
      text.textContent = one.text; kind.className = "soft small"; kind.textContent = one.kind;
      item.append(text, kind);
      if (one.key) { const key = document.createElement("kbd"); key.textContent = one.key; item.append(key); }
      item.addEventListener("click", () => run(index));
      return item;
    }));
    mark();
  };
  const run = (index) => {
    const one = offered[index];
    if (!one) return;
    dialog.close();
    one.run();
  };
  const open = () => { field.value = ""; draw(); dialog.showModal(); field.focus(); };

  opener.hidden = false;
  opener.addEventListener("click", open);
  field.addEventListener("input", draw);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % Math.max(1, offered.length);
      mark();
    } else if (event.key === "Enter") run(at);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (dialog.open) dialog.close(); else open();
  });

  // "g" and then a letter goes to a place; a letter alone after it does what it always does.
  let waits = 0, off = false;
  try { off = localStorage.getItem("keys") === "off"; } catch { /* As on every page: without storage the keys stay. */ }
  const goes = { q: "/console/", m: "/console/mine", s: said.supervision };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (off || typing || dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "g") { waits = event.timeStamp; return; }
    const path = event.timeStamp - waits < 1500 && goes[event.key];
    waits = 0;
    if (!path) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    location.href = path;
  }, true);
})();
