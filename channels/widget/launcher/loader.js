// The button on the other site's page, and the frame of ours behind it. It runs among strangers: everything lives in a closed
// shadow root, one global name is taken, and the frame is made only when somebody opens the chat.
(() => {
  "use strict";
  const tag = document.currentScript;
  if (!tag || window.guichet) return;
  const origin = new URL(tag.src).origin;
  const { lang, scheme, accent, side } = tag.dataset;
  const all = "{WORDS}";
  const sheet = "{SHEET}";
  const language = [lang, document.documentElement.lang.slice(0, 2).toLowerCase()].find((one) => all[one]) || "fr";
  const words = all[language];
  const made = (name, className, parent) => {
    const one = document.createElement(name);
    one.className = className;
    parent?.append(one);
    return one;
  };

  const host = document.createElement("div");
  host.lang = language;
  host.dataset.scheme = scheme || "auto";
  host.dataset.side = side || "right";
  const root = host.attachShadow({ mode: "closed" });
  // A strict policy of the host page lets in neither a style element nor a style attribute; these two it does.
  try {
    const style = new CSSStyleSheet();
    style.replaceSync(sheet);
    root.adoptedStyleSheets = [style];
  } catch {
    const link = made("link", "", root);
    link.rel = "stylesheet";
    link.href = `${origin}/widget.css`;
  }
  if (/^#[0-9a-f]{6}$/i.test(accent || "")) {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(accent.slice(at, at + 2), 16));
    host.style.setProperty("--guichet-accent", accent);
    host.style.setProperty("--guichet-on-accent", red * 0.3 + green * 0.59 + blue * 0.11 > 140 ? "#000" : "#fff");
  }
  const button = made("button", "launcher", root);
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const drawing = (name, attributes) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
    return one;
  };
  const icon = drawing("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" });
  icon.append(drawing("path", { d: "M4 6a3 3 0 0 1 3-3h18a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H14l-7 6v-6a3 3 0 0 1-3-3z" }));
  button.append(icon);
  const label = made("span", "", button);
  label.textContent = words.open;
  const badge = made("span", "badge", button);
  badge.hidden = true;
  const panel = made("div", "panel", root);
  panel.hidden = true;
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", words.name);
  const voice = made("p", "unseen", root);
  voice.setAttribute("role", "status");

  const phone = matchMedia("(max-width: 30rem), (max-height: 30rem)");
  let frame = null;
  let loaded = false;
  const isOpen = () => !panel.hidden;
  const tell = (what, more) => loaded && frame.contentWindow.postMessage({ guichet: what, ...more }, origin);
  const opened = () => tell("open", { scheme: host.dataset.scheme, accent: accent || "" });

  // On a phone the chat takes the whole screen, and what the keyboard leaves of it.
  const fit = () => {
    const view = window.visualViewport;
    const whole = isOpen() && phone.matches;
    host.classList.toggle("whole", whole);
    const bounded = whole && view && view.scale < 1.05;
    panel.style.setProperty("top", bounded ? `${view.offsetTop}px` : "");
    panel.style.setProperty("height", bounded ? `${view.height}px` : "");
  };
  const open = () => {
    if (!frame) {
      frame = made("iframe", "", panel);
      frame.title = words.name;
      frame.addEventListener("load", () => {
        loaded = true;
        if (isOpen()) opened();
      });
      frame.src = `${origin}/widget/frame/${language}`;
    }
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    label.textContent = words.close;
    fit();
    frame.focus();
    opened();
  };
  const close = () => {
    if (!isOpen()) return;
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    label.textContent = words.open;
    fit();
    tell("close");
    button.focus();
  };
  const unread = (count) => {
    const said = count ? (count === 1 ? words.new_one : words.new_more.replace("{count}", count)) : "";
    badge.textContent = said;
    badge.hidden = !count;
    voice.textContent = count ? `${words.name}: ${said}` : "";
  };

  button.addEventListener("click", () => (isOpen() ? close() : open()));
  root.addEventListener("keydown", (event) => event.key === "Escape" && close());
  phone.addEventListener("change", fit);
  window.visualViewport?.addEventListener("resize", fit);
  window.visualViewport?.addEventListener("scroll", fit);
  addEventListener("message", ({ origin: from, source, data }) => {
    if (from !== origin || !frame || source !== frame.contentWindow || !data || typeof data !== "object") return;
    if (data.guichet === "close") close();
    if (data.guichet === "unread" && Number.isInteger(data.count) && data.count >= 0 && data.count < 1000) unread(data.count);
  });
  window.guichet = Object.freeze({ open, close });
  const put = () => document.body.append(host);
  if (document.body) put();
  else addEventListener("DOMContentLoaded", put);
})();
