// @ts-check
/** What every page does better with JavaScript: it stays fresh, asks in place, knows the zone. */

const root = document.documentElement.dataset.root ?? "";

/** Tell the server in which zone to write times, from the next page on.
 * @returns {void}
 */
function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`zone=${encodeURIComponent(zone)}`)) {
    remember("zone", zone);
  }
}

/** Remember a choice of the reader for a year.
 * @param {string} name
 * @param {string} value
 */
function remember(name, value) {
  const path = root || "/";
  document.cookie = `${name}=${encodeURIComponent(value)}; path=${path}; max-age=31536000; samesite=lax`;
}

/** What an element says, but for its times: that something is a minute older now is no news.
 * @param {Element} element
 * @returns {string | null}
 */
function lasting(element) {
  const copy = /** @type {Element} */ (element.cloneNode(true));
  for (const time of copy.querySelectorAll("time")) time.remove();
  return copy.textContent;
}

/** Put what has changed into this page: each element with `data-live`, by its id.
 * Where somebody is at work in such an element, it stays as it is.
 */
async function freshen() {
  const answer = await fetch(location.href, { headers: { "X-Freshen": "1" } });
  if (!answer.ok) return;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = found.getElementById(old.id);
    if (!fresh || old.contains(document.activeElement) || old.querySelector("dialog[open], .told[open]")) continue;
    if (fresh.innerHTML !== old.innerHTML) {
      if (lasting(fresh) !== lasting(old)) fresh.classList.add("fresh");
      old.replaceWith(document.adoptNode(fresh));
      document.dispatchEvent(new CustomEvent("freshened", { detail: fresh }));
    }
  }
}

/** Follow what changes, as long as the page is looked at. */
function follow() {
  if (!document.querySelector("[data-live]") || !window.EventSource) return;
  const told = /** @type {HTMLElement | null} */ (document.querySelector(".live"));
  /** @type {EventSource | null} */
  let source = null;
  let seen = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const start = () => {
    source = new EventSource(`${root}/live?seen=${encodeURIComponent(seen)}`);
    source.addEventListener("changed", (event) => {
      const first = seen === "";
      seen = /** @type {MessageEvent} */ (event).lastEventId;
      if (told) told.hidden = true;
      if (first) return;
      clearTimeout(waiting);
      waiting = setTimeout(freshen, 150);
    });
    source.addEventListener("open", () => { if (told) told.hidden = true; });
    source.addEventListener("error", () => { if (told) told.hidden = false; });
  };
  const stop = () => { source?.close(); source = null; };
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  window.addEventListener("pagehide", stop);
  if (!document.hidden) start();
}

/** Ask in a dialog what would be asked on a page of its own: a link with `data-ask`.
 * @param {MouseEvent} event
 */
async function ask(event) {
  const link = /** @type {HTMLElement} */ (event.target).closest?.("a[data-ask]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const href = /** @type {HTMLAnchorElement} */ (link).href;
  const answer = await fetch(href).catch(() => null);
  const markup = answer?.ok ? await answer.text() : null;
  const asked = markup && new DOMParser().parseFromString(markup, "text/html").querySelector(".asks");
  if (!asked) {
    location.assign(href);
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.append(document.adoptNode(asked));
  dialog.setAttribute("aria-labelledby", asked.querySelector("h1, h2")?.id ?? "");
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    /** @type {HTMLElement} */ (link).focus();
  });
  dialog.addEventListener("click", (click) => {
    if (/** @type {HTMLElement} */ (click.target).closest("[data-close]")) {
      click.preventDefault();
      dialog.close();
    }
  });
  dialog.showModal();
}

/** A form is sent once. */
function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    window.addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
  });
}

/** Where the navigation has no room, show the part of it in which one is. */
function showPlace() {
  const place = /** @type {HTMLElement | null} */ (document.querySelector(".frame nav [aria-current]"));
  const nav = place?.closest("nav");
  if (place && nav) nav.scrollLeft = place.offsetLeft - nav.offsetLeft - (nav.clientWidth - place.offsetWidth) / 2;
}

tellZone();
showPlace();
follow();
sendOnce();
document.addEventListener("click", ask);
document.addEventListener("click", (event) => {
  const chosen = /** @type {HTMLElement} */ (event.target).closest?.("a[data-language]");
  if (chosen) remember("language", /** @type {HTMLElement} */ (chosen).dataset.language ?? "en");
});
