// What makes the quick entry quick: suggestions while one types, and keys. Nothing is kept in the browser: it is in this page, and
// on the server as far as that heard it.
"use strict";
(() => {
  const form = document.getElementById("entry"), at = (id) => document.getElementById(id);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey && form && !event.defaultPrevented) {
      // The frame's key for a field counts everywhere here: somebody is waiting, and the page does one thing.
      event.preventDefault();
      form.querySelector("[data-send]").click();
      return;
    }
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    // By its place on the keyboard: on a Belgian one the key of "1" gives "&".
    const key = event.code === "Digit1" ? "1" : event.key.toLowerCase() === "n" || event.code === "KeyN" ? "n" : "";
    const target = key && document.querySelector(`[data-alt="${key}"]`);
    if (!target) return;
    event.preventDefault();
    if (key === "n" && form) next(target.href); else target.click();
  });

  const print = document.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
    // The case tells that the slip was printed, also where the browser's own way to print was taken; once for each page.
    let told = false;
    window.addEventListener("beforeprint", async () => {
      if (told) return;
      told = true;
      const data = new URLSearchParams(new FormData(print.form));
      data.append("quiet", "1");
      const answer = await fetch(print.form.action, { method: "POST", body: data, keepalive: true }).catch(() => null);
      told = Boolean(answer && answer.ok);
      if (told) document.querySelector("[data-printed]").hidden = false;
    });
    // Where nothing was sent, paper is the member's only receipt: it comes before the next entry.
    if (print.hasAttribute("data-first")) print.focus();
  }
  // The date comes once the entry is read, which takes a moment.
  if (document.querySelector("[data-being-read]")) setTimeout(() => location.reload(), 3000);
  if (!form) return;

  const text = at("text"), seems = at("seems"), saved = at("saved");
  let timer = 0, asking = null, last = "";
  const typed = () => {
    const data = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
    return data;
  };
  const suggest = async () => {
    const body = typed(), now = body.toString(), words = text.value;
    if (now === last || !text.value.trim() && !at("name").value.trim() && !at("phone").value.trim() && !at("email").value.trim()
      && !at("member_number").value.trim()) return;
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`${form.getAttribute("action")}/typed`, { method: "POST", body, signal: asking.signal });
      // Signed out meanwhile, it is the page to sign in that came.
      if (!answer.ok || answer.redirected) return;
      const focused = seems.contains(document.activeElement);
      const part = document.createElement("template");
      // Drawn by the server, where every word of a member is escaped.
      part.innerHTML = await answer.text();
      last = now;
      // The server has these words: leaving the page loses nothing of them.
      text.defaultValue = words;
      const kept = part.content.querySelector("[data-saved-at]")?.dataset;
      if (kept) saved.textContent = form.dataset.saved.replace("{time}", kept.savedAt).replace("{until}", kept.keptUntil);
      const written = part.content.querySelector("[data-language]")?.dataset.language;
      if (written && !form.elements.language_chosen.value && !at("languages").contains(document.activeElement)) form.elements.language.value = written;
      // What somebody is just using does not change under their hand.
      if (!focused) seems.replaceChildren(part.content);
    } catch { /* Typing goes on; what is typed stays in the page. */ }
  };
  // Whoever chooses a language knows better than the words.
  at("languages").addEventListener("change", () => { form.elements.language_chosen.value = "1"; });
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(suggest, 500); });

  const fresh = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const blank = () => {
    const channel = form.elements.channel.value;
    form.reset();
    form.elements.channel.value = channel;
    form.elements.language_chosen.value = "";
    text.value = ""; text.defaultValue = "";
    for (const name of ["name", "member_number", "phone", "email", "post"]) at(name).value = "";
    form.setAttribute("action", `/console/entry/${fresh()}`);
    clearTimeout(timer); asking?.abort();
    // The cases beside it are those of the member before: nothing of the next one may be added there.
    seems.replaceChildren();
    last = ""; saved.textContent = ""; text.focus();
  };
  const waiting = window.entriesWaiting(at("waiting"), form.elements.csrf);
  const next = (href) => { if (waiting.some()) blank(); else location.href = href; };

  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (button?.name === "how" && button.value !== "record") return;
    event.preventDefault();
    // The frame's own guard against two clicks looks at every submit; here nothing leaves the page yet.
    event.stopPropagation();
    if (form.hasAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    clearTimeout(timer); asking?.abort();
    const body = new FormData(form);
    body.set(button?.name || "how", button?.value || "record");
    const one = waiting.made(form.getAttribute("action"), body);
    await waiting.send(one);
    form.removeAttribute("aria-busy");
    if (one.state === "waits") { waiting.hold(one); blank(); return; }
    text.defaultValue = text.value;
    if (one.state === "recorded") location.href = one.receipt; else waiting.open(one);
  });

  at("problems")?.querySelector("a")?.focus();
})();
