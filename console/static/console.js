// What makes the console quicker: keys, a warning before unsent text is lost, the undo count, the end of the session.
// Every page works without it.
"use strict";
(() => {
  const body = document.body, byKey = (key) => document.querySelector(`[data-key="${key}"]`);
  let keysOff = false;
  try { keysOff = localStorage.getItem("keys") === "off"; } catch { /* A browser without storage keeps its keys. */ }

  const choice = document.getElementById("keys-off");
  if (choice) {
    choice.checked = keysOff;
    choice.addEventListener("change", () => {
      keysOff = choice.checked;
      try { localStorage.setItem("keys", keysOff ? "off" : "on"); } catch { /* As above: for this page only. */ }
    });
  }

  const write = (id) => {
    const part = document.getElementById(id);
    if (!part) return;
    part.open = true;
    const field = part.querySelector("textarea");
    if (!field) {
      // Nothing can be written here: what opens it has the focus, and what stands there instead is in sight.
      part.querySelector("summary").focus({ preventScroll: true });
      part.scrollIntoView({ block: "center" });
      return;
    }
    field.focus();
    // After the greeting, where the answer goes.
    const gap = field.value.indexOf("\n\n\n");
    if (gap > 0 && field.value === field.defaultValue) field.setSelectionRange(gap + 2, gap + 2);
    field.scrollIntoView({ block: "center" });
  };
  // Where one is stands in sight, in a rail that is longer than the window.
  const rail = document.querySelector(".rail"), here = rail?.querySelector("[aria-current]");
  if (here && rail.scrollHeight > rail.clientHeight) {
    const below = here.getBoundingClientRect().bottom + 24 - rail.getBoundingClientRect().bottom;
    if (below > 0) rail.scrollTop = below;
  }
  const step = (by) => {
    const rows = [...document.querySelectorAll(".row-link, [data-step]")], at = rows.indexOf(document.activeElement);
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  const acts = {
    "/": () => { const q = document.getElementById("q"); if (q) { q.focus(); q.select(); } },
    "?": () => document.querySelector("[data-keys]")?.click(),
    j: () => step(1), k: () => step(-1), o: () => document.activeElement.closest(".row-link, [data-step]")?.click(),
    r: () => write("reply"), d: () => write("ask"), i: () => write("note"),
    a: () => byKey("a")?.click(), c: () => byKey("c")?.click(), p: () => byKey("p")?.click(), z: () => byKey("z")?.click(), n: () => byKey("n")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input, textarea, select, [contenteditable]");
    if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      field.form?.querySelector("[data-send]")?.click();
      return;
    }
    if (field || keysOff || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // Unsent text: ask once before it is lost. Nothing of it is kept in the browser.
  let sending = false;
  const unsent = () => [...document.querySelectorAll("form[data-unsent] textarea")].some((f) => f.value !== f.defaultValue);
  document.addEventListener("submit", (event) => {
    if (sending) { event.preventDefault(); return; }
    const own = event.target.matches("[data-unsent]");
    const others = [...document.querySelectorAll("form[data-unsent]")].some((form) =>
      form !== event.target && [...form.querySelectorAll("textarea")].some((f) => f.value !== f.defaultValue));
    if ((own ? others : unsent()) && !confirm(body.dataset.leave)) { event.preventDefault(); return; }
    // What brings a file leaves the page where it is, and no word comes back.
    sending = !event.target.matches("[data-file]");
  });
  window.addEventListener("pageshow", () => { sending = false; });
  window.addEventListener("beforeunload", (event) => { if (!sending && unsent()) event.preventDefault(); });

  // The undo bar: counts quietly (it was announced once), and its button goes when the time is up.
  for (const bar of document.querySelectorAll(".undo")) {
    const words = bar.querySelector("p"), text = words.textContent;
    const until = performance.now() + (new Date(bar.dataset.until) - new Date(bar.dataset.now));
    bar.removeAttribute("role");
    const timer = setInterval(() => {
      const left = Math.ceil((until - performance.now()) / 1000);
      if (left > 0) { words.textContent = text.replace(/\d+(?=\D*$)/, String(left)); return; }
      clearInterval(timer);
      const had = bar.contains(document.activeElement);
      bar.querySelector("button").remove();
      words.textContent = bar.dataset.gone;
      if (had) document.getElementById("main").focus();
    }, 1000);
  }

  // The session ends after 30 minutes without a page: say so 2 minutes before, and let one press keep it.
  const warnAfter = 28 * 60 * 1000;
  let timer = setTimeout(warn, warnAfter);
  function warn() {
    const box = document.createElement("div"), words = document.createElement("p"), button = document.createElement("button");
    box.className = "idle"; box.setAttribute("role", "alert"); button.className = "second"; button.type = "button";
    words.textContent = body.dataset.idle; button.textContent = body.dataset.stay;
    button.addEventListener("click", async () => {
      const answer = await fetch("/console/session", { method: "POST", body: new URLSearchParams({ csrf: body.dataset.csrf }) }).catch(() => null);
      if (answer?.status === 204) { box.remove(); clearTimeout(timer); timer = setTimeout(warn, warnAfter); }
    });
    box.append(words, button); body.append(box); button.focus({ preventScroll: true });
  }
})();
