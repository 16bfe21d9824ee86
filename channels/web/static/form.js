// Comfort only: every page works without this file. It counts near the limit, lists chosen files and says at once when
// they are too many or too large, keeps a second tap from looking like nothing happened, and copies the reference.
(() => {
  "use strict";
  const nearly = 0.9;
  const MB = 1000 * 1000;

  // A size as the page's language writes it: "3 kB", "1,2 Mo".
  const sized = (bytes) => {
    const [amount, unit] = bytes < MB ? [Math.ceil(bytes / 1000), "kilobyte"] : [bytes / MB, "megabyte"];
    return amount.toLocaleString(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: 1 });
  };

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

  for (const input of document.querySelectorAll("input[type=file]")) {
    const list = document.createElement("ul");
    list.className = "picked";
    const note = document.createElement("p");
    note.className = "wrong";
    note.setAttribute("role", "status");
    input.after(note, list);
    input.addEventListener("change", () => {
      const files = [...input.files];
      const total = files.reduce((sum, file) => sum + file.size, 0);
      list.replaceChildren(...files.map((file) => {
        const row = document.createElement("li");
        const [name, size] = [document.createElement("span"), document.createElement("span")];
        name.textContent = file.name;
        size.className = "size";
        size.textContent = sized(file.size);
        row.append(name, size);
        return row;
      }));
      note.textContent = files.length > 10 ? input.dataset.many : total > 20 * MB ? input.dataset.large : "";
    });
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
