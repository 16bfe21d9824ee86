// Only while the house is flooded by robots: solves the challenge of the last page, beside the page, while its answers are
// read. Whoever presses Send before that is told so, and sent as soon as it is done.
(() => {
  "use strict";
  // So long, in milliseconds, does anybody wait for it; then the house judges the form by its age, as without script.
  const patience = 15000;
  const form = document.getElementById("form");
  const field = form.elements.proof;
  const note = form.querySelector("[data-checking]");
  const [nonce, bits, , , answer] = field.value.split(".");
  if (answer) return;

  let worker;
  let busy = true;
  let pressed = false;
  const done = () => {
    if (!busy) return;
    busy = false;
    worker.terminate();
    note.textContent = "";
    if (pressed) form.submit();
  };
  try {
    worker = new Worker(field.dataset.worker);
  } catch {
    return; // A browser that cannot.
  }
  worker.addEventListener("message", (event) => {
    field.value += `.${event.data}`;
    done();
  });
  worker.addEventListener("error", done);
  worker.postMessage({ nonce, bits: Number(bits) });

  form.addEventListener("submit", (event) => {
    // Back, Change and the languages have a name; they need no proof.
    if (!busy || event.submitter?.name) return;
    event.preventDefault();
    if (pressed) return;
    pressed = true;
    note.textContent = note.dataset.checking;
    setTimeout(done, patience);
  });
})();
