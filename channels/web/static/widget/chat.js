// The chat in its frame: what is typed, pressed and dropped here, and the few words exchanged with the page around it.
import { filing } from "./files.js";
import { drawing, made } from "./log.js";
import { keeper, newId } from "./store.js";
import { wire } from "./wire.js";

const told = JSON.parse(document.body.dataset.told);
const { words, language, hosts, most } = told;
const at = (id) => document.getElementById(id);
const [log, field, form, state, typing] = [at("log"), at("text"), document.forms[0], at("state"), at("typing")];
const SLOW = 2500; // A message that is not kept after so long says so.

const begin = (origin) => {
  const store = keeper(origin);
  let isOpen = false;
  let unread = 0;
  let wasOff = false;
  let held = false; // Send was pressed while files were on their way.
  let quiet;

  const tell = (what, more) => parent !== window && parent.postMessage({ guichet: what, ...more }, origin);
  const say = (text) => {
    at("said").textContent = text;
  };
  const status = (text, good = false) => {
    state.classList.toggle("good", good);
    state.textContent = text;
    clearTimeout(quiet);
    if (good) quiet = setTimeout(() => status(""), 4000);
  };
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 4}px`;
    const left = most - [...field.value].length;
    at("left").textContent = left < most / 10 ? words.left.replace("{left}", left) : "";
  };

  const line = wire({
    origin,
    language,
    most: told.frame - 64,
    store,
    on: {
      state(yes) {
        if (yes && wasOff) {
          status(words.back, true);
          files.retry();
        }
        if (!yes && !wasOff) status(words.offline);
        if (!yes) typing.textContent = "";
        if (!yes) for (const message of store.unsent()) talk.late(message.id);
        wasOff = !yes;
        files.next();
      },
      began: () => files.next(),
      lines(lines) {
        typing.textContent = "";
        talk.add(lines);
        if (isOpen) return;
        unread += lines.filter((one) => one.who !== "you").length;
        tell("unread", { count: Math.min(unread, 999) });
      },
      kept: (id) => talk.kept(id),
      refused(id, why) {
        if (why === "busy" || why === "store") {
          status(words[why]);
          talk.late(id);
        } else {
          talk.reject(id);
          status(words[why] ?? words.long);
        }
      },
      typing(name) {
        typing.textContent = words.typing.replace("{name}", () => name);
        clearTimeout(typing.clock);
        typing.clock = setTimeout(() => {
          typing.textContent = "";
        }, 6000);
      },
      read: (last) => talk.read(last),
      over() {
        if (talk.lines.length) status(words.over);
        talk.clear();
        for (const message of store.unsent()) talk.wait(message);
      },
    },
  });
  const talk = drawing({
    log,
    earlier: at("earlier"),
    words,
    language,
    choose: (choice) => send(choice.label, choice.id),
    now: () => line.now(),
  });
  const files = filing({
    list: at("files"),
    address: `/widget/files/${language}`,
    origin: () => origin,
    store,
    told,
    say,
    begin: () => line.begin(),
    settled(focus) {
      if (focus) field.focus();
      if (held && !files.busy()) submit();
    },
  });

  const send = (text, choice = "", sent = []) => {
    const message = { id: newId(), text, choice, files: sent, at: new Date().toISOString() };
    store.add(message);
    talk.wait(message);
    setTimeout(() => talk.late(message.id), SLOW);
    line.flush();
    field.focus();
  };
  const submit = () => {
    held = files.busy();
    const text = field.value.trim();
    if (held) {
      say(words.files_first);
      at("left").textContent = words.files_first;
      return;
    }
    if (!text && !files.any()) {
      field.focus();
      return;
    }
    if ([...text].length > most) {
      status(words.long);
      return;
    }
    field.value = store.draft = "";
    fit();
    send(text, "", files.take());
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  field.addEventListener("input", () => {
    store.draft = field.value;
    fit();
    line.writing();
  });
  at("person").addEventListener("click", (event) => send(event.currentTarget.textContent, "person"));
  at("earlier").addEventListener("click", () => talk.unfold());

  // Files: chosen, taken with the camera, dropped, pasted.
  const pickers = [["attach", "pick"], ["photo", "camera"]];
  for (const [button, input] of pickers) {
    at(button).addEventListener("click", () => at(input).click());
    at(input).addEventListener("change", () => {
      const chosen = [...at(input).files];
      at(input).value = "";
      files.add(chosen);
      field.focus();
    });
  }
  at("photo").hidden = !matchMedia("(pointer: coarse)").matches;
  const bringsFiles = (event) => event.dataTransfer?.types.includes("Files");
  const light = (on) => document.body.classList.toggle("dropping", on);
  document.addEventListener("dragover", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    light(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || light(false));
  document.addEventListener("drop", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    light(false);
    files.add([...event.dataTransfer.files]);
  });
  field.addEventListener("paste", (event) => {
    const { files: pasted, types } = event.clipboardData;
    // Text copied in an office program brings a picture of itself: it stays text.
    if (!pasted.length || types.includes("text/plain")) return;
    event.preventDefault();
    files.add([...pasted]);
  });

  // The menu.
  const menu = document.querySelector(".menu");
  at("transcript").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([talk.transcript()], { type: "text/plain;charset=utf-8" }));
    const link = made("a", { href: address, download: `${words.transcript_name}.txt` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    menu.open = false;
    menu.firstElementChild.focus();
  });
  at("forget").addEventListener("click", () => {
    store.clear();
    files.clear();
    talk.clear();
    field.value = "";
    fit();
    line.forget();
    menu.open = false;
    status(words.forgotten, true);
    field.focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (menu.open) {
      menu.open = false;
      menu.firstElementChild.focus();
    } else tell("close");
  });
  at("close").addEventListener("click", () => tell("close"));

  for (const part of [menu, form, at("person").parentElement]) part.hidden = false;
  at("close").hidden = parent === window;
  document.querySelector(".without").remove();
  field.value = store.draft;
  fit();
  for (const message of store.unsent()) talk.wait(message);
  addEventListener("resize", () => isOpen && talk.toEnd());

  return {
    open({ scheme, accent }) {
      const first = !isOpen;
      isOpen = true;
      if (scheme === "light" || scheme === "dark") document.documentElement.dataset.scheme = scheme;
      if (/^#[0-9a-f]{6}$/i.test(accent)) paint(accent);
      unread = 0;
      tell("unread", { count: 0 });
      line.start();
      if (!first) return;
      talk.toEnd();
      // On a phone the keyboard would hide what there is to read.
      (matchMedia("(pointer: coarse)").matches ? document.querySelector("h1") : field).focus();
    },
    close() {
      isOpen = false;
    },
  };
};

// The host page's colour, with ink that can be read on it.
const paint = (accent) => {
  const [red, green, blue] = [1, 3, 5].map((place) => {
    const value = parseInt(accent.slice(place, place + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  document.documentElement.style.setProperty("--brand", accent);
  document.documentElement.style.setProperty("--on-brand", light > 0.179 ? "#000" : "#fff");
};

// Rule W1: only the page around us, only one of the listed ones, and only three words of a known shape.
let chat = null;
let host = "";
addEventListener("message", ({ origin, source, data }) => {
  if (source !== parent || !hosts.includes(origin) || (host && origin !== host)) return;
  if (!data || typeof data !== "object") return;
  if (data.guichet === "open") {
    host = origin;
    chat ??= begin(origin);
    chat.open({ scheme: String(data.scheme ?? ""), accent: String(data.accent ?? "") });
  } else if (data.guichet === "close") chat?.close();
});
if (parent === window) {
  chat = begin(location.origin);
  chat.open({ scheme: "", accent: "" });
}
