// What is new while a list or a case is open: said, and shown when asked for. Nothing on the page moves by itself.
"use strict";
(() => {
  const list = document.getElementById("news"), page = document.getElementById("case-news"), box = list ?? page;
  if (!box) return;
  const button = box.querySelector("button"), words = box.querySelector(list ? "span" : ".changed");
  const say = (where, text) => { if (where.textContent !== text) where.textContent = text; };
  const offer = (text) => { say(words, text); button.hidden = !text; };
  button.addEventListener("click", () => location.reload());
  let off = false;
  try { off = localStorage.getItem("keys") === "off"; } catch { /* As on every page: without storage the keys stay. */ }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "." && !off && !typing && !button.hidden) button.click();
  });

  const hear = list ? {
    list: (data) => {
      const rows = new Map([...document.querySelectorAll("[data-case]")].map((row) => [row.dataset.case, row]));
      const fresh = data.cases.filter((reference) => !rows.has(reference)).length;
      const gone = [...rows.keys()].some((reference) => !data.cases.includes(reference));
      offer(fresh === 1 ? list.dataset.one : fresh ? list.dataset.many.replace("{n}", fresh) : gone ? list.dataset.gone : "");
      for (const [reference, row] of rows) {
        const writing = data.writing[reference] ?? "", names = writing || (data.open[reference] ?? "");
        let sign = row.querySelector(".has-open");
        if (!sign && !names) continue;
        if (!sign) { sign = document.createElement("p"); sign.className = "has-open small"; row.querySelector(".row-side").append(sign); }
        say(sign, names && (writing ? list.dataset.writing : list.dataset.open).replace("{names}", names));
      }
    },
  } : {
    case: (data) => {
      const present = box.querySelector(".present");
      const names = data.writing || data.others, text = data.writing ? box.dataset.writing : box.dataset.others;
      say(present, names && text.replace("{names}", names));
      const noted = String(data.note) === box.dataset.note ? "" : box.dataset.noted.replace("{name}", data.by);
      offer(String(data.version) === box.dataset.version ? noted : box.dataset.changed);
    },
  };

  // A browser has six connections to a house: a page that nobody looks at holds none.
  let source = null, over = false, retry = 0;
  const close = () => { source?.close(); source = null; clearTimeout(retry); };
  const open = () => {
    close();
    if (over || document.hidden) return;
    source = new EventSource(box.dataset.events);
    for (const [name, take] of Object.entries(hear)) source.addEventListener(name, (event) => take(JSON.parse(event.data)));
    source.addEventListener("open", () => { if (words.dataset.lost) { delete words.dataset.lost; say(words, ""); } });
    source.addEventListener("gone", () => { over = true; close(); if (page) say(words, box.dataset.gone); });
    source.addEventListener("error", () => {
      if (over) return;
      if (!words.dataset.lost) {
        // When it was lost says how old the page is; news that was offered before is offered on.
        words.dataset.lost = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
        say(words, box.dataset.lost.replace("{time}", words.dataset.lost));
      }
      close();
      retry = setTimeout(open, 5000);
    });
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  open();
})();
