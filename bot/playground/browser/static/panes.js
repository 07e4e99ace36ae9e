// A list of messages that follows its end, as long as its reader is there.

import { MessageView } from "./messages.js";

const NEAR = 60; // pixels from the end at which somebody still reads there

export class Pane {
  constructor(element, wire, hands) {
    this.element = element;
    this.wire = wire;
    this.hands = hands;
    this.views = new Map();
  }

  /** Show another list from its end. */
  clear(...before) {
    this.views.clear();
    this.element.replaceChildren(...before);
    this.end = before.at(-1) ?? null;
    this.isFresh = true;
  }

  /** Show these messages, in the order of their timestamps; `replies` says how many each has, by timestamp. */
  show(messages, replies, parent = null) {
    const { element, views } = this;
    const isAtEnd = this.isFresh || element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    const there = new Set(messages.map((message) => message.ts));
    for (const [ts, view] of views) {
      if (there.has(ts)) continue;
      view.element.remove();
      views.delete(ts);
    }
    let last = this.end;
    for (const message of messages) {
      let view = views.get(message.ts);
      if (!view) {
        view = new MessageView(this.wire, this.hands, { isParent: message.ts === parent });
        views.set(message.ts, view);
        if (last) last.after(view.element);
        else element.prepend(view.element);
      }
      view.update(message, replies?.get(message.ts));
      last = view.element;
    }
    if (isAtEnd) element.scrollTop = element.scrollHeight;
    this.isFresh = false;
  }
}

/** The messages for a place, oldest first. */
export function select(wire, isWanted) {
  return [...wire.all("message")].filter(isWanted).sort((one, other) => Number(one.ts) - Number(other.ts));
}

/** How many replies each message of a channel has, and when the last came. */
export function countReplies(wire, channel) {
  const replies = new Map();
  for (const { channel: place, thread, ts, ephemeral } of wire.all("message")) {
    if (place !== channel || !thread || ephemeral) continue;
    const known = replies.get(thread) ?? { count: 0, last: ts };
    replies.set(thread, { count: known.count + 1, last: Number(ts) > Number(known.last) ? ts : known.last });
  }
  return replies;
}
