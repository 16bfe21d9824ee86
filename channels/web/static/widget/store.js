// What the browser keeps for this chat: the key, what is not sent yet, and a draft until the tab is closed. Never what was said.
// By the embedding page's origin: a key is good on that page only. Where nothing may be kept, it lives as long as the page.
export const keeper = (origin) => {
  const memory = new Map();
  const name = (what) => `guichet ${origin} ${what}`;
  const reach = (kind, act, otherwise) => {
    try {
      return act(window[kind]);
    } catch {
      return otherwise();
    }
  };
  const read = (kind, what) =>
    memory.get(what) ?? reach(kind, (place) => place.getItem(name(what)) ?? "", () => "");
  const write = (kind, what, value) => {
    memory.delete(what);
    reach(
      kind,
      (place) => (value ? place.setItem(name(what), value) : place.removeItem(name(what))),
      () => memory.set(what, value),
    );
  };
  const unsent = () => {
    try {
      const kept = JSON.parse(read("localStorage", "unsent") || "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  };
  const put = (all) => write("localStorage", "unsent", all.length ? JSON.stringify(all) : "");
  return {
    get key() {
      return read("localStorage", "key");
    },
    set key(value) {
      write("localStorage", "key", value);
    },
    get draft() {
      return read("sessionStorage", "draft");
    },
    set draft(value) {
      write("sessionStorage", "draft", value);
    },
    unsent,
    add: (message) => put([...unsent(), message]),
    remove: (id) => put(unsent().filter((one) => one.id !== id)),
    clear() {
      put([]);
      this.key = "";
      this.draft = "";
    },
  };
};

// 128 random bits. randomUUID is missing in older browsers, and where the page is not secure.
export const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
