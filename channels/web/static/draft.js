// What is written in the form is kept in this browser until it is sent, deleted, or a day old; nothing of it leaves by this.
// On a page that came back empty it is put in again; on a form that is opened anew it is offered first.
(() => {
  "use strict";
  const slot = "guichet.form";
  const day = 24 * 60 * 60 * 1000;
  const form = document.getElementById("form");
  const offer = document.querySelector("[data-draft]");

  // The newest form is kept for the browser, and each tab keeps its own: forms in two tabs are two messages.
  const read = (where) => {
    try {
      const draft = JSON.parse(window[where].getItem(slot));
      return draft && Date.now() - draft.at < day ? draft : null;
    } catch {
      return null; // Storage that is switched off or broken: the form works without.
    }
  };
  const forget = (...places) => {
    try {
      for (const where of places) window[where].removeItem(slot);
    } catch { /* As above. */ }
  };
  const own = read("sessionStorage");
  const newest = read("localStorage");
  // Which form this tab has sent: gone back to, it is no draft again.
  const sent = (key) => {
    try {
      if (key) sessionStorage.setItem(`${slot}.sent`, key);
      return sessionStorage.getItem(`${slot}.sent`);
    } catch {
      return null; // As above.
    }
  };
  if (!form) {
    // The receipt and the case page: what was written has been sent.
    if (document.querySelector("[data-sent]")) {
      const key = sent(own?.values.key);
      forget("sessionStorage");
      // What another tab has written meanwhile is still a draft.
      if (newest?.values.key === key) forget("localStorage");
    }
    return;
  }

  const mine = new Set(["csrf", "page", "website", "proof"]);
  const fields = () => [...form.elements].filter((field) => field.name && field.type !== "file" && field.type !== "submit"
    && !mine.has(field.name));
  const values = () => Object.fromEntries(fields().map((field) => [field.name, field.value]));
  const said = (all) => Object.entries(all).some(([name, value]) => !["key", "since"].includes(name) && value.trim());

  let last;
  const save = () => {
    const now = values();
    if (!said(now) || now.key === sent()) return false;
    // What has not changed is not written over what another tab has written since.
    const text = JSON.stringify(now);
    if (text === last) return true;
    try {
      for (const where of ["sessionStorage", "localStorage"]) {
        window[where].setItem(slot, JSON.stringify({ at: Date.now(), values: now }));
      }
      last = text;
      return true;
    } catch {
      return false; // As above, or full: what is on the page is still there.
    }
  };
  const put = (draft) => {
    for (const [name, value] of Object.entries(draft.values)) {
      const field = form.elements[name];
      if (field) field.value ||= value;
      else if (value) {
        const carried = document.createElement("input");
        Object.assign(carried, { type: "hidden", name, value });
        form.append(carried);
      }
    }
    for (const more of form.querySelectorAll("details")) more.open ||= [...more.querySelectorAll("input")].some((field) => field.value);
    form.querySelector("textarea")?.dispatchEvent(new Event("input", { bubbles: true }));
    form.dispatchEvent(new Event("restored"));
  };

  const use = (draft) => {
    form.elements.key.value = draft.values.key;
    form.elements.kept.value = draft.values.kept ?? "";
    // When a form was begun is signed together with its key.
    form.elements.since.value = draft.values.since ?? "";
    put(draft);
  };

  const empty = !said(values());
  const bare = Number(form.dataset.page) > 1 && empty;
  // Whoever reloads or goes back is in the middle of it; whoever comes anew is asked first.
  const returning = ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type);
  const mineFirst = returning || bare || own?.values.key === form.elements.key.value;
  const draft = mineFirst ? own ?? newest : newest ?? own;
  if (draft && draft.values.key === form.elements.key.value) {
    // The page is as the house drew it; files have come and gone since.
    if (returning) form.elements.kept.value = draft.values.kept ?? "";
    put(draft);
  } else if (draft && (bare || (empty && returning))) {
    use(draft);
    // The last page shows all answers, which only the house can draw.
    if (document.querySelector(".answers")) {
      form.action = form.dataset.here;
      form.submit();
    }
  } else if (bare) location.replace(location.pathname);
  else if (draft && offer && !said(values())) {
    offer.querySelector("time").textContent = new Date(draft.at).toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
    offer.hidden = false;
    offer.querySelector("[data-draft-use]").addEventListener("click", () => {
      use(draft);
      offer.hidden = true;
      form.querySelector("textarea, input:not([type=hidden])").focus();
    });
  }

  // Once it is kept, reloading asks for the page instead of sending the one before again.
  if (save()) history.replaceState(null, "", form.dataset.here);

  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(save, 300);
  });
  // A page may be left at any moment, on a phone without another word.
  addEventListener("pagehide", save);
  for (const button of document.querySelectorAll("[data-draft-delete]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      removeEventListener("pagehide", save);
      clearTimeout(waiting);
      forget("sessionStorage", "localStorage");
      location.replace(button.dataset.draftDelete);
    });
  }
})();
