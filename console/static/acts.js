// What is typed on a case is kept on the server while it is typed, and ready texts go in without a new page.
// Without this script a button keeps the text, and another one puts the ready text in.
"use strict";
(() => {
  const pause = document.getElementById("pause"), correct = document.getElementById("correct"), opened = () => {
    if (pause && location.hash === "#pause") { pause.open = true; pause.querySelector("input:not([type=hidden]):enabled")?.focus(); }
    // What is doubted, in the card where it is corrected.
    const doubted = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (doubted && correct?.contains(doubted)) doubted.focus();
  };
  window.addEventListener("hashchange", opened);
  opened();
  // An address that is there already changes nothing, and its place is wanted all the same.
  document.querySelector('[data-key="e"]')?.addEventListener("click", () => setTimeout(opened));
  document.querySelector('[data-key="p"]')?.addEventListener("click", () => setTimeout(opened));

  // Everything that is folded in the story at once, or the part in which one is.
  const foldAll = document.querySelector("[data-fold]"), folds = [...document.querySelectorAll(".story details.more")];
  const fold = () => {
    const near = document.activeElement?.closest("article")?.querySelectorAll("details.more") ?? [];
    const these = near.length ? [...near] : folds, open = these.some((one) => !one.open);
    for (const one of these) one.open = open;
  };
  if (foldAll && folds.length) { foldAll.hidden = false; foldAll.addEventListener("click", fold); }

  // The words that spoke for a finding: its number leads to the first of them, and then to the next.
  const jump = (number) => {
    const marks = [...document.querySelectorAll(`mark[data-evidence~="${number}"]`)];
    const next = marks[(marks.indexOf(document.activeElement) + 1) % marks.length];
    if (!next) return;
    const folded = next.closest("details");
    if (folded) folded.open = true;
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  };
  for (const button of document.querySelectorAll("[data-jump]")) {
    if (!document.querySelector(`mark[data-evidence~="${button.dataset.jump}"]`)) continue;
    button.hidden = false;
    button.addEventListener("click", () => jump(button.dataset.jump));
  }

  let keysOff = false;
  try { keysOff = localStorage.getItem("keys") === "off"; } catch { /* A browser without storage keeps its keys. */ }
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input, textarea, select, [contenteditable]");
    if (field && event.key === "Escape" && field.closest("#write, .side")) {
      // Out of the field, to what opens it: the single keys work again, and nothing is lost.
      const summary = field.closest("details")?.querySelector("summary");
      if (summary) summary.focus(); else field.blur();
      return;
    }
    if (field || keysOff || event.ctrlKey || event.metaKey || event.altKey) return;
    // Escape closes what is open, and leads back to the list only where nothing is and nothing unsent would be lost.
    const held = () => event.defaultPrevented || document.querySelector("dialog[open], details.me[open]")
      || [...document.querySelectorAll("form[data-unsent] textarea")].some((one) => one.value !== one.defaultValue);
    const way = ["j", "k", "Escape"].includes(event.key) && document.querySelector(`.back [data-key="${event.key}"]`);
    if (way) { if (event.key !== "Escape" || !held()) way.click(); }
    else if (event.key === "e") document.querySelector('[data-key="e"]')?.click();
    else if (event.key === "f" && foldAll) fold();
    else if (/^[1-9]$/.test(event.key)) jump(event.key);
  });
  const AFTER_MS = 1500;
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const field = form.querySelector("textarea[name=text]"), said = form.querySelector("[data-kept]");
    if (!field) continue;
    // Of a closing the other fields are kept with the text: its outcome, and what was done.
    const whole = () => (form.elements.measures ? new URLSearchParams(new FormData(form)) : new URLSearchParams({ text: field.value }));
    let timer = 0, gone = false, kept = whole().toString();
    const keep = async (last) => {
      clearTimeout(timer);
      const body = whole(), now = body.toString();
      if (gone || now === kept) return;
      body.set("quiet", "1");
      for (const name of ["csrf", "purpose", "seen"]) body.set(name, form.elements[name].value);
      const answer = await fetch(form.dataset.draft, { method: "POST", body, keepalive: last }).catch(() => null);
      if (answer?.status !== 204) return;
      kept = now;
      // What is kept is not lost by leaving: the page need not ask.
      for (const [name, value] of body) if (form.elements[name]?.tagName === "TEXTAREA") form.elements[name].defaultValue = value.replaceAll("\r\n", "\n");
      if (said) said.textContent = said.dataset.kept;
    };
    (form.elements.measures ? form : field).addEventListener("input", () => {
      if (said) said.textContent = "";
      clearTimeout(timer);
      timer = setTimeout(keep, AFTER_MS, false);
    });
    form.addEventListener("submit", (event) => {
      const went = gone;
      gone = true; clearTimeout(timer);
      // Who was asked whether to leave other words unsent, and stays, goes on writing.
      setTimeout(() => { gone = went || !event.defaultPrevented; });
    });
    window.addEventListener("pageshow", () => { gone = false; });
    document.addEventListener("visibilitychange", () => { if (document.hidden) keep(true); });
    form.querySelector("[data-keep]")?.setAttribute("hidden", "");

    // To whom of several it goes: the greeting, the label and the button say so too, unless the greeting was changed by hand.
    const to = form.querySelector("select[data-to]");
    let greeted = to?.selectedOptions[0];
    to?.addEventListener("change", () => {
      const one = to.selectedOptions[0], send = form.querySelector("[data-send-words]");
      const [old, fresh] = [greeted, one].map((option) => option.dataset.opening.split("\n")[0]);
      if (field.value.startsWith(`${old}\n`)) field.setRangeText(fresh, 0, old.length, "preserve");
      greeted = one;
      field.lang = one.lang;
      if (send) send.textContent = send.dataset.sendWords.replace("{name}", one.dataset.name).replace("{way}", one.dataset.way);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });

    // A ready text goes in at the caret where somebody has put one, else at the end: behind the greeting, before the signature,
    // a paragraph of its own and only once (console/placing.py, which does it without a caret).
    let touched = false;
    for (const type of ["keydown", "pointerdown"]) field.addEventListener(type, () => { touched = true; });
    const place = (words, opening) => {
      const text = field.value, [head, tail = ""] = opening.split("\n\n\n\n"), lines = `\n${text}\n`;
      const found = `\n${lines}\n`.indexOf(`\n\n${words}\n\n`);
      if (found >= 0) return found;
      const signed = [tail, tail.split("\n")[0]].filter(Boolean).map((sign) => lines.lastIndexOf(`\n${sign}\n`)).find((at) => at >= 0);
      const end = signed ?? text.length, first = text.split("\n")[0];
      const start = Math.min(end, head && (first === head || first.endsWith(",")) ? first.length : 0);
      let at = touched && field.selectionEnd > start && field.selectionEnd <= end ? field.selectionEnd : end;
      // Nobody's sentence is cut: the text stands behind the paragraph in which the caret is.
      if (text.slice(0, at).trim() && !/\n\s*$/.test(text.slice(0, at))) at = Math.min(end, at + text.slice(at).search(/\n\s*\n|$/));
      const before = text.slice(0, at).trimEnd(), after = text.slice(at).trimStart();
      field.setRangeText(`${before ? "\n\n" : ""}${words}${after ? "\n\n" : ""}`, before.length, text.length - after.length, "end");
      return before ? before.length + 2 : 0;
    };
    const put = form.querySelector("[data-put]");
    put?.addEventListener("click", (event) => {
      event.preventDefault();
      const select = form.querySelector("select[data-texts]"), words = select?.selectedOptions[0].dataset.text;
      if (!words) return;
      const at = place(words, to?.selectedOptions[0].dataset.opening ?? field.dataset.opening);
      // It is in: a form that is refused brings no second one.
      select.value = "";
      touched = true;
      field.focus();
      const blank = words.indexOf("____");
      if (blank >= 0) field.setSelectionRange(at + blank, at + blank + 4);
      else field.setSelectionRange(at + words.length, at + words.length);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
})();
