// ---- What is shown ----

const folded = new Set();
/** Open details: index of the span -> element and height in pixels. */
const open = new Map();
let view = whole;
let active = -1;
let errorsOnly = false;
let terms = [];
let hits = [];
let isHit = new Set();

/** Indices of the spans that have a row, and where each row begins in pixels; one more for the end. */
let visible = [];
let tops = [0];
let rowHeight = 28;
let rows = new Map();
let printing = false;

/** Lists the rows anew: after folding or filtering. */
function list() {
  visible = [];
  for (let index = 0; index < spans.length; ) {
    if (!errorsOnly || spans[index].status === "error" || family.errorsBelow[index] > 0) visible.push(index);
    index = folded.has(index) ? family.end[index] : index + 1;
  }
  $("tree").setAttribute("aria-rowcount", visible.length);
  $("empty").hidden = visible.length > 0;
  $("empty").textContent = spans.length ? "No span has an error." : "The trace has no spans.";
  measure();
  redraw();
}

function measure() {
  tops = new Float64Array(visible.length + 1);
  visible.forEach((index, row) => (tops[row + 1] = tops[row] + rowHeight + (open.get(index)?.height ?? 0)));
}

/** Builds the rows anew that are in sight. */
function redraw() {
  rows = new Map();
  draw();
}

/** The first row that ends below `y`. */
function rowAt(y) {
  let low = 0, high = visible.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tops[middle + 1] <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts the rows that are in sight into the document, keeps those that are there, removes the others. */
function draw() {
  const tree = $("tree"), top = -tree.getBoundingClientRect().top;
  const first = printing ? 0 : rowAt(top - 300);
  const last = printing ? visible.length : Math.min(visible.length, rowAt(top + innerHeight + 300) + 1);
  const drawn = new Map(), nodes = [];
  for (let row = first; row < last; row++) {
    const index = visible[row];
    drawn.set(index, rows.get(index) ?? rowOf(index, row));
    nodes.push(drawn.get(index));
    if (open.has(index)) nodes.push(open.get(index).element);
  }
  rows = drawn;
  const wanted = new Set(nodes);
  [...tree.children].forEach((node) => wanted.has(node) || node.remove());
  nodes.forEach((node, at) => tree.children[at] === node || tree.insertBefore(node, tree.children[at] ?? null));
  tree.style.paddingTop = `${tops[first] ?? 0}px`;
  tree.style.paddingBottom = `${tops[visible.length] - tops[last]}px`;
  if (rows.has(active)) tree.setAttribute("aria-activedescendant", `row-${active}`);
  else tree.removeAttribute("aria-activedescendant");
  highlight();
}

// ---- A row ----

function rowOf(index, row) {
  const span = spans[index];
  const state = [index === active && "active", terms.length && !isHit.has(index) && "dim", span.status === "error" && "failed"];
  return el("div", {
    class: ["row", ...state.filter(Boolean)].join(" "), id: `row-${index}`, role: "row",
    "aria-level": span.depth + 1, "aria-rowindex": row + 1, "aria-selected": String(index === active),
    "aria-expanded": hasChildren(index) ? String(!folded.has(index)) : undefined,
  }, nameCell(index), timeCell(span));
}

function nameCell(index) {
  const span = spans[index], below = family.end[index] - index - 1, errors = family.errorsBelow[index];
  const isFolded = folded.has(index);
  const fold = hasChildren(index)
    ? el("button", { type: "button", class: "fold", tabindex: -1, "aria-label": isFolded ? "Unfold" : "Fold" }, isFolded ? "▶" : "▼")
    : el("span", { class: "fold" });
  return el("div", { class: "name", role: "gridcell", title: `${span.service} ${span.operation}` },
    el("span", { class: "guides", style: { "--indent": `calc(${span.depth} * var(--step))` } }),
    fold, swatch(span.service),
    el("span", { class: "label" }, el("b", {}, span.service), span.operation),
    span.status === "error" && el("span", { class: "badge", role: "img", "aria-label": "error", title: span.status_message || "error" }, "!"),
    isFolded && errors > 0 && el("span", { class: "badge below", role: "img", "aria-label": `${count(errors, "error")} below`, title: `${count(errors, "error")} below` }, "!"),
    isFolded && el("span", { class: "count", title: `${count(below, "span")} folded` }, `+${below}`),
    span.missing_parent && el("span", { class: "tag", title: `The parent ${span.parent_span_id} is not in the trace` }, "no parent"),
    span.cycle && el("span", { class: "tag", title: "Is among its own ancestors" }, "cycle"),
    span.skewed && el("span", { class: "tag", title: "Outside the time of its parent: the clocks differ" }, "skewed"),
    span.invalid_time && el("span", { class: "tag", title: "Has no start, or ends before it" }, "invalid time"));
}

/** Where a time lies in the view, in percent. */
function x(ns) {
  return (100 * (ns - view.from)) / (view.to - view.from);
}

/** Left edge and width in percent, of what is in the view. */
function extent(from, to) {
  const left = Math.max(x(from), 0), right = Math.min(x(to), 100);
  return { left: `${left}%`, width: `${Math.max(right - left, 0)}%` };
}

function timeCell(span) {
  const from = x(span.start_offset_ns), to = x(endOf(span));
  const cell = el("div", { class: "time", role: "gridcell", title: `${duration(span.duration_ns)}, of its own ${duration(span.self_time_ns ?? 0)}, from ${offset(span.start_offset_ns)}` });
  if (to >= 0 && from <= 100) {
    const style = { ...extent(span.start_offset_ns, endOf(span)), ...colourStyle(span.service) };
    cell.append(el("div", { class: `bar ${colourClass(span.service)}`, style }));
    cell.append(...merged(span.critical_path ?? []).map(([start, end]) => el("div", { class: "path", style: extent(start, end) })));
    cell.append(...eventTicks(span));
  }
  cell.append(durationLabel(span, from, to));
  return cell;
}

/** Segments of the critical path in the view, with those that no pixel separates made one. */
function merged(path) {
  const gap = (view.to - view.from) / 1000, segments = [];
  for (const [from, to] of path) {
    if (to < view.from || from > view.to) continue;
    const last = segments.at(-1);
    if (last && from - last[1] < gap) last[1] = Math.max(last[1], to);
    else segments.push([from, to]);
  }
  return segments;
}

function eventTicks(span) {
  const ticks = new Map();
  for (const event of span.events ?? []) {
    const left = x(event.time_offset_ns).toFixed(1);
    if (left < 0 || left > 100 || ticks.has(left)) continue;
    const kind = event.name === "exception" ? "event exception" : "event";
    ticks.set(left, el("div", { class: kind, style: { left: `${left}%` }, title: `${event.name} ${offset(event.time_offset_ns)}` }));
  }
  return ticks.values();
}

/** The duration stands behind the bar; there is a margin for it, so that it also fits behind one to the end. */
function durationLabel(span, from, to) {
  const text = duration(span.duration_ns), label = from > 100 ? `→ ${text}` : to < 0 ? `← ${text}` : text;
  return el("span", { class: "duration", style: { left: `${Math.min(Math.max(to, 0), 100)}%` } }, label);
}
