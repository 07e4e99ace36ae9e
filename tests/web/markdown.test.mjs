// The page's Markdown as data, by node's own test runner: what a text becomes before it is built into elements.

import assert from "node:assert/strict";
import { test } from "node:test";
import { blocks, inline, make } from "../../bot/web/static/markdown.js";

const all = (text) => blocks(text).map(make);
const flat = (node) => (typeof node === "string" ? node : node[0] === "br" ? "\n" : node[2].map(flat).join(""));
const links = (node) => (typeof node === "string" ? [] : [...(node[0] === "a" ? [node[1].href] : []), ...node[2].flatMap(links)]);

test("what models write becomes what it is meant as", () => {
  assert.deepEqual(all("The first.\n\n1. **One**: `a*b`\n2. *Two*\n\n> Quoted.\n\n## Head\n\n---"), [
    ["p", {}, ["The first."]],
    ["ol", {}, [["li", {}, [["strong", {}, ["One"]], ": ", ["code", {}, ["a*b"]]]], ["li", {}, [["em", {}, ["Two"]]]]]],
    ["blockquote", {}, [["p", {}, ["Quoted."]]]],
    ["h4", {}, ["Head"]],
    ["hr", {}, []],
  ]);
  assert.deepEqual(all("- a\n  - b\n- c"), [
    ["ul", {}, [["li", {}, ["a", ["ul", {}, [["li", {}, ["b"]]]]]], ["li", {}, ["c"]]]],
  ]);
  assert.deepEqual(all("3. three"), [["ol", { start: "3" }, [["li", {}, ["three"]]]]]);
  assert.deepEqual(all("**確かめ方**：今週\n二行目"), [["p", {}, [["strong", {}, ["確かめ方"]], "：今週", ["br", {}, []], "二行目"]]]);
});

test("a text that still grows is shown as far as it is known", () => {
  assert.deepEqual(all("```py\na = 1\n"), [["pre", {}, [["code", {}, ["a = 1\n"]]]]]);
  assert.deepEqual(all("```py\na = 1\n```\nafter"), [["pre", {}, [["code", {}, ["a = 1"]]]], ["p", {}, ["after"]]]);
  assert.deepEqual(all("**Che"), [["p", {}, ["**Che"]]]);
  assert.deepEqual(all("[the ca"), [["p", {}, ["[the ca"]]]);
});

test("signs that mean nothing stay", () => {
  for (const text of ["2 * 3 * 4", "snake_case_name", "a ~ b", "5 > 3 < 4", "[x] done", "C:\\dir", "* ", "**", "`", "h", "http://"]) {
    assert.equal(inline(text).map(flat).join(""), text);
  }
  assert.equal(inline("\\*not\\*").map(flat).join(""), "*not*");
});

test("HTML is text", () => {
  const text = "<script>alert(1)</script> <img src=x onerror=alert(1)> &lt; <!-- -->";
  assert.deepEqual(all(text), [["p", {}, [text]]]);
});

test("links lead to pages and mailboxes, and say where", () => {
  assert.deepEqual(inline("[the case](https://a.example/x)"), [
    ["a", { href: "https://a.example/x", target: "_blank", rel: "noopener noreferrer nofollow" }, ["the case"]],
    " (a.example)",
  ]);
  assert.equal(inline("See https://a.example/x.").map(flat).join(""), "See https://a.example/x.");
  assert.deepEqual(inline("See https://a.example/x.").flatMap(links), ["https://a.example/x"]);
  assert.equal(inline("[bank.example](https://evil.example/)").map(flat).join(""), "bank.example (evil.example)");
  assert.equal(inline("[https://bank.example/](https://evil.example/)").map(flat).join(""), "https://bank.example/ (evil.example)");
  assert.deepEqual(inline("[me](mailto:a@b.example)").flatMap(links), ["mailto:a@b.example"]);
  for (const address of [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd",
    "blob:https://a.example/x", "//evil.example", "/login", "https://bank.example@evil.example/", "https://", "\u0001javascript:x",
  ]) {
    assert.deepEqual(inline(`[x](${address})`).flatMap(links), [], address);
  }
  assert.deepEqual(inline("![x](https://evil.example/x.png)").map((node) => node[0]), ["a", " "]);
  assert.ok(!blocks("a\u202eb")[0].source.includes("\u202e"));
});

test("only harmless elements come of any text, and none of it is lost", () => {
  const pieces = ["*", "**", "_", "`", "```\n", "~~", "[", "](", ")", "https://a.example", "\n", "\n\n", "- ", "1. ", "> ", "# ", "\\", "a", "あ ", "<b>", "|", "  "];
  const known = new Set(["p", "ol", "ul", "li", "pre", "code", "em", "strong", "del", "a", "br", "h4", "hr", "blockquote", "div"]);
  const check = (node) => {
    if (typeof node === "string") return;
    assert.ok(known.has(node[0]), node[0]);
    assert.deepEqual(Object.keys(node[1]).filter((name) => !["href", "target", "rel", "start"].includes(name)), []);
    node[2].forEach(check);
  };
  let seed = 7;
  const random = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: random(30) }, () => pieces[random(pieces.length)]).join("");
    const made = all(text);
    made.forEach(check);
    // The name of a fence's language is not shown, nor an address that leads nowhere.
    if (/^\s*[`~]{3,}.*あ/m.test(text) || /\]\([^\n]*あ/.test(text)) continue;
    const letters = (words) => words.replace(/[^あ]/g, "").length;
    assert.equal(letters(made.map(flat).join("")), letters(text), JSON.stringify(text));
  }
});

test("no text takes long", () => {
  for (const piece of ["*", "**a ", "*a ", "_a", "`", "[", "[a](", "![", "- ", "> ", "```\n", "\\", "https://a", "1. a\n", "~~a "]) {
    const text = piece.repeat(40_000 / piece.length);
    const began = performance.now();
    all(text);
    assert.ok(performance.now() - began < 500, `${piece}: ${performance.now() - began} ms`);
  }
});
