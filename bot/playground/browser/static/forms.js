// A form that an app has opened for this person: a dialog, which says what is wrong with what was typed.

import { inline, make } from "./messages.js";

export class FormDialog {
  constructor(dialog, wire) {
    this.dialog = dialog;
    this.wire = wire;
    this.shown = null; // the form's content
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#close();
    });
  }

  /** Show the form that is open, or none. */
  show(form) {
    if (!form) {
      if (this.dialog.open) this.dialog.close();
      this.shown = null;
      return;
    }
    if (this.shown?.id !== form.id || this.shown.hash !== form.hash) this.#build(form);
    this.#showErrors(form);
    this.shown = form;
    if (!this.dialog.open) this.dialog.showModal();
    if (this.isNew) this.focus();
    this.isNew = false;
  }

  focus() {
    this.fields[0]?.input.focus();
  }

  #build(form) {
    this.isNew = true;
    this.fields = [];
    const parts = form.nodes.map((node) => (node.kind === "input" ? this.#makeField(node) : make("p", "", {}, ...inline(node.within?.flatMap((line) => line.within)))));
    const close = make("button", "", { type: "button" }, form.close || "Close");
    close.addEventListener("click", () => this.#close());
    this.submit = make("button", "main", { type: "submit" }, form.submit || "Submit");
    const element = make("form", "", { novalidate: true }, make("h2", "", { id: "form-title" }, form.title), ...parts, make("div", "row", {}, close, this.submit));
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.dialog.querySelector("form")?.remove();
    this.dialog.prepend(element); // what else is in it stays: see `placeTrouble`
  }

  #makeField(node) {
    const id = `field-${this.fields.length}`;
    const [label, hint] = node.within;
    const attributes = {
      id,
      maxlength: node.max_length,
      placeholder: node.placeholder,
      dir: "auto",
      "aria-describedby": `${id}-error ${id}-hint`,
      "aria-required": node.optional ? null : "true",
    };
    const input = make(node.multiline ? "textarea" : "input", "", node.multiline ? { ...attributes, rows: "5" } : attributes);
    input.value = node.initial_value ?? "";
    const error = make("p", "error", { id: `${id}-error`, role: "alert" });
    const named = make("label", "", { for: id }, ...inline(label.within), ...(node.optional ? [make("span", "quiet", {}, " (optional)")] : []));
    this.fields.push({ input, error, block: node.block_id, name: `${node.block_id}/${node.action_id}` });
    return make("div", "field", {}, named, input, error, make("p", "quiet", { id: `${id}-hint` }, ...inline(hint?.within)));
  }

  #showErrors(form) {
    for (const { input, error, block } of this.fields) {
      const words = form.errors[block] ?? "";
      if (error.textContent === words) continue;
      error.textContent = words;
      if (words) {
        input.setAttribute("aria-invalid", "true");
        input.focus();
      } else input.removeAttribute("aria-invalid");
    }
  }

  async #submit() {
    const texts = Object.fromEntries(this.fields.map(({ input, name }) => [name, input.value]));
    this.submit.disabled = true;
    await this.wire.do({ do: "submit", form: this.shown.id, texts });
    this.submit.disabled = false;
  }

  #close() {
    this.wire.do({ do: "close", form: this.shown.id });
  }
}
