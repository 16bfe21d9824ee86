// The connection: a socket, or plain requests where none gets through. It comes back by itself, asks for what it missed, and
// sends what waits one by one, each under its own id, so that whatever is sent again is the same message.
const BLOCKED = 2; // So many sockets in a row that never opened: nothing lets them through.
const PATIENCE = 8000; // So long may a socket take to open, and an answer to come.
const LONGEST = 30000; // Between two tries.
const AGAIN = 5 * 60 * 1000; // Then a socket is tried once more.
const BEAT = 50000;

export const wire = ({ origin, language, most, store, on }) => {
  let socket = null;
  let ready = false;
  let plain = false;
  let plainSince = 0;
  let blocked = 0;
  let failures = 0;
  let away = true; // Nobody has opened the chat, or another page took our place.
  let last = 0;
  let timer;
  let sending = ""; // The id of the message that is on its way.
  let overdue;
  let round = 0; // The polls of an earlier round end when it changes.
  let beginning = null;

  const connected = (yes) => on.state(yes);
  const later = (act, wait) => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
  const retry = (least = 0) => {
    const wait = Math.min(LONGEST, 1000 * 2 ** failures) * (0.5 + Math.random());
    failures = Math.min(failures + 1, 10);
    connected(false);
    later(connect, Math.max(least, wait));
  };
  const drop = () => {
    round += 1;
    clearTimeout(overdue);
    sending = "";
    beginning = null;
    ready = false;
    if (!socket) return;
    const old = socket;
    socket = null;
    old.onopen = old.onmessage = old.onclose = null;
    old.close();
  };

  const post = async (path, body, patience = PATIENCE * 2) => {
    const stop = new AbortController();
    const clock = setTimeout(() => stop.abort(), patience);
    try {
      const answer = await fetch(`/widget/${path}`, {
        method: "POST",
        credentials: "omit",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ key: store.key, origin, ...body }),
        signal: stop.signal,
      });
      const json = (answer.headers.get("Content-Type") ?? "").startsWith("application/json");
      return { status: answer.status, content: json ? await answer.json() : null };
    } finally {
      clearTimeout(clock);
    }
  };
  // The key opens nothing any more: after a day without a word, or because it was ended. What waits begins anew.
  const over = () => {
    drop();
    store.key = "";
    last = 0;
    on.over();
    later(connect, 0);
  };

  const connect = () => {
    clearTimeout(timer);
    if (away || socket) return;
    if (plain && Date.now() - plainSince > AGAIN) plain = false;
    if (plain || !("WebSocket" in window)) {
      plain = true;
      if (!store.key) connected(navigator.onLine);
      poll();
      flush();
      return;
    }
    let mine;
    try {
      mine = new WebSocket(`${location.origin.replace("http", "ws")}/widget/socket`);
    } catch {
      closed({ code: 1006 });
      return;
    }
    socket = mine;
    later(() => {
      if (socket !== mine || ready) return;
      drop();
      closed({ code: 1006 });
    }, PATIENCE);
    mine.onopen = () => mine.send(JSON.stringify({ t: "hello", key: store.key, origin, last }));
    mine.onmessage = ({ data }) => {
      clearTimeout(overdue);
      take(JSON.parse(data));
      if (sending) expect();
    };
    mine.onclose = closed;
  };
  const closed = ({ code }) => {
    const opened = ready;
    socket = null;
    drop();
    clearTimeout(timer);
    if (away) return;
    if (code === 4401) return over();
    if (code === 4403 || code === 4409) {
      away = true;
      connected(false);
      return;
    }
    if (code === 4429) return retry(60000);
    if (!opened && navigator.onLine) blocked += 1;
    if (blocked >= BLOCKED) {
      plain = true;
      plainSince = Date.now();
      later(connect, 0);
      return;
    }
    retry();
  };
  // No sign of life within a while: the connection is only on paper.
  const expect = () => {
    clearTimeout(overdue);
    overdue = setTimeout(() => {
      drop();
      retry();
    }, PATIENCE);
  };

  const take = (content) => {
    switch (content?.t) {
      case "ready":
        clearTimeout(timer);
        ready = true;
        failures = blocked = 0;
        connected(true);
        flush();
        break;
      case "began":
        began(content.key);
        break;
      case "kept":
        settled(content.client);
        on.kept(content.client, content.id);
        flush();
        break;
      case "refused":
        refused(content);
        break;
      case "shown": {
        const lines = content.lines.filter((line) => line.id > last);
        if (!lines.length) break;
        last = lines[lines.length - 1].id;
        for (const line of lines) if (line.client) settled(line.client);
        on.lines(lines);
        break;
      }
      case "typing":
        on.typing(content.name);
        break;
      case "read":
        on.read(content.last);
        break;
    }
  };
  const settled = (id) => {
    store.remove(id);
    if (sending === id) sending = "";
    clearTimeout(overdue);
  };
  const refused = ({ client, why, wait }) => {
    sending = "";
    clearTimeout(overdue);
    if (why === "busy" || why === "store") {
      on.refused(client, why);
      setTimeout(flush, (wait || 5) * 1000);
      if (!client) beginning = null;
      return;
    }
    store.remove(client);
    on.refused(client, why);
    flush();
  };

  const began = (key) => {
    beginning = null;
    // Another page of this site may have begun in the same moment: then its conversation is ours too.
    if (store.key) {
      drop();
      connect();
      return;
    }
    store.key = key;
    if (plain) poll();
    on.began();
    flush();
  };
  const begin = async () => {
    if (store.key || beginning) return;
    beginning = Date.now();
    if (ready && !plain) {
      socket.send(JSON.stringify({ t: "begin", lang: language }));
      expect();
      return;
    }
    if (!plain) {
      beginning = null;
      return;
    }
    try {
      const { status, content } = await post("begin", { lang: language });
      if (content) take(content);
      else throw new Error(String(status));
    } catch {
      beginning = null;
      retry();
    }
  };
  const flush = async () => {
    const [first] = store.unsent();
    if (away || sending || !first || !(ready || plain)) return;
    if (!store.key) {
      begin();
      return;
    }
    sending = first.id;
    const body = { id: first.id, text: first.text, choice: first.choice, files: first.files.map((file) => file.token) };
    const frame = JSON.stringify({ t: "say", ...body });
    if (ready && new TextEncoder().encode(frame).length < most) {
      socket.send(frame);
      expect();
      return;
    }
    try {
      const { status, content } = await post("say", body);
      if (content) {
        if (plain) connected(true);
        take(content);
      } else if (status === 403) over();
      else throw new Error(String(status));
    } catch {
      sending = "";
      retry(2000);
    }
  };

  const poll = async () => {
    round += 1;
    const mine = round;
    while (plain && !away && mine === round && store.key) {
      try {
        const { status, content } = await post("poll", { last, wait: failures === 0 }, 40000);
        if (mine !== round) return;
        if (status === 403) return over();
        if (status !== 200) throw new Error(String(status));
        // After a break a socket may get through again: perhaps the house was only closed for a moment.
        if (failures) {
          failures = 0;
          plain = false;
          blocked = BLOCKED - 1;
          take(content);
          connect();
          return;
        }
        connected(true);
        take(content);
      } catch {
        if (mine === round) retry();
        return;
      }
    }
  };

  const wake = () => {
    if (away || !navigator.onLine) return;
    if (socket ? !ready : !plain) {
      drop();
      failures = 0;
      connect();
    } else if (plain) {
      poll();
      flush();
    } else flush();
  };
  addEventListener("online", () => {
    drop();
    failures = 0;
    if (!away) connect();
  });
  addEventListener("offline", () => {
    if (away) return;
    drop();
    clearTimeout(timer);
    connected(false);
  });
  document.addEventListener("visibilitychange", () => !document.hidden && wake());
  setInterval(() => {
    if (!ready || document.hidden || sending) return;
    socket.send(JSON.stringify({ t: "ping" }));
    expect();
  }, BEAT);

  let told = 0;
  return {
    start() {
      away = false;
      if (!socket) connect();
    },
    // Now, whatever the next try was waiting for.
    now() {
      failures = 0;
      sending = "";
      if (ready || plain) flush();
      else wake();
    },
    begin: () => begin(),
    flush: () => flush(),
    writing() {
      if (!ready || !store.key || Date.now() - told < 3000) return;
      told = Date.now();
      socket.send(JSON.stringify({ t: "typing" }));
    },
    forget() {
      drop();
      last = 0;
      connect();
    },
  };
};
