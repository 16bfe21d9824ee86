// Files of the message that is being written: each travels at once, one after the other, on a row of its own.
import { made, sized } from "./log.js";

const PATIENCE = 60000; // So long may a connection stand still.

export const filing = ({ list, address, origin, store, told, say, begin, settled }) => {
  const { upload: words, endings, files: most, bytes } = told;
  let rows = [];
  const travels = (row) => row.state === "waiting" || row.state === "sending";

  const show = (row, state, text, percent) => {
    row.state = state;
    row.bar.hidden = state !== "sending";
    if (percent === undefined) row.bar.removeAttribute("value");
    else row.bar.value = percent;
    row.note.textContent = text;
    row.note.classList.toggle("wrong", state === "wrong" || state === "failed");
    row.again.hidden = state !== "failed";
    row.off.firstChild.data = travels(row) ? words.cancel : words.remove;
  };
  const button = (text, name, act) => {
    const one = made("button", { type: "button" }, text, made("span", { className: "unseen", textContent: ` ${name}` }));
    one.addEventListener("click", act);
    return one;
  };
  const row = (file) => {
    const one = { file, name: file.name, size: file.size, token: "" };
    one.bar = made("progress", { max: 100, hidden: true });
    one.bar.setAttribute("aria-label", file.name);
    one.note = made("span", { className: "note" });
    one.again = button(words.again, file.name, () => {
      show(one, "waiting", words.waiting);
      next();
    });
    one.off = button(words.remove, file.name, () => remove(one));
    const name = made("span", { className: "name", textContent: file.name });
    one.item = made("li", {}, name, made("span", { textContent: sized(file.size) }), one.bar, one.note, one.again, one.off);
    rows.push(one);
    list.append(one.item);
    list.hidden = false;
    return one;
  };
  const wrong = (file) => {
    const others = rows.filter((one) => one.state !== "wrong");
    if (!file.size) return words.empty.replace("{file}", () => file.name);
    if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) return words.kind.replace("{file}", () => file.name);
    if (others.length >= most) return words.many;
    return others.reduce((sum, one) => sum + one.size, file.size) > bytes ? words.large : "";
  };
  const done = (one, state, text) => {
    show(one, state, text);
    say(text.includes(one.name) ? text : `${one.name}: ${text}`);
    next();
    settled();
  };

  const next = () => {
    const first = rows.find(travels);
    if (first?.state !== "waiting") return;
    // Files belong to a conversation: the first file opens one, as the first message would.
    if (store.key) send(first);
    else begin();
  };
  const send = (one) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far it is.
    one.request = request;
    let clock;
    const watch = () => {
      clearTimeout(clock);
      clock = setTimeout(() => request.abort(), PATIENCE);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      const percent = Math.floor((100 * loaded) / total);
      show(one, "sending", percent < 100 ? words.sending.replace("{percent}", percent) : words.checking, percent);
      watch();
    };
    request.onloadend = () => {
      clearTimeout(clock);
      if (!rows.includes(one)) return;
      const { status, response } = request;
      if (status === 200 && response?.token) {
        one.token = response.token;
        one.file = null;
        done(one, "added", words.added);
      } else {
        const later = !status || status === 408 || status === 429 || status >= 500;
        done(one, later ? "failed" : "wrong", response?.trouble ?? words.failed);
      }
    };
    const data = new FormData();
    data.append("key", store.key);
    data.append("origin", origin());
    data.append("kept", rows.map((other) => other.token).filter(Boolean).join(" "));
    data.append("file", one.file, one.name);
    request.open("POST", address);
    request.responseType = "json";
    show(one, "sending", words.sending.replace("{percent}", 0), 0);
    request.send(data);
    watch();
  };
  const leave = (gone) => {
    rows = rows.filter((other) => !gone.includes(other));
    for (const one of gone) one.item.remove();
    list.hidden = !rows.length;
  };
  const remove = (one) => {
    leave([one]);
    one.request?.abort();
    if (one.token) {
      const data = new FormData();
      data.append("key", store.key);
      data.append("origin", origin());
      data.append("token", one.token);
      // Whether or not this arrives: what no message names is forgotten after a day.
      fetch(`${address}/remove`, { method: "POST", credentials: "omit", body: data }).catch(() => {});
    }
    say(words.taken_off.replace("{file}", () => one.name));
    settled(true);
    next();
  };

  return {
    next,
    add(files) {
      for (const file of files) {
        const text = wrong(file);
        const one = row(file);
        if (text) done(one, "wrong", text);
        else show(one, "waiting", words.waiting);
      }
      next();
    },
    busy: () => rows.some(travels),
    any: () => rows.some((one) => one.token || travels(one)),
    // Whatever did not arrive stays, with its reason, and is not sent.
    take() {
      const ready = rows.filter((one) => one.token);
      leave(ready);
      return ready.map(({ token, name, size }) => ({ token, name, size }));
    },
    retry() {
      for (const one of rows) if (one.state === "failed") show(one, "waiting", words.waiting);
      next();
    },
    clear: () => leave(rows),
  };
};
