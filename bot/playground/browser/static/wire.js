// Between this window and the server: who sits here, what they do, and what they see, kept up to date.

import { events, Refused, tell } from "./stream.js";

const PAUSES = [300, 700, 1500, 3000, 4000]; // milliseconds before each try to go on
const KEPT = "window"; // in the session's storage, which is this window's own and outlasts a reload

export class Wire {
  constructor({ onItems, onTrouble }) {
    this.items = new Map(); // all that is seen, by name
    this.person = "";
    this.onItems = onItems;
    this.onTrouble = onTrouble;
    this.revision = "";
    this.listening = null;
    this.isSilent = false; // whether it was told that nobody answers
  }

  /** Sit down; returns what stands in the composer to begin with. */
  async open() {
    const response = await tell("/windows", { window: sessionStorage.getItem(KEPT) ?? "" });
    const { window: key, person, problem } = await response.json();
    this.key = key;
    this.person = person;
    sessionStorage.setItem(KEPT, key);
    // A browser has six connections to a server for all its windows: those that nobody sees leave theirs to others.
    document.addEventListener("visibilitychange", () => (document.hidden ? this.listening?.abort() : this.listen()));
    this.listen();
    return problem;
  }

  /** Do something; whether it was done. What cannot be is told. */
  async do(deed) {
    try {
      await tell("/deeds", { window: this.key, ...deed });
      return true;
    } catch (error) {
      if (error instanceof Refused) this.#tell(error.message);
      else this.#tellSilence();
      return false;
    }
  }

  async listen() {
    if (this.listening) return;
    const listening = (this.listening = new AbortController());
    for (let tries = 0; !listening.signal.aborted; tries = Math.min(tries + 1, PAUSES.length - 1)) {
      try {
        const path = `/events?window=${encodeURIComponent(this.key)}&since=${encodeURIComponent(this.revision)}`;
        for await (const [, data] of events(path, { signal: listening.signal })) {
          if (this.isSilent) this.#tell("");
          tries = 0;
          this.take(data);
        }
      } catch (error) {
        if (listening.signal.aborted) break;
        if (error instanceof Refused) {
          // Another process answers by now: it knows neither this window nor what was in it.
          sessionStorage.removeItem(KEPT);
          this.#tell("The playground was started anew. Open the address that its terminal shows.");
          break;
        }
      }
      if (listening.signal.aborted) break;
      this.#tellSilence();
      await new Promise((resolve) => setTimeout(resolve, PAUSES[tries]));
    }
    if (this.listening === listening) this.listening = null;
    if (listening.signal.aborted && !document.hidden) this.listen();
  }

  take({ revision, is_whole: isWhole, items }) {
    this.revision = revision;
    if (isWhole) this.items.clear();
    const fresh = new Set();
    for (const [name, content] of Object.entries(items)) {
      if (content === null) this.items.delete(name);
      else {
        if (!this.items.has(name)) fresh.add(name);
        this.items.set(name, content);
      }
    }
    this.onItems({ isWhole, fresh });
  }

  /** All items of a kind. */
  *all(kind) {
    for (const item of this.items.values()) if (item.kind === kind) yield item;
  }

  name(user) {
    return user === "USLACKBOT" ? "Slackbot" : (this.items.get(`person ${user}`)?.name ?? user);
  }

  isBot(user) {
    return user === "USLACKBOT" || Boolean(this.items.get(`person ${user}`)?.is_bot);
  }

  /** What this person pressed last of some buttons that belong together. */
  pressed(ts, action) {
    return this.items.get(`press ${this.person} ${ts} ${action}`)?.value;
  }

  #tell(words) {
    this.isSilent = false;
    this.onTrouble(words);
  }

  #tellSilence() {
    this.#tell("The playground does not answer. Is it still running?");
    this.isSilent = true;
  }
}
