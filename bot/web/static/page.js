// What happens on the page: asking, reading what comes, going on with it, and finding a run again after a reload.

import { events, Refused, tell } from "./stream.js";
import {
  Box, chooseLanguage, forgetOthers, make, relabel, remember, remembered, say, speak, summarize, toMarkdown,
} from "./view.js";

const ASK = "/v1/perspectives";
const LINGER = 10; // seconds that a run goes on without this page: a reload, or a lift without a network
const PAUSES = [300, 700, 1500, 3000, 4000]; // milliseconds before each try to find a run again

const at = (id) => document.getElementById(id);
const field = at("problem");
let language = chooseLanguage();
let run = null; // { id, problem, language, boxes, drawn, reading, before, left }; its boxes come when it has begun

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  start(field.value.trim());
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) at("ask").requestSubmit();
});
at("stop").addEventListener("click", () => {
  if (run?.id) tell(`${ASK}/${run.id}/stop`).catch(fail);
});
at("together").addEventListener("click", drawTogether);
at("copy").addEventListener("click", copy);
at("download").addEventListener("click", download);
at("language").addEventListener("click", () => {
  language = language === "ja" ? "en" : "ja";
  remember("language", language);
  speak(language);
});
setInterval(() => {
  for (const box of all()) if (box.seconds === null) box.tick();
}, 500);
speak(language);
field.focus();
addEventListener("hashchange", resume);
resume();

async function start(problem) {
  if (run?.reading) return;
  fail(null);
  if (!problem) {
    field.focus();
    return fail(new Error(say(language, "empty")));
  }
  const mine = open("", problem);
  await follow(mine, { body: { problem, linger: LINGER } });
}

/** Find the run again that the address names: this page was loaded anew, or somebody came back. */
async function resume() {
  const id = new URLSearchParams(location.hash.slice(1)).get("run");
  if (!id || id === run?.id || run?.reading) return;
  const mine = open(id, "");
  await follow(mine, {});
}

/** Read a run to its end; where the connection breaks, go on from where the run is. */
async function follow(mine, first) {
  let options = first;
  let isOver = false;
  for (let tries = 0; !isOver && run === mine; ) {
    try {
      for await (const [name, data] of events(mine.id ? `${ASK}/${mine.id}` : ASK, options)) {
        tries = 0;
        await take(mine, name, data);
        if (name === "error") throw new Refused(500, data.code, data.words);
        isOver ||= name === "done";
      }
    } catch (error) {
      if (error instanceof Refused) {
        if (error.code === "unknown_run") lose(mine);
        else fail(error);
        break;
      }
      if (!mine.id) {
        fail(error);
        break;
      }
    }
    if (isOver) break;
    if (!mine.id || tries === PAUSES.length) {
      lose(mine);
      break;
    }
    at("status").textContent = say(language, "reconnecting");
    await new Promise((resolve) => setTimeout(resolve, PAUSES[tries++]));
    options = {};
  }
  mine.reading = false;
  if (run === mine) close(mine);
}

async function take(mine, name, data) {
  if (name === "run") {
    begin(mine, data);
    return;
  }
  const box = mine.boxes.find((one) => one.key === data.perspective);
  if (name === "draft") box.take(data);
  if (name !== "end") return;
  box.take(data);
  at("status").textContent = say(language, "ended", { name: box.name, state: say(language, box.state) });
  refresh(mine);
}

function begin(mine, data) {
  const isAgain = mine.boxes.length > 0;
  Object.assign(mine, { id: data.id, problem: data.problem, language: data.language });
  const since = Number(remembered(`since ${data.id}`)) || Date.now();
  if (data.id !== new URLSearchParams(location.hash.slice(1)).get("run")) {
    history.replaceState(null, "", `#run=${data.id}`);
    remember(`since ${data.id}`, String(since));
    forgetOthers(data.id);
  }
  if (isAgain) {
    for (const box of mine.boxes) Object.assign(box, { text: "", seconds: null });
  } else {
    if (field.value.trim() !== data.problem) field.value = data.problem;
    mine.before?.left.abort();
    mine.before = null;
    at("drawn").replaceChildren();
    mine.boxes = data.perspectives.map((one) => new Box(one, data.language, { since }));
    for (const box of mine.boxes) addDeeper(mine, box);
    at("answers").querySelector(".boxes").replaceChildren(...mine.boxes.map((box) => box.element));
    for (const id of data.further) read(mine, `${ASK}/${id}`);
  }
  at("answers").hidden = false;
  at("stop").hidden = false;
  at("status").textContent = say(language, "begun");
  refresh(mine);
}

/** Read a run that goes on with another: asked just now with a `body`, or found again without one. */
async function read(mine, path, body) {
  let box = null;
  try {
    for await (const [name, data] of events(path, { body, signal: mine.left.signal })) {
      if (name === "run") box = place(mine, data);
      else if (name === "draft" || name === "end") box.take(data);
      else if (name === "error") throw new Refused(500, data.code, data.words);
      if (name === "end") {
        at("status").textContent = say(language, "ended", { name: box.name, state: say(language, box.state) });
        refresh(mine);
      }
    }
  } catch (error) {
    if (mine.left.signal.aborted) return;
    fail(error);
  }
  box?.interrupt();
}

function place(mine, data) {
  const [perspective] = data.perspectives;
  const since = Date.now();
  if (data.kind === "together") {
    const box = new Box(perspective, data.language, { since });
    mine.drawn.unshift(box);
    at("drawn").prepend(box.element);
    return box;
  }
  const above = mine.boxes.find((one) => one.key === perspective.key);
  const options = { since, asked: data.problem || say(data.language, "follow_up"), level: "h3" };
  const box = new Box({ ...perspective, angle: "" }, data.language, options);
  (above.followUps ??= []).push(box);
  above.further.append(box.element);
  return box;
}

async function drawTogether() {
  const mine = shown();
  fail(null);
  at("together").disabled = true;
  await read(mine, `${ASK}/${mine.id}/together`, { linger: LINGER });
  at("together").disabled = false;
}

/** The button that goes deeper, and the form that it opens. */
function addDeeper(mine, box) {
  const button = make("button", "", { type: "button", hidden: "", "aria-expanded": "false" });
  const form = make("form", "", { hidden: "" });
  const words = make("textarea", "", { rows: "2", id: `${box.element.getAttribute("aria-labelledby")}-more`, dir: "auto" });
  const label = make("label", "", { for: words.id, "data-label": "deeper_field", "data-name": box.name });
  const hint = make("p", "quiet", { id: `${words.id}-hint`, "data-label": "deeper_hint" });
  words.setAttribute("aria-describedby", hint.id);
  const row = make("p", "row");
  const ask = make("button", "main", { type: "submit", "data-label": "ask" });
  const cancel = make("button", "", { type: "button", "data-label": "cancel" });
  button.dataset.label = "deeper";
  row.append(ask, cancel);
  form.append(label, words, hint, row);
  const open = make("p", "row");
  open.append(button);
  box.element.append(open, form);
  box.deeper = button;
  const toggle = (isOpen) => {
    form.hidden = !isOpen;
    button.hidden = isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    (isOpen ? words : button).focus();
  };
  button.addEventListener("click", () => toggle(true));
  cancel.addEventListener("click", () => toggle(false));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle(false);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const added = words.value.trim();
    words.value = "";
    toggle(false);
    fail(null);
    read(mine, `${ASK}/${mine.id}/${encodeURIComponent(box.key)}/deeper`, { added, linger: LINGER });
  });
  for (const element of [label, hint, ask, cancel, button]) {
    element.textContent = say(language, element.dataset.label, element.dataset);
  }
}

/** Ask for a run; what is shown of the one before stays until this one has begun. */
function open(id, problem) {
  const left = new AbortController(); // says that another run has taken its place
  run = { id, problem, language, boxes: [], drawn: [], reading: true, before: run, left };
  at("start").disabled = true;
  at("status").textContent = "";
  return run;
}

/** The run whose boxes are on the page. */
function shown() {
  return run?.boxes.length ? run : run?.before;
}

function close(asked) {
  const mine = asked.boxes.length ? asked : (asked.before ?? asked); // one that has not begun is none
  run = mine;
  at("start").disabled = false;
  at("stop").hidden = true;
  for (const box of mine.boxes) box.deeper.hidden = box.state !== "done";
  if (mine.boxes.some((box) => box.state === "interrupted")) relabel(at("start"), "again", language);
  if (mine.boxes.length && mine.boxes.every((box) => box.seconds !== null && box.state !== "interrupted")) {
    at("status").textContent = say(language, "all_ended");
  }
  refresh(mine);
}

/** Show what the answers come to so far. */
function refresh(mine) {
  summarize(at("summary").querySelector("ul"), mine.boxes, mine.drawn);
  at("summary").hidden = !mine.boxes.length;
  at("summary").classList.toggle("empty", !mine.boxes.some((box) => box.takeaway));
  at("together").hidden = mine.reading || mine.boxes.filter((box) => box.state === "done").length < 2;
}

/** Say that a run cannot be found again, and leave its problem to be asked once more. */
function lose(mine) {
  for (const box of mine.boxes) box.interrupt();
  at("status").textContent = "";
  fail(new Error(say(language, "lost")));
  relabel(at("start"), "again", language);
}

function fail(error) {
  at("error").hidden = !error;
  // A browser's own words for a server that is away are English, and other in each.
  at("error").textContent = error instanceof TypeError ? say(language, "unreachable") : (error?.message ?? "");
  if (error instanceof Refused && error.code === "unauthorized") location.reload();
  if (!error) relabel(at("start"), "start", language);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(toMarkdown(shown()));
    at("status").textContent = say(language, "copied");
  } catch {
    at("status").textContent = say(language, "not_copied");
  }
}

function download() {
  const file = new Blob([toMarkdown(shown())], { type: "text/markdown" });
  const link = make("a", "", { download: "perspectives.md", href: URL.createObjectURL(file) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function all() {
  const { boxes, drawn } = shown() ?? { boxes: [], drawn: [] };
  return [...boxes, ...drawn, ...boxes.flatMap((box) => box.followUps ?? [])];
}
