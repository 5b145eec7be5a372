// @ts-check
/** What the editor does better with JavaScript: it checks, keeps and shows what is written. */

const root = document.documentElement.dataset.root ?? "";
const form = /** @type {HTMLFormElement} */ (document.getElementById("editor"));
const text = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
const told = /** @type {HTMLElement} */ (document.getElementById("saved"));
const AFTER_TYPING = 600; // milliseconds of quiet before a text is checked
const AFTER_FIELD = 350;
const MOST_FINDINGS = 200;

/** @typedef {{line: number, level: string, code: string, message: string, mend: string}} Told */
/** @typedef {{key: string, value: string, line: number, is_open: boolean}} Field */

let saved = form.dataset.unsaved === "1" ? null : text.value;
let leaving = false;
/** @type {Promise<void>} */
let keeping = Promise.resolve();

/** @param {string} name @returns {HTMLInputElement} */
const hidden = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
/** @param {string} name */
const says = (name) => form.dataset[name] ?? "";
const isSaved = () => text.value === saved;

/** What goes along with each question: the text, and which file it is.
 * @param {Record<string, string>} more
 */
function sheet(more = {}) {
  const plain = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("plain"));
  const name = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("name"));
  return new URLSearchParams({
    csrf: hidden("csrf").value, path: form.dataset.path ?? "", text: text.value,
    fingerprint: hidden("fingerprint").value, name: name?.value ?? "", plain: plain?.checked ? "1" : "",
    ...more,
  });
}

/** Ask the dashboard; what isn't answered is told, and is null.
 * @param {string} what
 * @param {URLSearchParams} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<Response | null>}
 */
async function ask(what, body, signal) {
  const headers = { "X-CSRF-Token": hidden("csrf").value };
  try {
    return await fetch(`${root}/api/v1/briefs/${what}`, { method: "POST", headers, body, signal });
  } catch (error) {
    if (/** @type {Error} */ (error).name !== "AbortError") told.textContent = says("toldFailed");
    return null;
  }
}

/** Tell why something wasn't done.
 * @param {Response} answer
 */
async function tellWhy(answer) {
  const said = await answer.json().catch(() => null);
  told.textContent = typeof said?.detail === "string" ? said.detail : says("toldFailed");
}

/** Put another text in place of what is there, as one step that can be undone.
 * @param {string} next
 */
function change(next) {
  const now = text.value;
  if (next === now) return;
  let start = 0;
  const least = Math.min(now.length, next.length);
  while (start < least && now[start] === next[start]) start += 1;
  let end = 0;
  while (end < least - start && now[now.length - 1 - end] === next[next.length - 1 - end]) end += 1;
  insert(next.slice(start, next.length - end), start, now.length - end);
}

/** Put words into the text, as if they had been typed there.
 * @param {string} words
 * @param {number} start
 * @param {number} end
 */
function insert(words, start, end) {
  const [from, to, top] = [text.selectionStart, text.selectionEnd, text.scrollTop];
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  text.focus({ preventScroll: true });
  text.setSelectionRange(start, end);
  const done = words ? document.execCommand("insertText", false, words) : document.execCommand("delete");
  if (!done) {
    text.setRangeText(words, start, end, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (active && active !== text) {
    const moved = words.length - (end - start);
    text.setSelectionRange(from >= end ? from + moved : from, to >= end ? to + moved : to);
    text.scrollTop = top;
    active.focus({ preventScroll: true });
  }
}

// -- what is said of the text ----------------------------------------------------------------------

/** @type {AbortController | null} */
let checking = null;

/** Check the text; an older check is given up. */
async function check() {
  checking?.abort();
  const mine = (checking = new AbortController());
  const body = sheet();
  const answer = await ask("check", body, mine.signal);
  if (mine.signal.aborted || !answer) return;
  if (!answer.ok) return void tellWhy(answer);
  const found = await answer.json().catch(() => null);
  if (!found || mine.signal.aborted) return;
  showFindings(found.findings);
  if (body.get("text") === text.value) showFields(found.fields);
}

/** @param {Told[]} findings */
function showFindings(findings) {
  const list = document.getElementById("findings");
  if (!list) return;
  list.replaceChildren(...findings.slice(0, MOST_FINDINGS).map(row));
  if (!findings.length) {
    const none = document.createElement("li");
    none.className = "empty";
    none.textContent = says("toldNone");
    list.append(none);
  }
}

/** @param {Told} one @returns {HTMLLIElement} */
function row(one) {
  const item = document.createElement("li");
  item.className = one.level;
  const state = { error: "fail", warning: "warn" }[one.level] ?? "";
  const head = document.createElement("p");
  head.append(
    make("span", `state ${state}`, says(`told${one.level}`) || one.level), " ",
    button("line", says("toldLine").replace("{line}", String(one.line)), { line: one.line }), " ",
    make("code", "quiet small", one.code),
  );
  const message = make("p", "wrap", "");
  message.append(make("bdi", "", one.message));
  item.append(head, message);
  if (one.mend === "text") {
    const mend = document.createElement("p");
    mend.append(button("", says("toldMend"), { line: one.line, code: one.code }));
    item.append(mend);
  }
  return item;
}

/** @param {string} tag @param {string} name @param {string} words */
function make(tag, name, words) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.textContent = words;
  return made;
}

/** @param {string} name @param {string} words @param {Record<string, string | number>} data */
function button(name, words, data) {
  const made = /** @type {HTMLButtonElement} */ (make("button", name, words));
  made.type = "button";
  for (const [key, value] of Object.entries(data)) made.dataset[key] = String(value);
  return made;
}

/** Put the form in step with the text; not where somebody is writing just now.
 * @param {Field[] | null} fields
 */
function showFields(fields) {
  for (const field of fields ?? []) {
    const input = /** @type {HTMLInputElement | null} */ (form.querySelector(`[data-key="${field.key}"]`));
    const was = /** @type {HTMLInputElement | null} */ (form.elements.namedItem(`was.${field.key}`));
    if (!input || !was || pending.has(input)) continue;
    was.value = field.value;
    input.disabled = was.disabled = !field.is_open;
    if (input.type === "checkbox") input.checked = field.value === "true";
    else if (input !== document.activeElement) input.value = field.value;
  }
}

/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const waiting = new Map();

/** Do something after a moment of quiet.
 * @param {string} what
 * @param {number} after
 * @param {() => void} work
 */
function soon(what, after, work) {
  clearTimeout(waiting.get(what));
  waiting.set(what, setTimeout(work, after));
}

/** Fields that aren't in the text yet.
 * @type {Set<HTMLInputElement>}
 */
const pending = new Set();

/** @param {HTMLInputElement} input */
function setSoon(input) {
  pending.add(input);
  soon(`field ${input.dataset.key}`, AFTER_FIELD, () => setField(input));
}

/** Write one key of the form into the text; the server knows how.
 * @param {HTMLInputElement} input
 */
async function setField(input) {
  pending.delete(input);
  const value = input.type === "checkbox" ? String(input.checked) : input.value;
  const before = text.value;
  const answer = await ask("field", sheet({ key: input.dataset.key ?? "", value }));
  if (!answer) return;
  if (!answer.ok) return void tellWhy(answer);
  const made = await answer.json();
  if (text.value !== before) return void setSoon(input);
  change(made.text);
  showFields(made.fields);
}

/** @param {HTMLElement} pressed */
async function mend(pressed) {
  const before = text.value;
  const answer = await ask("fix", sheet({ code: pressed.dataset.code ?? "", line: pressed.dataset.line ?? "" }));
  if (!answer) return;
  if (!answer.ok) return void tellWhy(answer);
  const made = await answer.json();
  if (text.value !== before) return;
  change(made.text);
  showFields(made.fields);
  check();
}

/** Show a line of the text.
 * @param {number} number
 */
function jump(number) {
  let start = 0;
  for (let line = 1; line < number; line += 1) {
    const next = text.value.indexOf("\n", start);
    if (next < 0) break;
    start = next + 1;
  }
  const end = text.value.indexOf("\n", start);
  text.setSelectionRange(start, start);
  text.blur();
  text.focus(); // a browser shows where it is
  text.setSelectionRange(start, end < 0 ? text.value.length : end);
}

// -- kept and saved --------------------------------------------------------------------------------

/** Keep the text as a draft, and show it; one after the other. */
function keep() {
  keeping = keeping.then(async () => {
    if (isSaved()) return;
    const answer = await ask("draft", sheet({ since: hidden("since").value }));
    if (!answer) return;
    if (!answer.ok) return void (await tellWhy(answer));
    const { mark } = await answer.json();
    hidden("since").value = mark;
    if (!isSaved()) told.textContent = says("toldDraft");
    show("draft", mark);
  });
}

/** @param {string} of @param {string} mark */
function show(of, mark) {
  const frame = /** @type {HTMLIFrameElement | null} */ (document.getElementById("preview"));
  if (!frame?.contentWindow) return;
  const top = frame.contentWindow.scrollY;
  frame.addEventListener("load", () => frame.contentWindow?.scrollTo(0, top), { once: true });
  frame.contentWindow.location.replace(`${form.dataset.preview}?of=${of}&${mark}`);
}

/** Save; where the file was changed meanwhile, the server shows both versions. */
async function save() {
  clearTimeout(waiting.get("keep"));
  for (const input of pending) {
    clearTimeout(waiting.get(`field ${input.dataset.key}`));
    await setField(input);
  }
  await keeping;
  if (!form.dataset.path) return send();
  told.textContent = says("toldSaving");
  const body = sheet();
  const answer = await ask("save", body);
  if (!answer) return;
  if (answer.status === 409) return send();
  if (!answer.ok) return void tellWhy(answer);
  const made = await answer.json();
  hidden("fingerprint").value = made.fingerprint;
  hidden("since").value = "";
  saved = body.get("text");
  told.textContent = isSaved() ? says("toldSaved") : says("toldUnsaved");
  show("file", made.fingerprint);
  check();
}

/** Send the form as a browser without JavaScript does. */
function send() {
  leaving = true;
  const pressed = /** @type {HTMLButtonElement | null} */ (form.querySelector('button[value="save"]'));
  form.requestSubmit(pressed);
}

// -- pictures --------------------------------------------------------------------------------------

/** Put pictures beside the brief, and what shows them into the text.
 * @param {Iterable<File>} files
 */
async function pictures(files) {
  for (const file of files) {
    if (file.size > Number(form.dataset.largest)) {
      told.textContent = says("toldLarge");
      continue;
    }
    const words = await askWords();
    if (words === null) continue;
    const name = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("name"));
    const path = form.dataset.path || name?.value || "";
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    const query = new URLSearchParams({ folder, name: file.name });
    const headers = { "X-CSRF-Token": hidden("csrf").value, "Content-Type": file.type || "image/png" };
    const answer = await fetch(`${root}/api/v1/briefs/pictures?${query}`, { method: "PUT", headers, body: file })
      .catch(() => null);
    if (!answer) {
      told.textContent = says("toldFailed");
      return;
    }
    if (!answer.ok) {
      await tellWhy(answer);
      continue;
    }
    const made = await answer.json();
    const alt = words.replace(/\s+/g, " ").trim().replace(/[\\[\]]/g, "\\$&");
    insert(`![${alt}](${made.name})`, text.selectionStart, text.selectionEnd);
    text.focus();
  }
}

/** What a picture shows, in words; null when it is to be left out.
 * @returns {Promise<string | null>}
 */
function askWords() {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("about-picture"));
  const alt = /** @type {HTMLInputElement} */ (document.getElementById("alt"));
  alt.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  alt.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "put" ? alt.value : null), { once: true });
  });
}

// -- what a person does ----------------------------------------------------------------------------

if (!text.readOnly) {
  text.addEventListener("input", () => {
    told.textContent = isSaved() ? says("toldSaved") : says("toldUnsaved");
    soon("check", AFTER_TYPING, check);
    soon("keep", 2 * AFTER_TYPING, keep);
  });
  form.addEventListener("input", (event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input.dataset.key) setSoon(input);
    if (input.name === "plain") { saved = null; soon("check", AFTER_TYPING, check); }
  });
  form.addEventListener("submit", (event) => {
    if (leaving) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // it isn't sent
    const pressed = /** @type {HTMLButtonElement | null} */ (/** @type {SubmitEvent} */ (event).submitter);
    if (pressed?.dataset.code) mend(pressed);
    else if (pressed?.value === "check") { check(); keep(); }
    else if (pressed?.value === "discard") { leaving = true; form.requestSubmit(pressed); }
    else save();
  }, true);
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    save();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && !isSaved()) event.preventDefault();
  });
  text.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (!files.length) return;
    event.preventDefault();
    pictures(files);
  });
  text.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    text.classList.add("over");
  });
  text.addEventListener("dragleave", () => text.classList.remove("over"));
  text.addEventListener("drop", (event) => {
    text.classList.remove("over");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    pictures([...event.dataTransfer.files]);
  });
  const file = /** @type {HTMLInputElement} */ (document.getElementById("picture"));
  /** @type {HTMLElement} */ (file.closest(".pictures")).hidden = false;
  file.addEventListener("change", async () => {
    await pictures([...(file.files ?? [])]);
    file.value = "";
  });
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("about-picture"));
  dialog.addEventListener("click", (event) => {
    const pressed = /** @type {HTMLElement} */ (event.target);
    if (pressed.matches("[data-put]")) dialog.close("put");
    if (pressed.matches("[data-leave]")) dialog.close("");
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || /** @type {HTMLElement} */ (event.target).id !== "alt") return;
    event.preventDefault();
    dialog.close("put");
  });
}
form.addEventListener("click", (event) => {
  const pressed = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("button[type=button]"));
  if (!pressed) return;
  if (pressed.dataset.code) mend(pressed);
  else if (pressed.dataset.line) jump(Number(pressed.dataset.line));
});
