// The page: which channel and which thread are shown, and what people do there.

import { Composer } from "./composer.js";
import { FormDialog } from "./forms.js";
import { make, textOf } from "./messages.js";
import { countReplies, Pane, select } from "./panes.js";
import { Wire } from "./wire.js";

const EXAMPLE = "/perspectives Why do our new hires leave within six months?";
const at = (id) => document.getElementById(id);

let channel = sessionStorage.getItem("channel") ?? "";
let thread = null; // the timestamp of the message that opens it
let opener = null; // what had been pressed when it was opened
const drafts = new Map(); // what is written and not sent, by channel and thread

const wire = new Wire({ onItems: refresh, onTrouble: tellTrouble });
const hands = {
  press: (message, part) => wire.do({ do: "press", channel: message.channel, ts: message.ts, action_id: part.action_id, value: part.value }),
  choose: (message) => wire.do({ do: "choose", channel: message.channel, ts: message.ts }),
  open: (message, pressed) => openThread(message.ts, pressed),
};
const messages = new Pane(at("messages"), wire, hands);
const replies = new Pane(at("replies"), wire, hands);
const form = new FormDialog(at("form"), wire);
const composer = new Composer(at("composer"), { label: "Message", list: listOffers, send: (text) => send(text, null) });
const threadComposer = new Composer(at("thread-composer"), { label: "Reply", list: listOffers, send: (text) => send(text, thread) });

at("thread-close").addEventListener("click", closeThread);
at("thread").addEventListener("keydown", (event) => event.key === "Escape" && closeThread());
at("menu").addEventListener("click", () => toggleMenu(at("menu").getAttribute("aria-expanded") !== "true"));
addEventListener("keydown", (event) => event.key === "Escape" && toggleMenu(false));
at("trouble-close").addEventListener("click", () => {
  tellTrouble("");
  (at("form").open ? form : thread ? threadComposer : composer).focus();
});
at("form").addEventListener("close", placeTrouble);
start();

async function start() {
  try {
    const problem = await wire.open();
    if (problem) composer.text = `/perspectives ${problem}`;
  } catch (error) {
    tellTrouble(error.message);
  }
}

function send(text, parent) {
  return wire.do({ do: "write", channel, text, thread: parent });
}

/** Bring all that stands on the page in line with what is seen by now. */
function refresh({ isWhole, fresh }) {
  const channels = [...wire.all("channel")];
  if (!channels.some(({ id }) => id === channel)) channel = channels[0].id;
  at("me").textContent = wire.name(wire.person);
  document.title = `${wire.name(wire.person)} · Playground`;
  showChannels(channels);
  if (messages.channel !== channel) showChannel();
  messages.show(select(wire, (one) => one.channel === channel && !one.thread), countReplies(wire, channel));
  if (thread) replies.show(select(wire, (one) => one.channel === channel && [one.ts, one.thread].includes(thread)), null, thread);
  form.show(wire.items.get(`form ${wire.person}`));
  placeTrouble();
  showLimits(wire.items.get("limits"));
  if (isWhole) return;
  const come = [...fresh].map((name) => wire.items.get(name));
  announce(come);
  for (const { kind, words } of come) if (kind === "warning") tellTrouble(words);
}

function showChannels(channels) {
  const sign = JSON.stringify([channels, channel]);
  if (at("side").dataset.sign === sign) return;
  at("side").dataset.sign = sign;
  const focused = document.activeElement?.dataset?.channel;
  for (const [list, isDirect] of [["channels", false], ["direct", true]]) {
    const wanted = channels.filter(({ type }) => (type === "direct") === isDirect);
    at(list).replaceChildren(
      ...wanted.map(({ id, name, type }) => {
        const sign = { public: "#", private: "🔒", direct: "◆" }[type];
        const current = id === channel ? "page" : null;
        const words = [make("span", "sign", { "aria-hidden": "true" }, sign), name];
        const button = make("button", "", { type: "button", "aria-current": current, "data-channel": id }, ...words);
        button.addEventListener("click", () => goTo(id));
        return make("li", "", {}, button);
      }),
    );
  }
  if (focused) at("side").querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
}

function goTo(id) {
  toggleMenu(false);
  if (id !== channel) {
    closeThread();
    drafts.set(channel, composer.text);
    channel = id;
    sessionStorage.setItem("channel", id);
    composer.text = drafts.get(id) ?? "";
    refresh({ isWhole: true, fresh: new Set() });
  }
  composer.focus();
}

/** Show the channel that was gone to: its name, and what stands above its first message. */
function showChannel() {
  const { name, type, has_bot: hasBot } = wire.items.get(`channel ${channel}`);
  const title = type === "direct" ? name : `#${name}`;
  messages.channel = channel;
  at("where").textContent = title;
  at("about").textContent = hasBot ? "" : "perspectives is not in this channel";
  at("messages").setAttribute("aria-label", `Messages in ${title}`);
  composer.name(`Message ${title}`, type === "direct" ? "Write a problem" : `Message ${title}`);
  const beginning = make("div", "beginning", {}, make("p", "", {}, `This is the beginning of ${title}.`));
  if (type === "public") {
    const example = make("button", "", { type: "button" }, EXAMPLE);
    example.addEventListener("click", () => {
      composer.text = EXAMPLE;
      composer.focus();
    });
    beginning.append(make("p", "quiet", {}, "To begin with, try:"), example);
  }
  messages.clear(beginning);
}

function openThread(ts, pressed) {
  if (thread) drafts.set(`${channel} ${thread}`, threadComposer.text);
  thread = ts;
  opener = pressed;
  threadComposer.text = drafts.get(`${channel} ${ts}`) ?? "";
  threadComposer.name("Reply in the thread", "Reply, or @perspectives");
  at("thread").hidden = false;
  document.body.classList.add("has-thread");
  replies.clear();
  refresh({ isWhole: true, fresh: new Set() });
  threadComposer.focus();
}

function closeThread() {
  if (!thread) return;
  drafts.set(`${channel} ${thread}`, threadComposer.text);
  thread = null;
  at("thread").hidden = true;
  document.body.classList.remove("has-thread");
  if (opener?.isConnected) opener.focus();
  else composer.focus();
}

function toggleMenu(isOpen) {
  document.body.classList.toggle("has-menu", isOpen);
  at("menu").setAttribute("aria-expanded", String(isOpen));
}

function listOffers() {
  const people = [...wire.all("person")].sort((one, other) => other.is_bot - one.is_bot);
  return [["/perspectives", "your problem"], ...people.map(({ name, is_bot: isBot }) => [`@${name}`, isBot ? "app" : ""])];
}

function showLimits({ edits, most, refusals, growing, oldest }) {
  write("edits", `${edits} of ${most}`);
  Object.assign(at("edits-meter"), { max: most, value: edits });
  write("refusals", String(refusals));
  write("oldest", growing ? `${oldest.toFixed(1)} s` : "–");
  if (showLimits.growing && !growing) write("status", "All answers have ended.");
  showLimits.growing = growing;
}

/** Tell a screen reader what has come, once; not each edit of it. */
function announce(items) {
  const come = items.filter(({ kind, user, channel: place, thread: parent }) => kind === "message" && user !== wire.person && place === channel && (!parent || parent === thread));
  if (!come.length) return;
  const [first] = come;
  const words = `${wire.name(first.user)}: ${textOf(first).replace(/\s+/g, " ").trim().slice(0, 140)}`;
  write("status", come.length > 1 ? `${come.length} new messages` : words);
}

function tellTrouble(words) {
  write("trouble-words", words);
  at("trouble").hidden = !words;
  placeTrouble();
}

/** Have it where it can be reached: while a form is open, nothing beside the form can. */
function placeTrouble() {
  const place = at("form").open ? at("form") : document.body;
  if (at("trouble").parentElement !== place) place.append(at("trouble"));
}

function write(id, words) {
  if (at(id).textContent !== words) at(id).textContent = words;
}
