// Comfort only: every page works without this file. It counts near the limit, keeps a second tap from looking like nothing
// happened, and copies the reference.
(() => {
  "use strict";
  const nearly = 0.9;

  for (const area of document.querySelectorAll("textarea[data-most]")) {
    const most = Number(area.dataset.most);
    const note = document.createElement("p");
    note.className = "hint";
    note.setAttribute("aria-live", "polite");
    area.after(note);
    const count = () => {
      const length = [...area.value].length;
      note.textContent = length > most * nearly ? area.dataset.left.replace("{left}", most - length) : "";
    };
    area.addEventListener("input", count);
    count();
  }

  for (const form of document.querySelectorAll("form#form, form[enctype]")) {
    let sending = false;
    form.addEventListener("submit", (event) => {
      if (sending) event.preventDefault();
      sending = !event.submitter?.name;
      if (sending) form.querySelector(".button").setAttribute("aria-disabled", "true");
    });
    // Back from the next page finds the form usable again.
    addEventListener("pageshow", () => {
      sending = false;
      form.querySelector(".button").removeAttribute("aria-disabled");
    });
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
    });
  }

  for (const item of document.querySelectorAll("[data-print]")) {
    item.hidden = false;
    item.addEventListener("click", () => print());
  }

  // A browser that does not focus by `autofocus` on a plain element.
  document.querySelector("[autofocus]")?.focus();
})();
