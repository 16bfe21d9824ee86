// While a training runs, its part of the page is asked for again every few seconds; nothing else moves.
"use strict";
{
  const place = document.querySelector("[data-training]");
  const runs = () => place?.querySelector('[data-stage="running"]') !== null;
  const ask = async () => {
    if (!place || !runs()) return;
    try {
      const answer = await fetch(place.dataset.training, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.ok && !answer.redirected) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        place.replaceChildren(...fresh.body.childNodes);
      }
    } catch {
      // The connection is lost for a moment: the next look tells.
    }
    setTimeout(ask, 3000);
  };
  if (place && runs()) setTimeout(ask, 3000);
}
