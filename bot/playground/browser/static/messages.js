// A message, made of the nodes that the server has made of its blocks. Everything that somebody wrote becomes text nodes;
// a link leads to a page or a mailbox, or is no link.

import { show } from "./markdown.js";

const TAGS = { bold: "strong", italic: "em", strike: "del", code: "code", preformatted: "pre", quote: "blockquote" };

/** An element of a class, with attributes and what is in it. */
export function make(tag, kind = "", attributes = {}, ...within) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...within);
  return element;
}

/** The elements of text in its styles. */
export function inline(nodes = []) {
  return nodes.map((node) => {
    if (node.kind === "text") return document.createTextNode(node.text);
    if (node.kind === "mention") return make("span", "mention", {}, ...inline(node.within));
    if (node.kind === "link" && /^(https?:\/\/|mailto:)/.test(node.target)) {
      const attributes = { href: node.target, target: "_blank", rel: "noopener noreferrer nofollow" };
      return make("a", "", attributes, ...inline(node.within));
    }
    return make(TAGS[node.kind] ?? "span", "", {}, ...inline(node.within));
  });
}

export class MessageView {
  /** `hands` do what is pressed: press(message, button), choose(message), open(message); `wire` knows names. */
  constructor(wire, hands, { isParent = false } = {}) {
    this.wire = wire;
    this.hands = hands;
    this.isParent = isParent; // of the thread that it stands in
    this.element = make("article", "message");
    this.written = [];
  }

  update(message, replies) {
    const { wire, element } = this;
    if (!this.message) this.#build(message);
    this.message = message;
    this.#showNodes(message);
    this.edited.hidden = !message.edited;
    this.replies.hidden = this.isParent || !replies;
    if (replies) {
      const count = replies.count === 1 ? "1 reply" : `${replies.count} replies`;
      const words = `${count} · last at ${clock(replies.last)}`;
      if (this.replies.textContent !== words) this.replies.textContent = words;
    }
    element.classList.toggle("ephemeral", Boolean(message.ephemeral));
    element.setAttribute("aria-label", `${wire.name(message.user)}, ${clock(message.ts)}`);
  }

  #build(message) {
    const { wire, hands, element } = this;
    const name = wire.name(message.user);
    element.dataset.ts = message.ts;
    const avatar = make("div", "avatar", { "aria-hidden": "true", "data-hue": hue(name) }, wire.isBot(message.user) ? "◆" : name[0].toUpperCase());
    this.edited = make("span", "quiet", { hidden: true }, "(edited)");
    const time = make("time", "quiet", { datetime: new Date(message.ts * 1000).toISOString() }, clock(message.ts));
    const head = make("header", "", {}, make("b", "", {}, name), ...(wire.isBot(message.user) ? [make("span", "app", {}, "APP")] : []), time, this.edited);
    this.body = make("div", "body", { dir: "auto" });
    this.replies = make("button", "replies", { type: "button", hidden: true });
    this.replies.addEventListener("click", () => hands.open(this.message, this.replies));
    const content = make("div", "content", {}, head);
    if (message.ephemeral) content.append(make("p", "quiet only", {}, "Only visible to you"));
    content.append(this.body, this.replies);
    element.append(avatar, content);
    if (!message.ephemeral) element.append(this.#makeTools(message));
  }

  #makeTools(message) {
    const tools = make("div", "tools", { role: "group", "aria-label": "On this message" });
    if (!message.thread && !this.isParent) {
      const reply = make("button", "", { type: "button" }, "Reply");
      reply.addEventListener("click", () => this.hands.open(this.message, reply));
      tools.append(reply);
    }
    const choose = make("button", "", { type: "button" }, "Get four perspectives");
    choose.addEventListener("click", () => this.hands.choose(this.message));
    tools.append(choose);
    return tools;
  }

  /** Nodes that are as they were stay, so a selection in them does, and what has the focus. */
  #showNodes(message) {
    const signs = message.nodes.map((node) => JSON.stringify([node, this.#pressed(node)]));
    message.nodes.forEach((node, place) => {
      const before = this.written[place];
      const old = this.body.children[place];
      if (before === signs[place]) return;
      if (old && node.kind === "markdown" && old.classList.contains("markdown")) show(old, node.text);
      else {
        const focused = old?.contains(document.activeElement) ? document.activeElement.dataset.value : null;
        const made = this.#make(node);
        if (old) old.replaceWith(made);
        else this.body.append(made);
        if (focused !== null) [...made.querySelectorAll("button")].find((one) => one.dataset.value === focused)?.focus();
      }
    });
    while (this.body.children.length > message.nodes.length) this.body.lastElementChild.remove();
    this.written = signs;
  }

  #make(node) {
    switch (node.kind) {
      case "markdown": {
        const element = make("div", "markdown");
        show(element, node.text);
        return element;
      }
      case "divider":
        return make("hr");
      case "row":
        return make("div", "row", {}, ...node.within.flatMap((part) => this.#makePart(part)));
      default: {
        const lines = (node.within ?? []).map((line) => make("div", "line", {}, ...inline(line.within)));
        return make(node.kind === "header" ? "h3" : "div", node.kind, {}, ...lines);
      }
    }
  }

  #makePart(part) {
    if (part.kind === "votes") return part.within.map((vote, place) => this.#makeButton(vote, "👍👎".slice(2 * place, 2 * place + 2)));
    const isSeen = !part.visible_to?.length || part.visible_to.includes(this.wire.person);
    return isSeen ? [this.#makeButton(part)] : [];
  }

  #makeButton(part, vote = "") {
    const attributes = { type: "button", "data-value": `${part.action_id} ${part.value}`, "aria-label": part.accessibility_label };
    if (vote) attributes["aria-pressed"] = String(this.wire.pressed(this.message.ts, part.action_id) === part.value);
    const button = make("button", vote ? "vote" : (part.style ?? ""), attributes);
    if (vote) button.append(make("span", "", { "aria-hidden": "true" }, `${vote} `));
    button.append(part.text ?? "");
    button.addEventListener("click", async () => {
      if (button.getAttribute("aria-busy") === "true") return;
      button.setAttribute("aria-busy", "true");
      await this.hands.press(this.message, part);
      button.removeAttribute("aria-busy");
    });
    return button;
  }

  #pressed(node) {
    if (node.kind !== "row") return null;
    const votes = node.within.filter((part) => part.kind === "votes").flatMap((part) => part.within);
    return votes.map((vote) => this.wire.pressed(this.message.ts, vote.action_id) ?? null);
  }
}

/** The time of day of a timestamp. */
export function clock(ts) {
  return new Date(ts * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** The text of a message, without styles, on one line. */
export function textOf(node) {
  return `${node.text ?? ""}${(node.within ?? node.nodes ?? []).map(textOf).join(node.nodes ? " " : "")}`;
}

function hue(name) {
  return [...name].reduce((sum, letter) => (sum + letter.charCodeAt(0)) % 6, 0);
}
