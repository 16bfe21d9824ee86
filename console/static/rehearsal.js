// A rehearsal as it runs, and judging its cases without leaving the page. Without this script the page is looked at again by a
// link, and each judgement comes back to it.
"use strict";
(() => {
  const place = document.getElementById("found"), heard = document.getElementById("heard");
  if (!place) return;
  const state = () => place.querySelector("[data-state]");
  const runs = () => state()?.dataset.state === "running";

  // While it runs, its part of the page is asked for again every second. What had the focus has it again.
  const look = async () => {
    try {
      const answer = await fetch(place.dataset.found + location.search, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.redirected) return;
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html"), had = document.activeElement?.id;
        place.replaceChildren(...fresh.body.childNodes);
        if (had && !document.getElementById(document.activeElement?.id)) document.getElementById(had)?.focus();
      }
    } catch {
      // The connection is lost for a moment: the next look tells.
    }
    if (runs()) setTimeout(look, 1000);
    else if (state()) heard.textContent = state().textContent;
  };
  if (runs()) setTimeout(look, 1000);

  const judge = async (form, button) => {
    const body = new URLSearchParams(new FormData(form));
    body.set("judged", button.value);
    body.set("quiet", "1");
    const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
    if (!answer?.ok || answer.redirected) { form.requestSubmit(button); return; }
    const said = await answer.json(), row = form.closest(".change"), verdict = row.querySelector("[data-verdict]");
    for (const one of form.querySelectorAll("button[name=judged]")) one.removeAttribute("aria-pressed");
    button.setAttribute("aria-pressed", "true");
    verdict.textContent = said.judged;
    verdict.hidden = false;
    document.getElementById("judged").textContent = said.sums;
    heard.textContent = `${row.querySelector("[data-step]").textContent}: ${said.judged}. ${said.sums}`;
  };
  // Before the page's own look at forms that are sent: this one does not leave the page.
  place.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(".judge") || !event.submitter || form.dataset.tried) return;
    event.preventDefault();
    event.stopPropagation();
    form.dataset.tried = "1";
    judge(form, event.submitter).finally(() => { delete form.dataset.tried; });
  });

  let off = false;
  try { off = localStorage.getItem("keys") === "off"; } catch { /* As on every page: without storage the keys stay. */ }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const row = event.target.closest(".change");
    if (off || typing || !row || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = row.querySelector(`button[aria-keyshortcuts="${CSS.escape(event.key)}"]`);
    if (!button) return;
    event.preventDefault();
    button.form.requestSubmit(button);
    const links = [...place.querySelectorAll("[data-step]")], next = links[links.indexOf(row.querySelector("[data-step]")) + 1];
    if (next) { next.focus(); next.scrollIntoView({ block: "center" }); }
  });
})();
