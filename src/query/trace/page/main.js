// ---- Head, split, theme ----

function drawHead() {
  const root = trace.root;
  $("title").append(...(root ? [root.service, " ", el("span", { class: "operation" }, root.operation)] : ["Trace"]));
  document.title = `${root ? `${root.service} ${root.operation}` : "Trace"} ${trace.trace_id}`;
  const errors = trace.errors ?? failed.length;
  $("facts").replaceWith(Object.assign(factsOf([
    ["Trace", el("span", {}, el("code", {}, trace.trace_id), button("copy", () => copy(trace.trace_id)))],
    ["Start", trace.start],
    ["Duration", duration(trace.duration_ns ?? 0)],
    ["Spans", (trace.spans ?? spans.length).toLocaleString("en")],
    ["Errors", el("span", { class: errors ? "error" : "" }, errors.toLocaleString("en"))],
    ["Services", String(services.length)],
    ["Depth", String(spans.length && maxDepth + 1)],
  ]), { id: "facts" }));
  const note = (number, noun, text) => (number ? [el("li", {}, `${count(number, noun)} ${text}`)] : []);
  $("notes").append(
    ...note(trace.missing_parents, "span", "whose parent is not in the trace"),
    ...note(trace.roots > 1 ? trace.roots : 0, "root", "instead of one"),
    ...note(trace.duplicates, "duplicate", "left out"),
    ...note(trace.skewed, "span", "outside the parent: clocks differ"),
    ...note(trace.cycles, "cycle", "of parents"),
    ...note(trace.invalid_times, "span", "without a valid time"));
  drawServices();
  $("logs").append(listed("Logs of no span", trace.logs, logParts) || "");
  $("logs").firstElementChild?.removeAttribute("open");
}

function drawServices() {
  const all = (trace.services ?? []).reduce((sum, service) => sum + service.self_time_ns, 0);
  for (const { service, spans: number, errors, self_time_ns: own, critical_path_ns: critical } of trace.services ?? []) {
    const title = `${count(number, "span")}, ${count(errors, "error")}; ${duration(own)} of its own; ${duration(critical)} on the critical path. Click to find its spans`;
    $("shares").append(el("span", { class: colourClass(service), style: { ...colourStyle(service), "flex-grow": own || 0 }, title }));
    $("services").append(el("li", {}, el("button", { type: "button", title, click: () => search(`"service=${service.replace(/[\\"]/g, "\\$&")}"`) },
      swatch(service), el("b", {}, service), el("span", { class: "muted" }, `${number.toLocaleString("en")} · ${percent(own, all)}`),
      errors > 0 && el("span", { class: "error-text" }, count(errors, "error")))));
  }
}

function setSplit(share) {
  const value = Math.min(Math.max(share, 12), 80);
  document.documentElement.style.setProperty("--names", `${value}%`);
  $("split").setAttribute("aria-valuenow", Math.round(value));
  resize();
}

function dragSplit() {
  const split = $("split");
  split.addEventListener("pointerdown", (event) => split.setPointerCapture(event.pointerId));
  split.addEventListener("pointermove", (event) => split.hasPointerCapture(event.pointerId) && setSplit((100 * event.clientX) / $("ruler").clientWidth));
  split.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    setSplit(Number(split.getAttribute("aria-valuenow")) + step);
  });
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  drawMinimap();
}

function toggleTheme() {
  const chosen = document.documentElement.dataset.theme;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme(dark ? "light" : "dark");
}

/** All that depends on the width of the page. */
function resize() {
  const style = getComputedStyle(document.documentElement);
  const names = rows.values().next().value?.firstChild.clientWidth ?? 400;
  rowHeight = parseFloat(style.getPropertyValue("--row"));
  const step = Math.min(16, Math.max(3, (names * 0.45) / Math.max(maxDepth, 1)));
  document.documentElement.style.setProperty("--step", `${step}px`);
  $("tree").classList.toggle("dense", step < 7);
  measure();
  drawMinimap();
  drawRuler();
  redraw();
}

// ---- Keys and clicks ----

const KEYS = {
  ArrowDown: () => move(1), j: () => move(1), ArrowUp: () => move(-1), k: () => move(-1),
  PageDown: () => move(pageRows()), PageUp: () => move(-pageRows()), Home: () => { reveal(visible[0]); scrollTo(0, 0); }, End: () => reveal(visible.at(-1)),
  ArrowRight: unfoldOrEnter, l: unfoldOrEnter, ArrowLeft: foldOrLeave, h: foldOrLeave,
  Enter: () => active >= 0 && toggleDetails(active), " ": () => active >= 0 && toggleDetails(active),
  "+": () => foldAll(false), "-": () => foldAll(true), "/": () => { $("search").focus(); $("search").select(); },
  n: () => goTo(hits, 1), N: () => goTo(hits, -1), e: () => goTo(failed, 1), E: () => goTo(failed, -1),
  x: () => setErrorsOnly(!errorsOnly), c: toggleCritical, z: () => active >= 0 && zoomTo(spans[active]),
  Escape: () => (view === whole ? search("") : zoom(whole)), "?": () => $("help").showModal(),
};

function pageRows() {
  return Math.max(1, Math.floor((innerHeight - $("sticky").offsetHeight) / rowHeight) - 2);
}

function unfoldOrEnter() {
  if (active < 0 || !hasChildren(active)) return;
  if (folded.has(active)) setFolded(active, false);
  else move(1);
}

function foldOrLeave() {
  if (active < 0) return;
  if (hasChildren(active) && !folded.has(active)) setFolded(active, true);
  else reveal(family.parent[active]);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  if (event.target.closest("input")) return onSearchKey(event);
  // A button or summary that has the focus takes Enter and Space itself.
  if ((event.key === "Enter" || event.key === " ") && event.target.closest("button, summary, [role=separator]")) return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  // So that Enter, pressed next, does not press a button again.
  $("tree").focus({ preventScroll: true });
  action();
}

function onSearchKey(event) {
  if (event.key === "Enter") goTo(hits, event.shiftKey ? -1 : 1);
  if (event.key !== "Escape") return;
  event.preventDefault();
  if ($("search").value) search("");
  else $("tree").focus({ preventScroll: true });
}

function onTreeClick(event) {
  const row = event.target.closest(".row");
  if (!row || getSelection().type === "Range") return;
  const index = Number(row.id.slice("row-".length));
  activate(index);
  if (event.target.closest("button.fold")) setFolded(index, !folded.has(index));
  else toggleDetails(index);
}

function followHash() {
  const index = indexOfId.get(/^#span=([0-9a-f]+)$/i.exec(location.hash)?.[1].toLowerCase());
  if (index === undefined) return;
  if (!open.has(index)) toggleDetails(index);
  reveal(index);
}

function onPrint(starts) {
  const theme = document.documentElement.dataset.theme;
  if (starts) onPrint.theme = theme;
  printing = starts;
  // Before anything asks for the layout of thousands of rows again.
  if (!starts) $("tree").replaceChildren();
  setTheme(starts ? "light" : onPrint.theme ?? "");
  draw();
}

const onClick = {
  theme: toggleTheme, "help-button": KEYS["?"], previous: KEYS.N, next: KEYS.n, critical: toggleCritical, errors: KEYS.x,
  fold: KEYS["-"], unfold: KEYS["+"], reset: () => zoom(whole),
};
Object.entries(onClick).forEach(([id, action]) => $(id).addEventListener("click", action));
$("search").addEventListener("input", () => search($("search").value));
$("tree").addEventListener("click", onTreeClick);
document.addEventListener("keydown", onKey);
document.addEventListener("scroll", draw, { passive: true });
addEventListener("resize", resize);
addEventListener("hashchange", followHash);
addEventListener("beforeprint", () => onPrint(true));
addEventListener("afterprint", () => onPrint(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawMinimap);
dragToZoom($("minimap"), () => whole);
dragToZoom($("ticks"), () => view);
dragSplit();
drawHead();
list();
setSplit(40);
followHash();
