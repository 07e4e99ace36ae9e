// Where people write: Enter sends, Shift and Enter begin a line; names and the command are offered while they are typed.

import { make } from "./messages.js";

const MOST_OFFERED = 6;
const TYPED = /(?:^|\s)([@/][^\s@/]*)$/;

export class Composer {
  /** `send(text)` says whether it was sent; `list()` gives what can be offered: [words, what it is]. */
  constructor(form, { label, send, list }) {
    const id = `${form.id}-field`;
    this.list = list;
    this.send = send;
    this.label = make("label", "unseen", { for: id }, label);
    this.field = make("textarea", "", {
      id,
      rows: "1",
      dir: "auto",
      maxlength: "40000",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": `${id}-offers`,
      autocomplete: "off",
    });
    this.offers = make("ul", "offers", { id: `${id}-offers`, role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.button = make("button", "main", { type: "submit" }, "Send");
    form.append(this.label, this.field, this.offers, this.button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("input", () => this.#offer());
    this.field.addEventListener("keydown", (event) => this.#press(event));
    this.field.addEventListener("blur", () => this.#close());
  }

  get text() {
    return this.field.value;
  }

  set text(text) {
    this.field.value = text;
    this.#fit();
  }

  /** Say what is written here, and to whom. */
  name(label, placeholder) {
    this.label.textContent = label;
    this.field.placeholder = placeholder;
  }

  focus() {
    this.field.focus();
  }

  async #submit() {
    const text = this.text;
    if (!text.trim()) return this.focus();
    this.#close();
    this.text = "";
    if (!(await this.send(text)) && !this.text) this.text = text;
    this.focus();
  }

  #press(event) {
    if (event.isComposing) return;
    const isOpen = !this.offers.hidden;
    if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.#choose(this.chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (isOpen && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
      event.preventDefault();
      this.#take(this.found[this.chosen][0]);
    } else if (isOpen && event.key === "Escape") {
      event.stopPropagation();
      this.#close();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
  }

  #offer() {
    this.#fit();
    const [, typed] = TYPED.exec(this.text.slice(0, this.field.selectionStart)) ?? [];
    const isCommand = typed?.startsWith("/");
    const isUseful = typed && (!isCommand || this.text.startsWith(typed));
    this.found = isUseful ? this.list().filter(([words]) => words.startsWith(typed) && words !== typed).slice(0, MOST_OFFERED) : [];
    if (!this.found.length) return this.#close();
    this.typed = typed;
    this.offers.replaceChildren(
      ...this.found.map(([words, what], place) => {
        const option = make("li", "", { role: "option", id: `${this.offers.id}-${place}` }, make("b", "", {}, words), ` ${what}`);
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault(); // the field keeps the focus
          this.#take(words);
        });
        return option;
      }),
    );
    this.offers.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.#choose(0);
  }

  #choose(place) {
    this.chosen = (place + this.found.length) % this.found.length;
    [...this.offers.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.chosen)));
    this.field.setAttribute("aria-activedescendant", `${this.offers.id}-${this.chosen}`);
  }

  #take(words) {
    const end = this.field.selectionStart;
    this.field.setRangeText(`${words} `, end - this.typed.length, end, "end");
    this.#close();
    this.#fit();
  }

  #close() {
    this.offers.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  /** As many lines as are written, to a point. */
  #fit() {
    this.field.rows = Math.min(8, Math.max(1, this.text.split("\n").length, Math.ceil(this.text.length / 90)));
  }
}
