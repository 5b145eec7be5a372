// @ts-check
/** Moving appointments: by dragging them, and by the arrow keys. The form of each does the same. */

const drop = /** @type {HTMLFormElement | null} */ (document.getElementById("drop"));
const panel = /** @type {HTMLElement | null} */ (document.getElementById("moving"));
const told = /** @type {HTMLElement | null} */ (document.getElementById("told"));
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PATIENCE = 150; // milliseconds of rest before the server is asked

/** What is being moved.
 * @typedef {{ item: HTMLElement, handle: HTMLElement | null, at: string, asks: AbortController | null }} Moving
 */
/** @type {Moving | null} */
let moving = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;

/** Where an appointment's form and trial are.
 * @param {HTMLElement} item
 * @returns {string}
 */
function address(item) {
  const brief = (item.dataset.brief ?? "").split("/").map(encodeURIComponent).join("/");
  return `${encodeURIComponent(item.dataset.chain ?? "")}/${brief}`;
}

/** A local date and time, some milliseconds later; no zone's clock is asked.
 * @param {string} local
 * @param {number} by
 * @returns {string}
 */
function later(local, by) {
  return new Date(Date.parse(`${local.slice(0, 16)}:00Z`) + by).toISOString().slice(0, 16);
}

/** When something goes out that is dropped here: a slot's instant, an hour, or a day at its own time.
 * @param {HTMLElement} item
 * @param {EventTarget | null} target
 * @returns {{ at: string, place: HTMLElement } | null}
 */
function target(item, target) {
  const found = /** @type {HTMLElement | null} */ (
    /** @type {Element | null} */ (target)?.closest?.("[data-at], [data-day]") ?? null
  );
  if (!found || !found.closest("#calendar")) return null;
  const day = found.dataset.day;
  const at = day ? `${day}T${(item.dataset.local ?? "").slice(11)}` : found.dataset.at ?? "";
  return { at, place: found };
}

/** Ask what would come of it, and say so; nothing is written.
 * @param {string} at
 */
function ask(at) {
  if (!moving || moving.at === at || !drop) return;
  moving.at = at;
  moving.asks?.abort();
  clearTimeout(waiting);
  const { item } = moving;
  const asks = (moving.asks = new AbortController());
  waiting = setTimeout(async () => {
    const zone = /** @type {HTMLInputElement} */ (drop.elements.namedItem("zone")).value;
    const query = new URLSearchParams({ at, zone });
    try {
      const answer = await fetch(`${drop.dataset.trial}${address(item)}?${query}`, { signal: asks.signal });
      const markup = await answer.text();
      const found = new DOMParser().parseFromString(markup, "text/html").querySelector(".outcome");
      if (found && !asks.signal.aborted) told?.replaceChildren(document.adoptNode(found));
      else if (!answer.ok) told?.replaceChildren(String(answer.status));
    } catch {
      // given up, or not connected: the drop itself will tell
    }
  }, PATIENCE);
}

/** Begin to move.
 * @param {HTMLElement} item
 * @param {HTMLElement | null} handle
 */
function begin(item, handle) {
  if (!panel) return;
  moving = { item, handle, at: "", asks: null };
  item.classList.add("taken");
  panel.hidden = false;
}

/** Stop moving, without having moved anything. */
function giveUp() {
  if (!moving) return;
  const { item, handle, asks } = moving;
  moving = null;
  asks?.abort();
  clearTimeout(waiting);
  item.classList.remove("taken");
  mark(null);
  told?.replaceChildren();
  if (panel) panel.hidden = true;
  handle?.focus();
}

/** Put it there: the form goes to the server, which writes the date or says why not. */
function put() {
  if (!moving || !moving.at || !drop) return;
  const { item, at } = moving;
  /** @type {Record<string, string>} */
  const values = { revision: item.dataset.revision ?? "", at };
  for (const [name, value] of Object.entries(values)) {
    /** @type {HTMLInputElement} */ (drop.elements.namedItem(name)).value = value;
  }
  drop.action = `${drop.dataset.action}${address(item)}`;
  drop.requestSubmit();
}

/** Show where it would go.
 * @param {HTMLElement | null} place
 */
function mark(place) {
  for (const old of document.querySelectorAll(".target")) if (old !== place) old.classList.remove("target");
  place?.classList.add("target");
}

/** The place of a local time in the page, where it is shown.
 * @param {string} at
 * @returns {HTMLElement | null}
 */
function place(at) {
  const hour = `${at.slice(0, 13)}:00`;
  return document.querySelector(`#calendar [data-day="${at.slice(0, 10)}"], #calendar td[data-at="${hour}"]`);
}

/** How far an arrow key goes.
 * @param {string} key
 * @returns {number}
 */
function step(key) {
  const rtl = getComputedStyle(document.documentElement).direction === "rtl" ? -1 : 1;
  const by = document.getElementById("calendar")?.dataset.view === "week" ? HOUR : 7 * DAY;
  /** @type {Record<string, number>} */
  const steps = { ArrowLeft: -DAY * rtl, ArrowRight: DAY * rtl, ArrowUp: -by, ArrowDown: by };
  return steps[key] ?? 0;
}

// -- by keyboard --------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !panel) return;
  const handle = /** @type {HTMLElement | null} */ (
    /** @type {Element} */ (event.target).closest?.(".handle") ?? null
  );
  const item = /** @type {HTMLElement | null} */ (handle?.closest(".appointment") ?? null);
  const by = step(event.key);
  if (!moving && item && by) {
    begin(item, handle);
    panel.focus();
  }
  if (!moving) return;
  if (by) {
    event.preventDefault();
    const at = later(moving.at || (moving.item.dataset.local ?? ""), by);
    mark(place(at));
    ask(at);
  } else if (event.key === "Enter" && moving.at) {
    event.preventDefault();
    put();
  } else if (event.key === "Escape") {
    event.preventDefault();
    giveUp();
  }
});
panel?.addEventListener("blur", () => {
  if (moving?.handle && !drop?.dataset.sent) giveUp();
});

// -- by dragging --------------------------------------------------------------------------------

document.addEventListener("dragstart", (event) => {
  const item = /** @type {HTMLElement | null} */ (
    /** @type {Element} */ (event.target).closest?.(".appointment[draggable]") ?? null
  );
  if (!item || !event.dataTransfer) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", item.dataset.title ?? "");
  begin(item, null);
});
document.addEventListener("dragover", (event) => {
  const found = moving && target(moving.item, event.target);
  if (!found) return;
  event.preventDefault();
  mark(found.place);
  ask(found.at);
});
document.addEventListener("drop", (event) => {
  const found = moving && target(moving.item, event.target);
  if (!moving || !found) return;
  event.preventDefault();
  moving.at = found.at;
  put();
});
document.addEventListener("dragend", () => {
  if (!drop?.dataset.sent) giveUp();
});
