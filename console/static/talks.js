// What makes conversations live: lines that appear, who is writing, ready texts put into the box, sending without a new page.
// Without it the pages work by their forms and their "load again" links.
"use strict";
(() => {
  const at = (id) => document.getElementById(id), body = document.body;
  const list = at("talks"), talk = at("talk"), connection = at("connection");

  // A stream comes back by itself, from what the page has last seen. While a page is hidden it holds none, for a browser has few to
  // a house; a conversation of one's own, and the list, go on.
  let source = null, over = false, retry = 0;
  const say = (state) => {
    connection.className = state === "live" ? "small" : "small lost";
    if (connection.textContent !== connection.dataset[state]) connection.textContent = connection.dataset[state];
  };
  const open = (address, hear) => {
    close();
    if (over) return;
    source = new EventSource(address());
    source.addEventListener("open", () => say("live"));
    for (const [name, take] of Object.entries(hear)) source.addEventListener(name, (event) => take(JSON.parse(event.data)));
    source.addEventListener("gone", () => { over = true; close(); say("gone"); });
    source.addEventListener("error", () => {
      if (over) return;
      say("lost");
      close();
      clearTimeout(retry);
      retry = setTimeout(() => open(address, hear), 3000);
    });
  };
  const close = () => { source?.close(); source = null; };
  const live = (address, hear, stays) => {
    open(address, hear);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && !stays()) close();
      if (!document.hidden && !source) open(address, hear);
    });
    window.addEventListener("pagehide", close);
    window.addEventListener("pageshow", (event) => { if (event.persisted) open(address, hear); });
  };
  // Words of members come escaped from the server, as on the page itself; nothing in them can run under the page's policy.
  const drawn = (html) => { const holder = document.createElement("template"); holder.innerHTML = html; return holder.content; };

  if (list) {
    const news = at("news"), button = at("show-news"), title = document.title;
    const busy = () => list.matches(":hover") || list.contains(document.activeElement);
    const order = (root) => [...root.querySelectorAll("[data-talk]")].map((row) => `${row.closest("section").className} ${row.dataset.talk}`).join();
    let fresh = null, waiting = list.querySelectorAll(".talks-waiting .row").length;
    const show = () => {
      if (fresh === null) return;
      list.replaceChildren(drawn(fresh));
      fresh = null;
      button.hidden = true;
      news.textContent = "";
    };
    button.addEventListener("click", () => { show(); list.querySelector("a")?.focus(); });
    document.addEventListener("keydown", (event) => {
      if (event.key === "." && !button.hidden && !event.target.closest("input, textarea, select")) button.click();
    });
    const counted = (n) => (n === 1 ? news.dataset.one : news.dataset.many.replace("{n}", n));
    live(() => list.dataset.events, {
      list: (data) => {
        fresh = data.html;
        document.title = data.waiting ? `(${data.waiting}) ${title}` : title;
        const rail = document.querySelector("[data-waiting]");
        if (rail) { rail.textContent = data.waiting ? counted(data.waiting) : "0"; rail.className = data.waiting ? "has-late" : "count"; }
        const moved = order(drawn(fresh)) !== order(list);
        // What one points at, or stands on, holds still.
        if (moved && busy()) { button.hidden = false; news.textContent = news.dataset.news; }
        else if (!busy()) { show(); if (data.waiting > waiting) news.textContent = counted(data.waiting); }
        waiting = data.waiting;
      },
    }, () => true);
  }

  if (talk) {
    const log = at("log"), typing = at("typing"), end = at("to-end"), trouble = at("trouble"), base = talk.dataset.base;
    let after = Number(talk.dataset.after), seen = 0, quiet = 0, told = 0;
    const mine = () => Boolean(document.querySelector("[data-say]"));
    const post = (what, fields) => fetch(`${base}/${what}`, { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf: body.dataset.csrf, ...fields }) });
    const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    const toEnd = () => { log.scrollTop = log.scrollHeight; end.hidden = true; };
    const read = () => {
      const last = [...log.querySelectorAll('[data-who="member"]')].pop()?.dataset.line;
      if (mine() && !document.hidden && last && Number(last) > seen) { seen = Number(last); post("seen", { last }).catch(() => {}); }
    };
    toEnd();
    seen = Number([...log.querySelectorAll('[data-who="member"]')].pop()?.dataset.line ?? 0);
    end.addEventListener("click", () => { toEnd(); log.focus(); });
    let stuck = true;
    log.addEventListener("scroll", () => { stuck = atEnd(); if (stuck) end.hidden = true; });
    // A keyboard that opens, or a window that shrinks, leaves the last line in sight.
    new ResizeObserver(() => { if (stuck) toEnd(); }).observe(log);
    document.addEventListener("visibilitychange", read);

    // The box: ready texts, sending, and telling the member that one is writing. It may be drawn anew, so its events are heard here.
    const box = () => at("say-text");
    const grow = (field) => { field.rows = Math.min(12, Math.max(2, field.value.split("\n").length + 1)); };
    const problem = (words) => {
      const alert = document.createElement("div"), text = document.createElement("p");
      alert.className = "alert"; alert.setAttribute("role", "alert"); text.textContent = words;
      alert.append(text); trouble.replaceChildren(alert);
    };
    const send = async (button) => {
      if (button.disabled) return;
      button.disabled = true;
      try {
        const answer = await post("say", { text: box().value });
        if (answer.type === "opaqueredirect") { box().value = ""; told = 0; grow(box()); trouble.replaceChildren(); toEnd(); }
        else problem(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".alert p, main .lede, main h1")?.textContent ?? talk.dataset.unsure);
      } catch { problem(talk.dataset.unsure); }
      button.disabled = false;
      box()?.focus();
    };
    at("write").addEventListener("submit", (event) => {
      if (!event.target.matches("[data-say]")) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.submitter?.matches("[data-insert]")) {
        const field = box(), words = at("canned").selectedOptions[0]?.dataset.text ?? "";
        const before = field.value.slice(0, field.selectionStart).trimEnd(), behind = field.value.slice(field.selectionEnd).trimStart();
        field.value = [before, words, behind].filter(Boolean).join("\n\n");
        grow(field);
        field.focus();
        field.selectionStart = field.selectionEnd = (before ? before.length + 2 : 0) + words.length;
      } else send(event.target.querySelector("[data-send]"));
    });
    at("write").addEventListener("input", (event) => {
      if (event.target !== box()) return;
      grow(box());
      const now = Date.now();
      if (box().value.trim() && now - told > 2500) { told = now; post("typing", {}).catch(() => {}); }
    });

    const around = (data) => {
      for (const name of ["head", "side"]) {
        const part = at(`talk-${name}`);
        if (!part.contains(document.activeElement)) part.replaceChildren(drawn(data[name]));
      }
      if (data.mode === talk.dataset.mode) return;
      talk.dataset.mode = data.mode;
      const typed = box()?.value ?? "", had = at("write").contains(document.activeElement);
      at("write").replaceChildren(drawn(data.write));
      if (box()) box().value = typed;
      else if (typed.trim()) {
        const kept = document.createElement("p"), label = document.createElement("label"), field = document.createElement("textarea");
        kept.className = "kept-text"; label.textContent = talk.dataset.kept; label.htmlFor = field.id = "kept-text";
        field.readOnly = true; field.value = field.defaultValue = typed;
        kept.append(label, field); at("write").prepend(kept);
      }
      problem(talk.dataset.moved);
      if (had) at("main").focus();
    };
    live(() => `${base}/events?after=${after}`, {
      lines: (data) => {
        const stay = atEnd();
        at("no-lines")?.remove();
        for (const one of data.lines) {
          const there = at(`line-${one.id}`), fresh = drawn(one.html);
          if (there) there.replaceWith(fresh); else log.append(fresh);
          after = Math.max(after, one.id);
        }
        typing.textContent = "";
        if (stay) toEnd(); else end.hidden = false;
        read();
      },
      around,
      typing: (data) => {
        typing.textContent = data.name ? talk.dataset.typing.replace("{name}", data.name) : talk.dataset.typingMember;
        clearTimeout(quiet);
        quiet = setTimeout(() => { typing.textContent = ""; }, 6000);
      },
    }, mine);
    box()?.focus({ preventScroll: true });
  }
})();
