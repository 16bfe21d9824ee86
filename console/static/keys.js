// The sheet of keys in place: "?" shows it over the page where one is, and away again, with the focus where it was.
// Without this script its link leads to a page.
"use strict";
(() => {
  const link = document.querySelector("[data-keys]"), dialog = document.getElementById("keys");
  // On the page of keys itself the sheet is there.
  if (!link || !dialog || document.querySelector("main [data-sheet]")) return;
  const sheet = dialog.querySelector("[data-sheet]");
  const open = async () => {
    if (!sheet.childElementCount) {
      const answer = await fetch(link.href).catch(() => null);
      const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main [data-sheet]");
      if (!page) { location.href = link.href; return; }
      sheet.append(...page.childNodes);
    }
    if (dialog.open) return;
    dialog.showModal();
    dialog.focus();
  };
  link.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  // No key of the page behind does anything meanwhile.
  window.addEventListener("keydown", (event) => {
    if (!dialog.open) return;
    event.stopImmediatePropagation();
    if (event.key === "?") { event.preventDefault(); dialog.close(); }
  }, true);
})();
