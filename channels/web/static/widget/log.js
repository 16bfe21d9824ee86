// Drawing what was said. Text enters by textContent only; who said it is what the house says.
const LINK = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]]|\b1(?:12|0[678]|813)\b|\bPM-\d{4}-\d{6}-\d{2}\b|\b0\d(?:[ \u00a0.\/]?\d){7,8}\b/g;
const FIRST = 60; // So many lines are drawn at once; the others wait behind a button.

export const made = (tag, properties = {}, ...children) => {
  const one = Object.assign(document.createElement(tag), properties);
  one.append(...children);
  return one;
};
// A size as the page's language writes it: "3 kB", "1,2 Mo".
export const sized = (size) => {
  const [amount, unit] = size < 1e6 ? [Math.max(1, Math.ceil(size / 1000)), "kilobyte"] : [size / 1e6, "megabyte"];
  return amount.toLocaleString(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: 1 });
};

export const drawing = ({ log, earlier, words, language, choose, now }) => {
  const lines = []; // Everything that the house has shown, for the transcript and for "earlier".
  const drawn = new Map(); // By the client's id: the member's lines, waiting or kept.
  const sent = new Map(); // By the same: the files that went with them. The house shows these a moment later than the words.
  let shownFrom = 0;
  const locale = language === "en" ? "en-GB" : `${language}-BE`;
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" });

  const said = (at) => {
    const today = new Date().toDateString() === at.toDateString();
    return today ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
  };
  const author = ({ who, name }) => (who === "you" ? words.you : who === "bot" ? words.bot : name || words.bot);
  const rich = (text, linked) => {
    if (!linked) return [text];
    const parts = [];
    let from = 0;
    for (const found of text.matchAll(LINK)) {
      const [word] = found;
      parts.push(text.slice(from, found.index));
      const web = word.startsWith("http");
      const number = word.replace(/\D/g, "").replace(/^0/, "+32");
      // A reference is no link, but may not break at the end of a line.
      const link = word.startsWith("PM")
        ? made("span", { className: "whole", textContent: word })
        : made("a", { className: web ? "" : "whole", textContent: word, href: web ? word : `tel:${number}` });
      if (web) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
      parts.push(link);
      from = found.index + word.length;
    }
    parts.push(text.slice(from));
    return parts;
  };
  const nearEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const toEnd = () => {
    log.scrollTop = log.scrollHeight;
  };

  // What is longer than the window is read from its beginning.
  const toBeginning = (one) => {
    const above = one.getBoundingClientRect().top - log.getBoundingClientRect().top;
    if (above < 0) log.scrollTop += above - 8;
  };

  const element = (line, before) => {
    const at = new Date(line.at);
    const time = made("time", { dateTime: line.at, textContent: said(at), title: full.format(at) });
    const who = made("p", { className: "who" }, made("b", { textContent: author(line) }), ", ", time);
    const one = made("div", { className: `line ${line.who === "person" ? "person-line" : line.who}` }, who);
    if (before && before.who === line.who && before.name === line.name && at - new Date(before.at) < 60000) {
      who.classList.add("unseen");
      one.classList.add("next");
    }
    if (line.text) one.append(made("div", { className: "text" }, ...rich(line.text, line.who !== "you")));
    if (line.files?.length) {
      const names = line.files.map((file) => `${file.name} (${sized(file.size)})`).join(", ");
      one.append(made("p", { className: "with", textContent: `${words.sent_files} ${names}` }));
    }
    if (line.who === "you") one.append(made("p", { className: "sign" }));
    return one;
  };
  const sign = (one, text, late = false) => {
    const place = one.querySelector(".sign");
    place.textContent = text;
    place.classList.toggle("late", late);
    one.querySelector(".now")?.remove();
  };
  // Only the newest line of the member says that it has arrived; the ones above have, too.
  const signLast = () => {
    const own = [...log.querySelectorAll(".line.you:not(.waiting)")];
    own.forEach((one, index) => sign(one, index === own.length - 1 ? words[one.dataset.sign] ?? "" : ""));
  };
  const dropChoices = () => log.querySelector(".choices")?.remove();
  const offer = (one, choices) => {
    const group = made("div", { className: "choices" });
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", words.choices);
    for (const choice of choices) {
      const button = made("button", { type: "button", textContent: choice.label });
      button.addEventListener("click", () => choose(choice));
      group.append(button);
    }
    one.append(group);
  };
  const firstWaiting = () => log.querySelector(".waiting");

  const api = {
    lines,
    toEnd,
    add(fresh) {
      const follow = nearEnd() || fresh.some((line) => line.who === "you");
      const many = fresh.length > 3;
      // A history is no news: a screen reader is not made to read all of it.
      if (many) log.setAttribute("aria-live", "off");
      let answer = null;
      for (const line of fresh) {
        if (line.client && !line.files) line.files = sent.get(line.client);
        const before = lines[lines.length - 1];
        lines.push(line);
        const pending = line.client && drawn.get(line.client);
        dropChoices();
        const one = element(line, before);
        one.dataset.id = line.id;
        one.dataset.sign = line.sign || "kept";
        if (line.client) drawn.set(line.client, one);
        if (pending) pending.remove();
        log.insertBefore(one, firstWaiting());
        if (line.choices?.length) offer(one, line.choices);
        if (line.who === "you") answer = null;
        else answer ??= one;
      }
      if (many) {
        this.fold();
        setTimeout(() => log.removeAttribute("aria-live"), 1000);
      }
      signLast();
      if (follow) toEnd();
      if (follow && answer && !many) toBeginning(answer);
    },
    // Long conversations: the newest lines first, and the place is kept when the others come.
    fold() {
      shownFrom = Math.max(0, lines.length - FIRST);
      this.hideEarly();
    },
    hideEarly() {
      [...log.querySelectorAll(".line[data-id]")].forEach((one, index) => {
        one.hidden = index < shownFrom;
      });
      earlier.hidden = shownFrom === 0;
    },
    unfold() {
      const [height, top] = [log.scrollHeight, log.scrollTop];
      shownFrom = Math.max(0, shownFrom - FIRST);
      this.hideEarly();
      log.scrollTop = top + log.scrollHeight - height;
    },
    // A line that is not in the house yet. It says so only when that takes a while.
    wait(message) {
      const line = { who: "you", at: message.at, text: message.text, files: message.files };
      const one = element(line, lines[lines.length - 1]);
      one.classList.add("waiting");
      drawn.set(message.id, one);
      if (message.files?.length) sent.set(message.id, message.files);
      dropChoices();
      log.append(one);
      toEnd();
    },
    late(id) {
      const one = drawn.get(id);
      if (!one?.classList.contains("waiting") || one.querySelector(".now")) return;
      const follow = nearEnd();
      sign(one, words.waiting, true);
      const button = made("button", { type: "button", className: "now", textContent: words.waiting_now });
      button.addEventListener("click", now);
      one.append(button);
      if (follow) toEnd();
    },
    kept(id) {
      const one = drawn.get(id);
      if (!one?.classList.contains("waiting")) return;
      sign(one, words.kept);
    },
    reject(id) {
      drawn.get(id)?.remove();
      drawn.delete(id);
    },
    read(last) {
      for (const one of log.querySelectorAll(".line.you[data-id]")) if (Number(one.dataset.id) <= last) one.dataset.sign = "read";
      signLast();
    },
    clear() {
      lines.length = 0;
      drawn.clear();
      log.querySelectorAll(".line").forEach((one) => one.remove());
      earlier.hidden = true;
    },
    transcript() {
      const told = lines.map((line) => {
        const files = line.files?.map((file) => file.name).join(", ");
        return `${full.format(new Date(line.at))}, ${author(line)}:\n${line.text}${files ? `\n${words.sent_files} ${files}` : ""}`;
      });
      return `${words.transcript_title}\n\n${told.join("\n\n")}\n`;
    },
  };
  return api;
};
