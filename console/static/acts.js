// What is typed on a case is kept on the server while it is typed, and ready texts go in without a new page.
// Without this script a button keeps the text, and another one puts the ready text in.
"use strict";
(() => {
  const pause = document.getElementById("pause"), opened = () => {
    if (pause && location.hash === "#pause") { pause.open = true; pause.querySelector("input:not([type=hidden]):enabled")?.focus(); }
  };
  window.addEventListener("hashchange", opened);
  opened();
  const AFTER_MS = 1500;
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const field = form.querySelector("textarea[name=text]"), said = form.querySelector("[data-kept]");
    if (!field) continue;
    let timer = 0, gone = false, kept = field.value;
    const keep = async (last) => {
      clearTimeout(timer);
      if (gone || field.value === kept) return;
      const text = field.value, body = new URLSearchParams({ quiet: "1", text });
      for (const name of ["csrf", "purpose", "seen"]) body.set(name, form.elements[name].value);
      const answer = await fetch(form.dataset.draft, { method: "POST", body, keepalive: last }).catch(() => null);
      if (answer?.status !== 204) return;
      kept = text;
      // What is kept is not lost by leaving: the page need not ask.
      field.defaultValue = text;
      if (said) said.textContent = said.dataset.kept;
    };
    field.addEventListener("input", () => {
      if (said) said.textContent = "";
      clearTimeout(timer);
      timer = setTimeout(keep, AFTER_MS, false);
    });
    form.addEventListener("submit", () => { gone = true; clearTimeout(timer); });
    window.addEventListener("pageshow", () => { gone = false; });
    document.addEventListener("visibilitychange", () => { if (document.hidden) keep(true); });
    form.querySelector("[data-keep]")?.setAttribute("hidden", "");
    form.querySelector("[data-script]")?.removeAttribute("hidden");

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

    const put = form.querySelector("[data-put]");
    put?.addEventListener("click", (event) => {
      event.preventDefault();
      const chosen = form.querySelector("select[data-texts]")?.selectedOptions[0], words = chosen?.dataset.text;
      if (!words) return;
      const gap = field.value.indexOf("\n\n\n\n");
      const at = gap >= 0 ? gap + 2 : field.selectionStart === field.value.length && field.value ? field.value.length : field.selectionStart;
      field.setRangeText(words, at, gap >= 0 ? at : field.selectionEnd, "end");
      const blank = field.value.indexOf("____", at);
      field.focus();
      if (blank >= 0 && blank < at + words.length) field.setSelectionRange(blank, blank + 4);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
})();
