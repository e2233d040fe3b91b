"use strict";
// Everything of the trace reaches the document as text nodes or attribute values, never as markup.

// ---- The trace ----

const trace = JSON.parse(document.getElementById("trace").textContent);
const EMPTY = { service: "", operation: "", status: "unset", depth: 0, start_offset_ns: 0, duration_ns: 0 };
const spans = (trace.tree ?? []).map((span) => ({ ...EMPTY, ...span }));
const services = (trace.services ?? []).map((service) => service.service);
const serviceIndex = new Map(services.map((service, index) => [service, index]));
const indexOfId = new Map(spans.map((span, index) => [span.span_id, index]).reverse());
const failed = spans.flatMap((span, index) => (span.status === "error" ? [index] : []));
const family = relate();
const maxDepth = spans.reduce((most, span) => Math.max(most, span.depth), 0);
const whole = {
  from: spans.reduce((least, span) => Math.min(least, span.start_offset_ns), 0),
  to: spans.reduce((most, span) => Math.max(most, endOf(span)), 1),
};

/** By index of a span: its parent, the index behind its last descendant, the errors among its descendants. */
function relate() {
  const parent = [], end = [], errorsBelow = [], stack = [];
  spans.forEach((span, index) => {
    while (stack.length > span.depth) end[stack.pop()] = index;
    parent[index] = stack.at(-1) ?? -1;
    errorsBelow[index] = 0;
    stack.push(index);
  });
  while (stack.length) end[stack.pop()] = spans.length;
  for (let index = spans.length - 1; index >= 0; index--) {
    const above = parent[index];
    if (above >= 0) errorsBelow[above] += errorsBelow[index] + (spans[index].status === "error");
  }
  return { parent, end, errorsBelow };
}

function endOf(span) {
  return span.start_offset_ns + span.duration_ns;
}

function hasChildren(index) {
  return family.end[index] > index + 1;
}

// ---- Text and elements ----

const $ = (id) => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") Object.entries(value).forEach(([property, text]) => element.style.setProperty(property, text));
    else if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

function button(text, click, attributes = {}) {
  return el("button", { type: "button", class: "plain", click, ...attributes }, text);
}

/** A length of time to four digits or so. */
function duration(ns) {
  const size = Math.abs(ns);
  const short = (value) => String(Number(value.toPrecision(Math.abs(value) < 1000 ? 3 : 4)));
  if (size < 1e3) return `${ns} ns`;
  if (size < 999.5e3) return `${short(ns / 1e3)} µs`;
  if (size < 999.5e6) return `${short(ns / 1e6)} ms`;
  if (size < 60e9) return `${short(ns / 1e9)} s`;
  const seconds = Math.round(size / 1e9), pad = (part) => String(part).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const text = minutes < 60 ? `${minutes} min ${pad(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  return ns < 0 ? `-${text}` : text;
}

/** Empty where something does not say when it was. */
function offset(ns) {
  if (ns === undefined) return "";
  return ns < 0 ? duration(ns) : `+${duration(ns)}`;
}

function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function percent(part, all) {
  return all > 0 ? `${((100 * part) / all).toFixed(1)} %` : "0 %";
}

/** An attribute's value as text. */
function valueText(value) {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return String(value);
  const line = JSON.stringify(value);
  return line.length <= 80 ? line : JSON.stringify(value, null, 2);
}

const COLOURS = 10;

function colourStyle(service) {
  return { "--colour": `var(--service-${(serviceIndex.get(service) ?? 0) % COLOURS})` };
}

function colourClass(service) {
  return `colour round-${Math.floor((serviceIndex.get(service) ?? 0) / COLOURS) % 3}`;
}

function swatch(service) {
  return el("span", { class: `swatch ${colourClass(service)}`, style: colourStyle(service) });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { style: { position: "fixed", opacity: 0 } });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast("Copied");
}

function toast(text) {
  $("toast").textContent = text;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => ($("toast").textContent = ""), 1500);
}
