// The order of the rules by Alt and an arrow, and by dragging. Without this script, and beside it, buttons do the same.
"use strict";
(() => {
  const list = document.querySelector("[data-ordered]"), dropped = document.getElementById("dropped");
  if (!list || !dropped) return;

  list.addEventListener("keydown", (event) => {
    const act = event.altKey && !event.ctrlKey && !event.metaKey ? { ArrowUp: "up", ArrowDown: "down" }[event.key] : undefined;
    const button = act && event.target.closest(".rule")?.querySelector(`button[value="${act}"]`);
    if (!button) return;
    event.preventDefault();
    button.form.requestSubmit(button);
  });

  let dragged = null;
  const clear = () => { for (const one of list.querySelectorAll(".before, .after")) one.classList.remove("before", "after"); };
  for (const number of list.querySelectorAll(".rule .number")) number.draggable = true;
  list.addEventListener("dragstart", (event) => {
    // A link or some marked words are dragged as everywhere.
    if (!event.target.matches?.(".number")) return;
    dragged = event.target.closest(".rule");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.rule);
    event.dataTransfer.setDragImage(dragged, 10, 10);
    dragged.classList.add("dragged");
  });
  const halfOf = (rule, event) => {
    const box = rule.getBoundingClientRect();
    return event.clientY > box.top + box.height / 2 ? "after" : "before";
  };
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest(".rule");
    if (!dragged || !over) return;
    event.preventDefault();
    clear();
    if (over !== dragged) over.classList.add(halfOf(over, event));
  });
  list.addEventListener("drop", (event) => {
    const over = event.target.closest(".rule");
    if (!dragged || !over) return;
    event.preventDefault();
    if (over === dragged) return;
    // The place is counted among the others, as it is once the dragged one has been lifted out.
    const others = [...list.children].filter((one) => one !== dragged);
    dropped.elements.rule.value = dragged.dataset.rule;
    dropped.elements.to.value = others.indexOf(over) + (halfOf(over, event) === "after" ? 1 : 0);
    dropped.requestSubmit();
  });
  list.addEventListener("dragend", () => { dragged?.classList.remove("dragged"); dragged = null; clear(); });
})();
