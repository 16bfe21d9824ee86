// What makes lists better with a script: their addresses stay short.
"use strict";
(() => {
  const form = document.querySelector("[data-filters]");
  if (!form) return;
  // An address holds only what was chosen, so that it can be read and sent on.
  const leaveOutEmpty = () => { for (const field of form.elements) field.disabled = field.name !== "" && field.value === ""; };
  form.addEventListener("submit", leaveOutEmpty);
  window.addEventListener("pageshow", () => { for (const field of form.elements) field.disabled = false; });
})();
