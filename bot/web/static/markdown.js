// Markdown as models write it, made into elements. What it makes is data until `show` builds it, by createElement and
// text nodes alone: nothing in a text is ever read as HTML. It makes no images, loads nothing, and a link shows where
// it leads. What it does not know stands there as it is written.

const LONGEST = 8000; // characters of a block that are looked through for emphasis and links; the rest stands as it is
const DEEPEST = 4; // emphasis within emphasis
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const LINK = /!?\[([^[\]\n]{0,300})\]\(([^()\s]{1,1000}(?:\([^()\s]{0,300}\)[^()\s]{0,300})?)\)/y;
const ADDRESS = /https?:\/\/[^\s<>()[\]{}"'`*、。，」』）]{1,1000}/y;
const ITEM = /^(\s{0,12})(?:([-*+•])|(\d{1,9})[.)])\s+(.*)$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const FENCE = /^\s{0,12}(`{3,}|~{3,})/;
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;

/** The blocks of a text, in order: each has its `source`, by which one that has not changed is known. */
export function blocks(text) {
  // Two controls turn letters around, so that one address could look like another.
  const lines = text.replace(/[\u202d\u202e]/g, "\u2060").replace(/\r\n?/g, "\n").split("\n");
  const found = [];
  let at = 0;
  const take = (kind, more) => {
    const from = at++;
    while (at < lines.length && more(lines[at])) at++;
    found.push({ kind, lines: lines.slice(from, at) });
  };
  while (at < lines.length) {
    const line = lines[at];
    const fence = FENCE.exec(line);
    if (!line.trim()) at++;
    else if (fence) {
      const mark = fence[1];
      take("code", (next) => {
        const end = next.trim();
        return !(end.length >= mark.length && end.startsWith(mark) && !end.replaceAll(mark[0], ""));
      });
      if (at < lines.length) found.at(-1).lines.push(lines[at++]);
    } else if (HEADING.test(line)) take("heading", () => false);
    else if (RULE.test(line)) take("rule", () => false);
    else if (/^ {0,3}>/.test(line)) take("quote", (next) => /^ {0,3}>/.test(next));
    else if (ITEM.test(line)) take("list", (next) => ITEM.test(next) || /^\s+\S/.test(next));
    else take("text", (next) => next.trim() && !ITEM.test(next) && !FENCE.test(next) && !HEADING.test(next));
  }
  return found.map(({ kind, lines: own }) => ({ kind, lines: own, source: `${kind}\n${own.join("\n")}` }));
}

/** A block as [tag, attributes, children]; a child is one of those, or a text. */
export function make({ kind, lines }) {
  switch (kind) {
    case "code": {
      const closed = lines.length > 1 && FENCE.test(lines.at(-1)) && lines.at(-1).trim().length >= 3;
      return ["pre", {}, [["code", {}, [lines.slice(1, closed ? -1 : undefined).join("\n")]]]];
    }
    case "heading":
      return ["h4", {}, inline(HEADING.exec(lines[0])[2])];
    case "rule":
      return ["hr", {}, []];
    case "quote":
      return ["blockquote", {}, [["p", {}, inline(lines.map((line) => line.replace(/^ {0,3}>\s?/, "")).join("\n"))]]];
    case "list":
      return list(lines);
    default:
      return ["p", {}, inline(lines.join("\n"))];
  }
}

function list(lines) {
  const roots = [];
  const open = []; // [indentation, list, last item], the outermost first
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (!item) {
      open.at(-1)[2][2].push(["br", {}, []], ...inline(line.trim()));
      continue;
    }
    const [, indent, bullet, number, words] = item;
    while (open.length && indent.length < open.at(-1)[0]) open.pop();
    const tag = bullet ? "ul" : "ol";
    const isInner = open.length && indent.length > open.at(-1)[0] + 1 && open.length < DEEPEST;
    if (!open.length || isInner || open.at(-1)[1][0] !== tag) {
      const made = [tag, number && number !== "1" ? { start: number } : {}, []];
      if (isInner) open.at(-1)[2][2].push(made);
      else {
        open.pop();
        if (open.length) open.at(-1)[2][2].push(made);
        else roots.push(made);
      }
      open.push([indent.length, made, null]);
    }
    const entry = ["li", {}, inline(words)];
    open.at(-1)[1][2].push(entry);
    open.at(-1)[2] = entry;
  }
  return roots.length === 1 ? roots[0] : ["div", {}, roots];
}

/** A text with its emphasis, code and links, as children. */
export function inline(text, depth = 0) {
  if (depth > DEEPEST) return [text];
  const rest = text.slice(LONGEST);
  const end = Math.min(text.length, LONGEST);
  const made = [];
  let plain = "";
  const flush = () => {
    if (plain) made.push(plain);
    plain = "";
  };
  const put = (node) => {
    flush();
    made.push(node);
  };
  let missing = ""; // marks that are known to have no second one further on
  for (let at = 0; at < end; ) {
    const sign = text[at];
    if (sign === "\n") {
      put(["br", {}, []]);
      at++;
    } else if (sign === "\\" && ESCAPABLE.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
    } else if (sign === "`") {
      const mark = /`+/y;
      mark.lastIndex = at;
      const [run] = mark.exec(text);
      const close = missing.includes(`|${run}|`) ? -1 : text.indexOf(run, at + run.length);
      if (close < 0 || close >= end) {
        missing += `|${run}|`;
        plain += run;
        at += run.length;
      } else {
        put(["code", {}, [text.slice(at + run.length, close).replace(/^ (.+) $/, "$1")]]);
        at = close + run.length;
      }
    } else if (sign === "*" || sign === "_" || sign === "~") {
      const mark = text[at + 1] === sign ? sign + sign : sign;
      const close = mark === "~" || missing.includes(`|${mark}|`) ? -1 : closing(text, at, mark, end);
      if (close < 0) {
        if (close === -1) missing += `|${mark}|`;
        plain += mark;
        at += mark.length;
      } else {
        const tag = sign === "~" ? "del" : mark.length > 1 ? "strong" : "em";
        put([tag, {}, inline(text.slice(at + mark.length, close), depth + 1)]);
        at = close + mark.length;
      }
    } else if (sign === "[" || (sign === "!" && text[at + 1] === "[")) {
      const found = match(LINK, text, at);
      if (found) {
        for (const node of link(found[2], found[1])) put(node);
        at += found[0].length;
      } else {
        plain += sign;
        at++;
      }
    } else if (sign === "h" && text.startsWith("http", at)) {
      const found = match(ADDRESS, text, at);
      const address = found ? found[0].replace(/[.,:;!?]+$/, "") : sign;
      if (found) for (const node of link(address, address)) put(node);
      else plain += sign;
      at += address.length;
    } else {
      plain += sign;
      at++;
    }
  }
  plain += rest;
  flush();
  return made;
}

/** Where emphasis that opens at `at` closes; -1 if no such mark follows, -2 if this one opens none. */
function closing(text, at, mark, end) {
  const first = text[at + mark.length] ?? " ";
  if (/\s/.test(first) || (mark[0] === "_" && /\w/.test(text[at - 1] ?? " "))) return -2;
  for (let close = text.indexOf(mark, at + mark.length + 1); close >= 0 && close < end; ) {
    const isDouble = mark.length === 1 && (text[close + 1] === mark || text[close - 1] === mark);
    const isInWord = mark[0] === "_" && /\w/.test(text[close + mark.length] ?? " ");
    if (!isDouble && !isInWord && !/\s/.test(text[close - 1])) return close;
    close = text.indexOf(mark, close + mark.length);
  }
  return -1;
}

/** A link, and behind it where it leads, unless its words say so; only words where it leads to no page or mailbox. */
function link(address, label) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return [label];
  }
  const isPage = /^https?:$/.test(url.protocol) && !url.username && !url.password;
  if (!isPage && url.protocol !== "mailto:") return [label];
  const where = isPage ? url.host : url.pathname;
  const words = label.trim() || where;
  const saysSo = words === address || words === where || words.startsWith(`${url.protocol}//${url.host}/`);
  const attributes = { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" };
  return [["a", attributes, [words]], ...(saysSo ? [] : [` (${where})`])];
}

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Bring an element in line with a text: blocks that are as they were stay, so a selection in them does too. */
export function show(element, text) {
  const wanted = blocks(text);
  wanted.forEach((block, place) => {
    const old = element.children[place];
    if (old?.source === block.source) return;
    const built = build(make(block));
    built.source = block.source;
    if (old) old.replaceWith(built);
    else element.append(built);
  });
  while (element.children.length > wanted.length) element.lastElementChild.remove();
}

function build(node) {
  if (typeof node === "string") return document.createTextNode(node);
  const [tag, attributes, children] = node;
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map(build));
  return element;
}
