// Beside a story that is being written stands what the house notices in it, once its writer pauses. It never moves the
// field, never takes the focus, and stays away when it cannot be had.
(() => {
  "use strict";
  const place = document.querySelector("[data-hints]");
  if (!place) return;
  const area = document.getElementById("text");
  const soon = 1000;
  const later = 3000; // After a few letters only: a short cry for help is looked at too.
  const much = 40;
  let asked = "";
  let busy = false;
  let waiting;

  // How many characters differ between two texts, counted from their ends.
  const changed = (before, now) => {
    let start = 0;
    while (start < before.length && before[start] === now[start]) start += 1;
    let end = 0;
    const most = Math.min(before.length, now.length) - start;
    while (end < most && before.at(-1 - end) === now.at(-1 - end)) end += 1;
    return Math.max(before.length, now.length) - start - end;
  };
  // What grows above a field that somebody is in pushes nothing away under their hands.
  const put = (html) => {
    if (place.dataset.shown === html) return;
    const held = document.activeElement;
    const top = held?.getBoundingClientRect().top;
    place.dataset.shown = html;
    place.innerHTML = html;
    if (held && held !== document.body) scrollBy({ top: held.getBoundingClientRect().top - top, behavior: "instant" });
  };

  const ask = async () => {
    const text = area.value.trim();
    if (busy || text === asked) return;
    asked = text;
    busy = true;
    try {
      const data = new FormData();
      data.append("csrf", area.form.elements.csrf.value);
      data.append("text", text);
      const answer = await fetch(place.dataset.hints, { method: "POST", body: data, signal: AbortSignal.timeout?.(10000) });
      // A newer text is asked about next; what is said of this one is still better than what stands there.
      if (answer.status === 200) put(await answer.text());
      else if (answer.status === 204) put("");
    } catch { /* No connection: no hint. */ }
    busy = false;
    if (area.value.trim() !== asked) plan();
  };
  const plan = () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, changed(asked, area.value.trim()) >= much ? soon : later);
  };
  area.addEventListener("input", plan);
  if (area.value.trim()) plan();
})();
