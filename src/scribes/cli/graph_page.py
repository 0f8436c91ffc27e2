"""A graph as one page for a browser: no network, nothing of a note that a browser would take for a program.

The notes stand in the page as JSON, in which no `<` is left; they are shown as text alone. A policy in the page lets
nothing run but the one script, named by its hash, and nothing be fetched.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

from .links import turned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..models.links import Edge, Graph

# What would end the script element, begin a comment in it, or is no text in JavaScript's older sense.
ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def page(graph: Graph, *, explain: Callable[[Edge], str]) -> str:
    """The page of a graph; `explain` says a link in one line."""
    places = {node.note.id: number for number, node in enumerate(graph.nodes)}
    data: dict[str, Any] = {
        "notes": [
            {
                "title": " ".join(node.note.heading.split()) or "(no title)",
                "handle": node.note.handle,
                "day": node.note.occurred_at.date().isoformat(),
                "speaker": node.note.speaker,
                "steps": node.steps,
            }
            for node in graph.nodes
        ],
        "links": [
            {
                "a": places[edge.first],
                "b": places[edge.second],
                "kind": edge.kind,
                "score": edge.score,
                "why": explain(edge),
                "back": explain(turned(edge)),
            }
            for edge in graph.edges
        ],
    }
    text = json.dumps(data, ensure_ascii=False).translate(ESCAPES)
    allowed = f"'sha256-{b64encode(sha256(SCRIPT.encode()).digest()).decode()}'"
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; base-uri 'none'; form-action 'none'"
    return (
        HEAD.replace("POLICY", policy)
        + f'<script type="application/json" id="data">{text}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n'
    )


HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="POLICY">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Scribes: notes and their links</title>
<style>
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #22211f; --soft: #6b6860; --edge: #d8d4c8; --panel: #fff;
  --mark: #b3541e; --same: #2c6fbb; --linked: #7a4fb5; --similar: #4c8a3f; --hand: #b3541e; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1a18; --ink: #ebe7de; --soft: #a39e92; --edge: #3a3833;
  --panel: #242320; --mark: #f0915a; --same: #6ea8e8; --linked: #b794ec; --similar: #86c477; --hand: #f0915a; } }
* { box-sizing: border-box; }
html, body { margin: 0; height: 100%; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
body { display: grid; grid-template: auto 1fr / 1fr minmax(260px, 30%); height: 100vh; }
header { grid-column: 1 / 3; display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; align-items: center;
  padding: .6rem 1rem; border-bottom: 1px solid var(--edge); }
h1 { font-size: 1rem; margin: 0; }
input[type=search] { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--soft);
  border-radius: 6px; padding: .25rem .6rem; width: 15rem; max-width: 100%; }
label { display: inline-flex; gap: .35rem; align-items: center; cursor: pointer; }
.key { width: 1.4rem; height: 0; border-top: 3px solid; }
button { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--soft); border-radius: 6px;
  min-width: 2rem; padding: .15rem .5rem; cursor: pointer; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
#drawing { width: 100%; height: 100%; display: block; touch-action: none; cursor: grab; min-height: 0; }
main { min-height: 0; min-width: 0; overflow: hidden; position: relative; }
aside { border-left: 1px solid var(--edge); background: var(--panel); padding: 1rem; overflow: auto; min-height: 0;
  overflow-wrap: anywhere; }
aside h2 { font-size: 1.1rem; margin: 0 0 .2rem; }
aside p { margin: .2rem 0 .8rem; color: var(--soft); }
aside ul { list-style: none; margin: 0; padding: 0; }
aside li { border-top: 1px solid var(--edge); padding: .5rem 0; }
aside li button { text-align: left; width: 100%; border: 0; background: none; padding: .1rem 0; font-weight: 600; }
aside li span { color: var(--soft); display: block; border-left: 3px solid var(--kind); padding-left: .6rem;
  margin: .3rem 0; }
.same { --kind: var(--same); } .linked { --kind: var(--linked); } .similar { --kind: var(--similar); }
.hand { --kind: var(--hand); }
line { stroke: var(--kind); stroke-opacity: .45; }
line.near { stroke-opacity: 1; }
.dashes { stroke-dasharray: 7 4; } .dots { stroke-dasharray: 2 4; }
circle { fill: var(--paper); stroke: var(--ink); stroke-width: 1.6; }
g[role=button] { cursor: pointer; outline: none; }
g.start circle { fill: var(--ink); }
g.chosen circle { stroke: var(--mark); stroke-width: 4; }
g:focus-visible circle { stroke: var(--mark); stroke-width: 5; }
g text { fill: var(--ink); font-size: 12px; paint-order: stroke; stroke: var(--paper); stroke-width: 4px;
  stroke-linejoin: round; pointer-events: none; }
g.far { opacity: .16; }
g.far:focus-visible { opacity: 1; }
line.far { stroke-opacity: .06; }
.said { position: absolute; left: -9999px; }
@media (max-width: 760px) { body { grid-template: auto 1fr 40% / 1fr; } header { grid-column: 1; }
  aside { border-left: 0; border-top: 1px solid var(--edge); } }
@media print { header, aside { display: none; } body { display: block; } }
</style>
</head>
<body>
<header>
<h1>Notes and their links</h1>
<label>Search <input type="search" id="search" autocomplete="off" placeholder="words of a title"></label>
<span id="kinds"></span>
<span><button id="out" aria-label="smaller">−</button> <button id="in" aria-label="larger">+</button>
<button id="whole">all</button></span>
</header>
<main><svg id="drawing" role="group" aria-label="notes as circles, links as lines"></svg></main>
<aside id="about" tabindex="0" aria-label="the chosen note"></aside>
<div class="said" id="said" aria-live="polite"></div>
<noscript>This page needs JavaScript to draw; nothing is fetched.</noscript>
"""

SCRIPT = """
"use strict";
(() => {
const { notes, links } = JSON.parse(document.getElementById("data").textContent);
const KINDS = { "same passage": ["same", ""], "linked passage": ["linked", "dashes"], "similar": ["similar", "dots"],
  "by hand": ["hand", ""] };
const byId = (id) => document.getElementById(id);
const make = (name, about, text) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(about || {})) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
};
const html = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const SVG = "http://www.w3.org/2000/svg";
const drawing = byId("drawing"), about = byId("about"), search = byId("search");
const shown = new Set(Object.keys(KINDS));
let chosen = 0;

// Where everything stands: on rings by steps at first, then pushed apart and pulled together for a while. No chance is
// in it, so the same graph looks the same each time.
const places = (() => {
  const rings = new Map();
  notes.forEach((note) => rings.set(note.steps, (rings.get(note.steps) || 0) + 1));
  const seen = new Map();
  const at = notes.map((note) => {
    const number = seen.get(note.steps) || 0;
    seen.set(note.steps, number + 1);
    const angle = 2 * Math.PI * number / rings.get(note.steps) + note.steps;
    return { x: Math.cos(angle) * note.steps * 210, y: Math.sin(angle) * note.steps * 170 };
  });
  const rounds = notes.length > 150 ? 150 : 320;
  for (let round = 0; round < rounds; round++) {
    const warmth = 26 * (1 - round / rounds), push = at.map(() => ({ x: 0, y: 0 }));
    for (let i = 0; i < at.length; i++) for (let j = i + 1; j < at.length; j++) {
      let dx = at[i].x - at[j].x, dy = at[i].y - at[j].y;
      const square = Math.max(dx * dx + dy * dy, 60), force = 15000 / square;
      if (!dx && !dy) { dx = (i - j) * .1; dy = .1; }
      const length = Math.sqrt(square);
      push[i].x += dx / length * force; push[i].y += dy / length * force;
      push[j].x -= dx / length * force; push[j].y -= dy / length * force;
    }
    for (const { a, b, score } of links) {
      const dx = at[b].x - at[a].x, dy = at[b].y - at[a].y, length = Math.sqrt(dx * dx + dy * dy) || 1;
      const force = (length - 130) * .03 * (.4 + score);
      push[a].x += dx / length * force; push[a].y += dy / length * force;
      push[b].x -= dx / length * force; push[b].y -= dy / length * force;
    }
    at.forEach((place, number) => {
      push[number].x -= place.x * .008; push[number].y -= place.y * .012;
      const length = Math.hypot(push[number].x, push[number].y) || 1, step = Math.min(length, warmth);
      if (number) { place.x += push[number].x / length * step; place.y += push[number].y / length * step; }
    });
  }
  // A title stands to the right of its circle: what would lie under it moves up or down.
  const width = (number) => 20 + 7 * Math.min(notes[number].title.length, 34);
  for (let round = 0; round < 60; round++) for (let i = 0; i < at.length; i++) for (let j = 0; j < at.length; j++) {
    const dy = at[j].y - at[i].y, dx = at[j].x - at[i].x;
    if (i === j || Math.abs(dy) >= 20 || dx < -12 || dx > width(i)) continue;
    const step = (20 - Math.abs(dy)) / 2 * (dy < 0 || (!dy && j < i) ? -1 : 1);
    if (j) at[j].y += i ? step : 2 * step;
    if (i) at[i].y -= j ? step : 2 * step;
  }
  return at;
})();

// The drawing.
const canvas = drawing.appendChild(make("g"));
const lines = links.map((link) => {
  const [kind, dashes] = KINDS[link.kind];
  const { a, b } = link;
  const line = canvas.appendChild(make("line", { class: `${kind} ${dashes}`, x1: places[a].x, y1: places[a].y,
    x2: places[b].x, y2: places[b].y, "stroke-width": 1 + 3 * link.score }));
  line.appendChild(make("title", {}, `${notes[a].title} — ${notes[b].title}\\n${link.why}`));
  return line;
});
const circles = notes.map((note, number) => {
  const group = canvas.appendChild(make("g", { role: "button", tabindex: 0, transform:
    `translate(${places[number].x} ${places[number].y})`, "aria-label": note.title }));
  if (!note.steps) group.classList.add("start");
  group.appendChild(make("circle", { r: note.steps ? 8 : 11 }));
  group.appendChild(make("text", { x: 14, y: 4 }, note.title.length > 34 ? note.title.slice(0, 33) + "…" : note.title));
  group.appendChild(make("title", {}, `${note.title}\\n${note.day}  ${note.handle}`));
  group.addEventListener("click", () => choose(number));
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(number); }
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); walk(number, step); }
  });
  return group;
});

// From a note to the next one it is linked with, going round.
function walk(number, step) {
  const near = mine(chosen).map((link) => other(link, chosen));
  const at = near.indexOf(number);
  const next = near.length ? near[(at < 0 ? (step > 0 ? 0 : near.length - 1) : (at + step + near.length) % near.length)]
    : number;
  circles[next].focus();
}
function mine(number) {
  return links.filter((link) => shown.has(link.kind) && (link.a === number || link.b === number));
}
function other(link, number) { return link.a === number ? link.b : link.a; }

function choose(number) {
  chosen = number;
  const note = notes[number];
  about.replaceChildren(html("h2", note.title),
    html("p", [note.day, note.speaker, note.handle].filter(Boolean).join(" · ")));
  const list = about.appendChild(html("ul")), items = new Map();
  for (const link of mine(number)) {
    const far = other(link, number);
    if (!items.has(far)) {
      const item = list.appendChild(html("li"));
      item.appendChild(html("button", notes[far].title)).addEventListener("click", () => {
        choose(far); circles[far].focus();
      });
      items.set(far, item);
    }
    items.get(far).appendChild(html("span", link.a === number ? link.why : link.back, KINDS[link.kind][0]));
  }
  if (!list.children.length) about.appendChild(html("p", "no links of the kinds shown"));
  about.scrollTop = 0;
  byId("said").textContent = `${note.title}, linked with ${list.children.length} notes`;
  light();
}

function light() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const fits = notes.map((note) => {
    const text = `${note.title} ${note.speaker} ${note.handle}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  circles.forEach((group, number) => {
    group.classList.toggle("chosen", number === chosen);
    group.classList.toggle("far", !fits[number]);
  });
  lines.forEach((line, number) => {
    const link = links[number], near = link.a === chosen || link.b === chosen;
    line.style.display = shown.has(link.kind) ? "" : "none";
    line.classList.toggle("near", near);
    line.classList.toggle("far", words.length > 0 && !(fits[link.a] && fits[link.b]));
  });
  return fits;
}

// Search: what does not fit grows pale; Enter chooses the first that fits.
search.addEventListener("input", () => {
  const number = light().filter(Boolean).length;
  byId("said").textContent = search.value ? `${number} notes` : "";
});
search.addEventListener("keydown", (event) => {
  const first = light().indexOf(true);
  if (event.key === "Enter" && first >= 0) { choose(first); circles[first].focus(); }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
  if (event.key === "Escape") { search.value = ""; light(); }
});

// Kinds: which lines are drawn.
for (const [kind, [name, dashes]] of Object.entries(KINDS)) {
  const number = links.filter((link) => link.kind === kind).length;
  if (!number) continue;
  const label = html("label"), box = html("input"), key = html("span", undefined, "key " + name);
  box.type = "checkbox"; box.checked = true;
  key.style.borderTopColor = "var(--kind)";
  key.style.borderTopStyle = dashes === "dots" ? "dotted" : dashes ? "dashed" : "solid";
  box.addEventListener("change", () => { box.checked ? shown.add(kind) : shown.delete(kind); choose(chosen); });
  label.append(box, key, `${kind} (${number})`);
  byId("kinds").append(label, " ");
}

// Moving and zooming.
let view = { x: 0, y: 0, zoom: 1 };
function draw() { canvas.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.zoom})`); }
function whole() {
  const { width, height } = drawing.getBoundingClientRect();
  const xs = places.map((place) => place.x), ys = places.map((place) => place.y);
  const left = Math.min(...xs) - 30, right = Math.max(...xs) + 230, top = Math.min(...ys) - 30,
    bottom = Math.max(...ys) + 30;
  const zoom = Math.min(width / (right - left), height / (bottom - top), 1.6);
  view = { zoom, x: (width - (left + right) * zoom) / 2, y: (height - (top + bottom) * zoom) / 2 };
  draw();
}
function zoom(by, x, y) {
  const next = Math.min(Math.max(view.zoom * by, .1), 6), ratio = next / view.zoom;
  view = { zoom: next, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
  draw();
}
function middle() { const { width, height } = drawing.getBoundingClientRect(); return [width / 2, height / 2]; }
byId("in").addEventListener("click", () => zoom(1.3, ...middle()));
byId("out").addEventListener("click", () => zoom(1 / 1.3, ...middle()));
byId("whole").addEventListener("click", whole);
drawing.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { left, top } = drawing.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 500), event.clientX - left, event.clientY - top);
}, { passive: false });
let held = null;
drawing.addEventListener("pointerdown", (event) => {
  if (event.target === drawing) { held = { x: event.clientX - view.x, y: event.clientY - view.y };
    drawing.setPointerCapture(event.pointerId); }
});
drawing.addEventListener("pointermove", (event) => {
  if (held) { view.x = event.clientX - held.x; view.y = event.clientY - held.y; draw(); }
});
for (const end of ["pointerup", "pointercancel"]) drawing.addEventListener(end, () => { held = null; });
// A note that the keyboard comes to is brought into sight.
circles.forEach((group, number) => group.addEventListener("focus", () => {
  const { width, height } = drawing.getBoundingClientRect();
  const x = places[number].x * view.zoom + view.x, y = places[number].y * view.zoom + view.y;
  if (x < 20 || y < 20 || x > width - 20 || y > height - 20) {
    view.x += width / 2 - x; view.y += height / 2 - y; draw();
  }
}));
addEventListener("resize", whole);
whole();
choose(0);
})();
"""
