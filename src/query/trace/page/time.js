// ---- Time: overview, ruler, zoom ----

function zoom(range) {
  // Of times far from the start a double does not have the last digits.
  const least = Math.min(Math.max(10, whole.to * 2 ** -44), whole.to - whole.from);
  const from = Math.max(range.from, whole.from), to = Math.min(Math.max(range.to, from + least), whole.to);
  view = { from: Math.min(from, to - least), to };
  if (view.from === whole.from && view.to === whole.to) view = whole;
  $("reset").hidden = view === whole;
  drawShades();
  drawRuler();
  redraw();
}

function zoomTo(span) {
  const margin = Math.max(span.duration_ns * 0.05, 5);
  zoom({ from: span.start_offset_ns - margin, to: endOf(span) + margin });
}

function drawShades() {
  const part = (ns) => (100 * (ns - whole.from)) / (whole.to - whole.from);
  const [before, after] = document.querySelectorAll(".shade");
  before.hidden = after.hidden = view === whole;
  Object.assign(before.style, { left: 0, width: `${part(view.from)}%` });
  Object.assign(after.style, { left: `${part(view.to)}%`, right: 0 });
}

/** The distance of the ticks: 1, 2 or 5 times a power of ten. */
function tickStep(width) {
  const least = ((view.to - view.from) * 110) / Math.max(width, 110), power = 10 ** Math.floor(Math.log10(least));
  return Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least));
}

function tickText(ns, step) {
  const [size, unit] = step >= 1e9 ? [1e9, "s"] : step >= 1e6 ? [1e6, "ms"] : step >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  return `${Math.round(ns / size).toLocaleString("en")} ${unit}`;
}

function drawRuler() {
  const step = tickStep($("ticks").clientWidth), labels = [], grid = [];
  for (let ns = Math.ceil(view.from / step) * step; ns <= view.to; ns += step) {
    const left = `${x(ns)}%`;
    labels.push(el("span", { style: { left } }, tickText(ns, step)));
    grid.push(el("i", { style: { left } }));
  }
  $("ticks").replaceChildren($("ticks").querySelector(".drag"), ...labels);
  $("grid").replaceChildren(...grid);
}

function drawMinimap() {
  const canvas = document.querySelector("#minimap canvas"), context = canvas.getContext("2d");
  const scale = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = width * scale;
  canvas.height = height * scale;
  context.scale(scale, scale);
  const probe = $("minimap"), resolve = (name) => ((probe.style.color = `var(${name})`), getComputedStyle(probe).color);
  const colours = Array.from({ length: COLOURS }, (_, index) => resolve(`--service-${index}`)), error = resolve("--error");
  const step = Math.min((height - 8) / Math.max(spans.length, 1), 8), thick = Math.max(1, step - 1);
  const perPixel = (whole.to - whole.from) / width;
  spans.forEach((span, index) => {
    context.fillStyle = colours[(serviceIndex.get(span.service) ?? 0) % COLOURS];
    context.fillRect((span.start_offset_ns - whole.from) / perPixel, 4 + index * step, Math.max(span.duration_ns / perPixel, 1), thick);
  });
  context.fillStyle = error;
  failed.forEach((index) => context.fillRect((endOf(spans[index]) - whole.from) / perPixel - 5, 4 + index * step - 1, 5, thick + 2));
}

/** Dragging over `area`, which shows the time that `range` says, zooms. */
function dragToZoom(area, range) {
  const mark = area.querySelector(".drag");
  let start = null;
  const at = (event) => {
    const { left, width } = area.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - left) / width, 0), 1);
  };
  const stop = () => { start = null; mark.hidden = true; };
  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    area.setPointerCapture(event.pointerId);
    start = at(event);
  });
  area.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const ends = [start, at(event)].sort((one, other) => one - other);
    Object.assign(mark.style, { left: `${100 * ends[0]}%`, width: `${100 * (ends[1] - ends[0])}%` });
    mark.hidden = false;
  });
  area.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const [from, to] = [start, at(event)].sort((one, other) => one - other), { from: base, to: end } = range();
    stop();
    if ((to - from) * area.clientWidth > 4) zoom({ from: base + from * (end - base), to: base + to * (end - base) });
  });
  area.addEventListener("pointercancel", stop);
  area.addEventListener("dblclick", () => zoom(whole));
}
