// Entries that could not be sent, each under its own number: sent again, the house knows it and keeps it once. They wait in this
// page, because they may be about anything and nothing of them is left in the browser; it asks before it is closed over them.
"use strict";
window.entriesWaiting = (box, csrf) => {
  const said = box.dataset, list = box.querySelector("ul"), entries = [];
  let timer = 0;
  const unsent = () => entries.some((one) => one.state === "waits");
  window.addEventListener("beforeunload", (event) => { if (unsent()) event.preventDefault(); });

  const made = (action, body) => ({ action, body, state: "waits", slip: action.slice(-4).toUpperCase().replace(/[^A-Z0-9]/g, "X") });

  // A form says in which session it was drawn. After signing in anew in another window, what waits is sent under that one.
  const renew = async () => {
    const answer = await fetch("/console/new");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const field = page.querySelector('#entry input[name="csrf"]');
    if (!answer.ok || !field || field.value === csrf.value) return false;
    csrf.value = document.body.dataset.csrf = field.value;
    for (const one of entries) one.body.set("csrf", csrf.value);
    return true;
  };
  const send = async (one, isSecond = false) => {
    let answer;
    try { answer = await fetch(one.action, { method: "POST", body: one.body }); } catch { one.why = "lost"; return; }
    if (answer.redirected && new URL(answer.url).pathname === one.action) { one.state = "recorded"; one.receipt = answer.url; return; }
    // Signed out, or a token of an earlier session; or the house is behind. Whatever else is refused is to be looked at.
    const away = answer.redirected || answer.status === 401 || answer.status === 403;
    if (!away && answer.status < 500 && answer.status !== 408 && answer.status !== 429) { one.state = "refused"; return; }
    one.why = away ? "away" : "lost";
    if (one.why === "lost" || isSecond) return;
    try {
      if (!await renew()) return;
    } catch { one.why = "lost"; return; }
    one.body.set("csrf", csrf.value);
    await send(one, true);
  };

  // As a form, so that the server's page is the answer: it says what is wrong, at its field.
  const open = (one) => {
    const form = document.createElement("form");
    form.method = "post"; form.action = one.action; form.enctype = "multipart/form-data"; form.hidden = true;
    const files = new DataTransfer();
    for (const [name, value] of one.body) {
      if (value instanceof File) { if (value.name) files.items.add(value); continue; }
      const field = document.createElement("textarea");
      field.name = name; field.value = value; form.append(field);
    }
    const chosen = document.createElement("input");
    chosen.type = "file"; chosen.name = "files"; chosen.multiple = true; chosen.files = files.files;
    form.append(chosen); document.body.append(form);
    form.submit();
  };
  const row = (one) => {
    const item = document.createElement("li"), name = `${said.slip} ${one.slip}`;
    if (one.state === "waits") { item.textContent = name; return item; }
    const way = document.createElement(one.state === "recorded" ? "a" : "button");
    if (one.state === "recorded") { way.href = one.receipt; way.textContent = said.open; } else {
      way.type = "button"; way.className = "link"; way.textContent = said.look;
      way.addEventListener("click", () => open(one));
    }
    item.append(one.state === "recorded" ? `${name}: ` : `${name}: ${said.refused} `, way);
    return item;
  };
  const show = () => {
    box.hidden = !entries.length;
    box.querySelector("p").textContent = unsent() ? said[entries.find((one) => one.state === "waits").why] :
      entries.some((one) => one.state === "refused") ? said.check : said.sent;
    list.replaceChildren(...entries.map(row));
  };
  const again = async () => {
    timer = 0;
    for (const one of entries) if (one.state === "waits") await send(one);
    show(); later();
  };
  const later = () => { if (!timer && unsent()) timer = setTimeout(again, 4000); };
  window.addEventListener("online", () => { if (timer) { clearTimeout(timer); again(); } });
  const hold = (one) => { entries.push(one); show(); later(); };
  return { made, send, hold, open, some: unsent };
};
