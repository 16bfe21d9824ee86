// What makes the quick entry quick: suggestions while one types, keys, and an entry that waits in the page while the house cannot
// be reached. Nothing is kept in the browser: it is in this page, and on the server as far as that heard it.
"use strict";
(() => {
  const form = document.getElementById("entry"), at = (id) => document.getElementById(id);

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    // By its place on the keyboard: on a Belgian one the key of "1" gives "&".
    const key = event.code === "Digit1" ? "1" : event.key.toLowerCase() === "n" || event.code === "KeyN" ? "n" : "";
    const target = key && document.querySelector(`[data-alt="${key}"]`);
    if (!target) return;
    event.preventDefault();
    if (key === "n" && form) next(target.href); else target.click();
  });

  const print = document.querySelector("[data-print]");
  if (print) { print.hidden = false; print.addEventListener("click", () => window.print()); }
  // The date comes once the entry is read, which takes a moment.
  if (document.querySelector("[data-being-read]")) setTimeout(() => location.reload(), 3000);
  if (!form) return;

  const text = at("text"), seems = at("seems"), saved = at("saved"), box = at("waiting");
  let timer = 0, asking = null, last = "";
  const typed = () => {
    const data = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
    return data;
  };
  const suggest = async () => {
    const body = typed(), now = body.toString();
    if (now === last || !text.value.trim() && !at("name").value.trim() && !at("phone").value.trim() && !at("email").value.trim()
      && !at("member_number").value.trim()) return;
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`${form.getAttribute("action")}/typed`, { method: "POST", body, signal: asking.signal });
      if (!answer.ok) return;
      const focused = seems.contains(document.activeElement);
      const part = document.createElement("template");
      // Drawn by the server, where every word of a member is escaped.
      part.innerHTML = await answer.text();
      last = now;
      const kept = part.content.querySelector("[data-saved-at]")?.dataset;
      if (kept) saved.textContent = form.dataset.saved.replace("{time}", kept.savedAt).replace("{until}", kept.keptUntil);
      // What somebody is just using does not change under their hand.
      if (!focused) seems.replaceChildren(part.content);
    } catch { /* Typing goes on; what is typed stays in the page. */ }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(suggest, 500); });

  // Entries that could not be sent, each under its own number: sent again, the house knows it and keeps it once.
  const waiting = [];
  const fresh = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const list = () => {
    box.hidden = !waiting.length;
    box.querySelector("p").textContent = waiting.some((one) => !one.receipt) ? box.dataset.lost : box.dataset.sent;
    box.querySelector("ul").replaceChildren(...waiting.map((one) => {
      const item = document.createElement("li"), name = `${box.dataset.slip} ${one.slip}`;
      if (one.receipt) {
        const link = document.createElement("a");
        link.href = one.receipt; link.textContent = `${name}: ${box.dataset.open}`; item.append(link);
      } else item.textContent = one.refused ? `${name}: ${box.dataset.refused}` : name;
      return item;
    }));
  };
  const blank = () => {
    form.reset();
    text.value = ""; text.defaultValue = "";
    for (const name of ["name", "member_number", "phone", "email", "post"]) at(name).value = "";
    form.setAttribute("action", `/console/entry/${fresh()}`);
    last = ""; saved.textContent = ""; text.focus();
  };
  const post = async (one) => {
    let answer;
    try { answer = await fetch(one.action, { method: "POST", body: one.body }); } catch { return false; }
    if (answer.status >= 500) return false;
    if (answer.ok && answer.redirected) one.receipt = answer.url;
    else { one.refused = true; one.html = await answer.text(); }
    return true;
  };
  const again = async () => {
    for (const one of waiting) if (!one.receipt && !one.refused) await post(one);
    list();
    if (waiting.some((one) => !one.receipt && !one.refused)) setTimeout(again, 4000);
  };
  const hold = (one) => {
    if (!waiting.length || waiting.every((other) => other.receipt || other.refused)) setTimeout(again, 4000);
    waiting.push(one); blank(); list();
  };
  const next = (href) => { if (waiting.some((one) => !one.receipt)) blank(); else location.href = href; };
  window.addEventListener("beforeunload", (event) => { if (waiting.some((one) => !one.receipt && !one.refused)) event.preventDefault(); });

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
    if (button?.name) body.set(button.name, button.value);
    const action = form.getAttribute("action");
    const one = { action, body, slip: action.slice(-4).toUpperCase().replace(/[^A-Z0-9]/g, "X") };
    const heard = await post(one);
    form.removeAttribute("aria-busy");
    if (!heard) { hold(one); return; }
    if (one.receipt) { text.defaultValue = text.value; location.href = one.receipt; return; }
    // Refused: the server's page says what is wrong, at its field; it is sent as a form, so that the page is the answer.
    text.defaultValue = text.value;
    const hidden = document.createElement("input");
    hidden.type = "hidden"; hidden.name = button?.name || "how"; hidden.value = button?.value || "record";
    form.append(hidden);
    HTMLFormElement.prototype.submit.call(form);
  });

  at("problems")?.querySelector("a")?.focus();
})();
