// Each chosen file travels at once, one after the other, on a row of its own. What arrived is carried by its token in the
// form; without this file the same input sends the files with the page.
(() => {
  "use strict";
  const zone = document.querySelector("[data-upload]");
  if (!zone) return;
  const { to, endings, most, bytes, words } = JSON.parse(zone.dataset.upload);
  const MB = 1000 * 1000;
  const patience = 60 * 1000; // So long may a connection stand still.
  const pause = 3000; // Before it is tried once more.
  const form = zone.closest("form");
  const kept = form.elements.kept;
  const input = zone.querySelector("input[type=file]");
  const drop = zone.querySelector(".drop");
  const list = zone.querySelector(".picked");
  let rows = [];

  const made = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
  // A size as the page's language writes it: "3 kB", "1,2 Mo".
  const sized = (size) => {
    const [amount, unit] = size < MB ? [Math.max(1, Math.ceil(size / 1000)), "kilobyte"] : [size / MB, "megabyte"];
    return amount.toLocaleString(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: 1 });
  };

  // What happens is said once it is quiet, in one go, and never as a count of percents.
  const voice = made("p", { className: "unseen" });
  voice.setAttribute("role", "status");
  const alarm = made("p", { className: "wrong", hidden: true });
  alarm.setAttribute("role", "alert");
  list.before(voice, alarm);
  let unsaid = [];
  let quiet;
  const say = (...said) => {
    unsaid.push(...said);
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      voice.textContent = unsaid.join(" ");
      unsaid = [];
    }, 400);
  };
  const warn = (text) => {
    alarm.textContent = text;
    alarm.hidden = !text;
  };

  const tokens = () => kept.value.split(" ").filter(Boolean);
  const keep = (all) => {
    kept.value = all.join(" ");
    form.dispatchEvent(new Event("input", { bubbles: true })); // The draft is told.
  };
  const posted = (address, fields) => {
    const data = new FormData();
    for (const [name, value] of Object.entries({ csrf: form.elements.csrf.value, ...fields })) data.append(name, value);
    return fetch(to + address, { method: "POST", body: data });
  };

  const travels = (row) => ["waiting", "sending", "lost"].includes(row.state);
  const bad = (row) => ["wrong", "failed"].includes(row.state);

  const show = (row, state, text, percent) => {
    row.state = state;
    row.item.dataset.state = state;
    row.bar.hidden = state !== "sending";
    if (percent === undefined) row.bar.removeAttribute("value");
    else row.bar.value = percent;
    row.note.textContent = text;
    row.note.className = bad(row) ? "note wrong" : "note";
    const [hadFocus, stays] = [document.activeElement === row.again, state === "failed"];
    row.again.hidden = !stays;
    if (hadFocus && !stays) row.off.focus();
    row.off.firstChild.data = travels(row) ? words.cancel : words.remove;
  };

  const row = (name, size, token) => {
    const one = { name, size, token, tries: 0, item: made("li"), bar: made("progress", { max: 100, hidden: true }), note: made("p") };
    const button = (text, act) => {
      const made_ = made("button", { type: "button", className: "link", textContent: text });
      made_.append(made("span", { className: "unseen", textContent: ` ${name}` }));
      made_.addEventListener("click", act);
      return made_;
    };
    one.bar.setAttribute("aria-label", name);
    one.again = button(words.again, () => retry(one));
    one.off = button(words.remove, () => remove(one));
    one.item.append(
      made("span", { className: "name", textContent: name }),
      made("span", { className: "size", textContent: sized(size) }),
      one.bar, one.note, one.again, one.off,
    );
    rows.push(one);
    list.append(one.item);
    list.hidden = false;
    return one;
  };

  const refuse = (one, state, text) => {
    show(one, state, text);
    say(text.includes(one.name) ? text : `${one.name}: ${text}`);
    settle();
  };
  const wrong = (file) => {
    const others = rows.filter((one) => one.state !== "wrong");
    const together = others.reduce((sum, one) => sum + one.size, file.size);
    if (!file.size) return words.empty.replace("{file}", () => file.name);
    if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) return words.kind.replace("{file}", () => file.name);
    if (others.length >= most) return words.many;
    return together > bytes ? words.large : "";
  };
  const take = (files) => {
    for (const file of files) {
      const text = wrong(file);
      const one = row(file.name, file.size);
      one.file = file;
      if (text) refuse(one, "wrong", text);
      else show(one, "waiting", words.waiting);
    }
    next();
  };

  const next = () => {
    const first = rows.find(travels);
    if (first?.state === "waiting") send(first);
  };
  const send = (one) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far it is.
    one.request = request;
    const watch = () => {
      clearTimeout(one.clock);
      one.clock = setTimeout(() => request.abort(), patience);
    };
    request.upload.onprogress = (event) => {
      const percent = Math.floor((100 * event.loaded) / event.total);
      show(one, "sending", percent < 100 ? words.sending.replace("{percent}", percent) : words.checking, percent);
      watch();
    };
    request.onload = () => arrived(one, request.status, request.response);
    request.onerror = request.onabort = () => lost(one);
    const data = new FormData();
    data.append("csrf", form.elements.csrf.value);
    data.append("kept", kept.value);
    data.append("file", one.file, one.name);
    request.open("POST", to);
    request.responseType = "json";
    show(one, "sending", words.sending.replace("{percent}", 0), 0);
    request.send(data);
    watch();
  };
  const arrived = (one, status, answer) => {
    clearTimeout(one.clock);
    if (status === 200 && answer?.token) {
      one.token = answer.token;
      one.file = null;
      show(one, "added", words.added);
      keep([...tokens(), one.token]);
      say(`${one.name}: ${words.added}.`);
      settle();
    } else {
      const later = status === 408 || status === 429 || status >= 500 || status < 400;
      refuse(one, later ? "failed" : "wrong", answer?.trouble ?? words.failed);
    }
    next();
  };
  const lost = (one) => {
    clearTimeout(one.clock);
    if (!rows.includes(one)) return;
    one.tries += 1;
    if (one.tries > 1) {
      refuse(one, "failed", words.failed);
      next();
      return;
    }
    show(one, "lost", words.lost);
    say(`${one.name}: ${words.lost}`);
    one.clock = setTimeout(() => {
      show(one, "waiting", words.waiting);
      next();
    }, pause);
  };
  const retry = (one) => {
    one.tries = 0;
    warn("");
    show(one, "waiting", words.waiting);
    next();
  };
  const remove = (one) => {
    const place = rows.indexOf(one);
    rows = rows.filter((other) => other !== one);
    clearTimeout(one.clock);
    one.request?.abort();
    one.item.remove();
    list.hidden = !rows.length;
    if (one.token) {
      keep(tokens().filter((token) => token !== one.token));
      // Whether or not this arrives: what no form names is forgotten after a day.
      posted("/remove", { token: one.token }).catch(() => {});
    }
    say(words.taken_off.replace("{file}", () => one.name));
    (rows[Math.min(place, rows.length - 1)]?.off ?? input).focus();
    if (!rows.some(bad)) warn("");
    settle();
    next();
  };

  // Whoever goes on while files travel waits for them; whoever goes on past one that did not arrive is told.
  const go = form.querySelector(".send .button") ?? form.querySelector(".button");
  const goes = go.textContent;
  const stay = made("button", { type: "button", className: "link stay", textContent: words.stay, hidden: true });
  go.after(stay);
  let held = null;
  const hold = (button) => {
    held = button;
    go.textContent = button ? words.wait : goes;
    stay.hidden = !button;
    if (button) say(words.wait);
  };
  stay.addEventListener("click", () => {
    hold(null);
    go.focus();
  });
  const settle = () => {
    if (!held || rows.some(travels)) return;
    const button = held;
    hold(null);
    button.click();
  };
  form.addEventListener("submit", (event) => {
    const button = event.submitter ?? go;
    // Another language may help with what is wrong with a file.
    const first = rows.find((one) => (button.name ? one.state === "failed" : bad(one)));
    if (rows.some(travels)) hold(button);
    else if (first) {
      warn(words.unsent);
      (first.state === "failed" ? first.again : first.off).focus();
    } else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  addEventListener("beforeunload", (event) => {
    if (rows.some(travels)) event.preventDefault();
  });

  // Choosing, dropping, pasting, and the camera of a phone.
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    take(files);
  });
  const bringsFiles = (event) => event.dataTransfer?.types.includes("Files");
  let inside = 0;
  const light = (on) => {
    inside = on;
    form.classList.toggle("dropping", inside > 0);
  };
  document.addEventListener("dragenter", (event) => bringsFiles(event) && light(inside + 1));
  document.addEventListener("dragleave", (event) => bringsFiles(event) && light(Math.max(0, inside - 1)));
  // A file that is dropped beside the form must not replace the page, and all that was written on it.
  document.addEventListener("dragover", (event) => bringsFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    light(0);
    take([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    // Text copied in an office program brings a picture of itself: in a field for text it stays text.
    if (!files.length || (event.target.matches?.("textarea, input") && types.includes("text/plain"))) return;
    event.preventDefault();
    take([...files]);
  });
  drop.classList.add("lively");
  if (matchMedia("(pointer: coarse)").matches) {
    const camera = made("input", { type: "file", accept: "image/*" });
    camera.setAttribute("capture", "environment");
    camera.addEventListener("change", () => {
      const files = [...camera.files];
      camera.value = "";
      take(files);
    });
    const photo = made("button", { type: "button", className: "small", textContent: words.photo });
    photo.addEventListener("click", () => camera.click());
    drop.append(photo);
  } else drop.append(made("p", { className: "hint", textContent: words.drop }));

  // Rows that the house drew, and files that only the form still knows of: after Back, a reload, or a draft.
  for (const drawn of list.querySelectorAll("li")) {
    show(row(drawn.querySelector(".name").textContent, Number(drawn.dataset.size), drawn.dataset.token), "added", words.added);
    drawn.remove();
  }
  const restore = async () => {
    const unknown = tokens().filter((token) => !rows.some((one) => one.token === token));
    if (!unknown.length) return;
    const answer = await posted("/waiting", { kept: unknown.join(" ") }).catch(() => null);
    if (!answer?.ok) return;
    const { files } = await answer.json();
    for (const file of files)
      if (!rows.some((one) => one.token === file.token)) show(row(file.name, file.size, file.token), "added", words.added);
    const gone = unknown.filter((token) => !files.some((file) => file.token === token));
    if (!gone.length) return;
    keep(tokens().filter((token) => !gone.includes(token)));
    warn(words.gone);
  };
  form.addEventListener("restored", restore);
  restore();
})();
