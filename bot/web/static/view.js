// What is on the page: the boxes, the summary, and all of it as Markdown. It asks nothing, and knows no events.

import { show } from "./markdown.js";

const WORDS = JSON.parse(document.getElementById("words").textContent);

/** The words of a language, by their names; braces are filled in. */
export function say(language, name, values = {}) {
  return WORDS[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

/** Which of the languages a person reads: what they chose before, or else what their browser says. */
export function chooseLanguage() {
  const wanted = [remembered("language"), ...navigator.languages.map((one) => one.slice(0, 2))];
  return wanted.find((one) => one in WORDS) ?? "en";
}

/** Have all that the page says by itself in a language. */
export function speak(language) {
  document.documentElement.lang = language;
  document.title = say(language, "title");
  for (const element of document.querySelectorAll("[data-label]")) {
    element.textContent = say(language, element.dataset.label, element.dataset);
  }
  document.getElementById("problem").placeholder = say(language, "example");
  document.getElementById("language").lang = language === "ja" ? "en" : "ja"; // it is called by its own name
}

/** One answer: its head with state and time, its text, and what goes on with it. */
export class Box {
  constructor(perspective, language, { since, asked = "", level = "h2" } = {}) {
    this.key = perspective.key;
    this.name = perspective.name;
    this.emoji = perspective.emoji;
    this.language = language;
    this.asked = asked;
    this.text = "";
    this.takeaway = "";
    this.state = "waiting";
    this.seconds = null;
    this.since = since;
    this.head = make("p", "state");
    this.body = make("div", "text", { dir: "auto" });
    this.reason = make("p", "reason", { hidden: "" });
    this.further = make("div", "further");
    const title = make(level, "", { id: `box-${crypto.getRandomValues(new Uint32Array(2)).join("")}` });
    title.textContent = `${this.emoji} ${this.name}`;
    const angle = make("p", "angle");
    angle.textContent = perspective.angle;
    const header = make("header");
    header.append(title, ...(perspective.angle ? [angle] : []), this.head);
    this.element = make("article", "box", { "aria-labelledby": title.id, "aria-busy": "true", lang: language });
    this.element.append(header);
    if (asked) {
      const words = make("p", "asked", { dir: "auto" });
      words.textContent = asked;
      this.element.append(words);
    }
    this.element.append(this.body, this.reason, this.further);
    this.tick();
  }

  /** Take a draft, or the end of the answer. */
  take({ append, text, state, reason, takeaway, seconds }) {
    const isNew = text !== undefined || append !== undefined;
    if (text !== undefined) this.text = text;
    if (append !== undefined) this.text += append;
    if (takeaway !== undefined) this.takeaway = takeaway;
    if (seconds !== undefined) this.seconds = seconds;
    this.state = state;
    this.element.dataset.state = state;
    this.reason.textContent = reason?.words ?? "";
    this.reason.hidden = !reason;
    this.tick();
    if (isNew) this.#paint();
  }

  /** End it here, where the server says nothing more of it. */
  interrupt() {
    if (this.seconds === null) this.take({ state: "interrupted", seconds: (Date.now() - this.since) / 1000 });
  }

  /** Show how long it has taken by now. */
  tick() {
    const isOver = this.seconds !== null;
    const seconds = Math.max(0, isOver ? this.seconds : (Date.now() - this.since) / 1000);
    const time = say(this.language, "seconds", { seconds: seconds.toFixed(isOver && seconds < 10 ? 1 : 0) });
    this.head.textContent = `${say(this.language, this.state)} · ${time}`;
    this.element.setAttribute("aria-busy", String(!isOver));
  }

  /** What it says, for a file. */
  toMarkdown() {
    const heads = [`## ${this.emoji} ${this.name}`, this.asked && `> ${this.asked.replaceAll("\n", "\n> ")}`];
    const note = this.state === "done" ? "" : `*${[say(this.language, this.state), this.reason.textContent].filter(Boolean).join(": ")}*`;
    return [...heads, this.text.trim(), note].filter(Boolean).join("\n\n");
  }

  #paint() {
    // Several drafts may come before the screen is drawn.
    if (this.painting) return;
    this.painting = true;
    const paint = () => {
      this.painting = false;
      show(this.body, this.text);
    };
    if (document.hidden) paint();
    else requestAnimationFrame(paint);
  }
}

/** The takeaways of answers that have ended, the one of all together first. */
export function summarize(list, boxes, drawn) {
  // A line for each from the beginning: what stands below would move with every one that came.
  const lines = [...drawn.filter((box) => box.takeaway).map((box) => [box, "lead"]), ...boxes.map((box) => [box, ""])];
  list.replaceChildren(
    ...lines.map(([box, kind]) => {
      const line = make("li", kind, { lang: box.language });
      const name = make("b");
      name.textContent = `${box.emoji} ${box.name}`;
      const words = make("span", "", { dir: "auto" });
      words.textContent = box.takeaway || (box.seconds === null ? "…" : say(box.language, box.state));
      line.append(name, words);
      return line;
    }),
  );
}

/** All that stands on the page, for a file. */
export function toMarkdown({ problem, language, boxes, drawn }) {
  const takeaways = [...drawn, ...boxes].filter((box) => box.takeaway).map((box) => `- **${box.name}**: ${box.takeaway}`);
  const summary = takeaways.length ? [`## ${say(language, "summary")}\n\n${takeaways.join("\n")}`] : [];
  const quoted = `> ${problem.replaceAll("\n", "\n> ")}`;
  const origin = `*${say(language, "origin")}*`;
  const answers = boxes.flatMap((box) => [box, ...(box.followUps ?? [])]);
  return [quoted, ...summary, ...[...drawn, ...answers].map((box) => box.toMarkdown()), origin].join("\n\n") + "\n";
}

/** An element of a class, with attributes. */
export function make(tag, kind = "", attributes = {}) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Have a button say something else from now on. */
export function relabel(element, label, language) {
  element.dataset.label = label;
  element.textContent = say(language, label);
}

/** What the browser keeps for this page; nothing, where it is told to keep nothing. */
export function remembered(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Have the browser keep something for this page, if it does. */
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Then it is not kept.
  }
}

/** When other runs had begun is of no use any more. */
export function forgetOthers(id) {
  try {
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith("since ") && name !== `since ${id}`) localStorage.removeItem(name);
    }
  } catch {
    // Nothing was kept.
  }
}
