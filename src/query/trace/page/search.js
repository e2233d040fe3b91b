// ---- Moving ----

function activate(index) {
  const before = active;
  active = index;
  for (const changed of [before, index]) {
    rows.get(changed)?.classList.toggle("active", changed === active);
    rows.get(changed)?.setAttribute("aria-selected", String(changed === active));
  }
}

/** Makes a span the active one and scrolls until it is in sight; all that hides it is opened. */
function reveal(index) {
  if (index === undefined || index < 0 || index >= spans.length) return;
  let hidden = false;
  for (let above = family.parent[index]; above >= 0; above = family.parent[above]) hidden = folded.delete(above) || hidden;
  if (errorsOnly && spans[index].status !== "error" && !family.errorsBelow[index]) setErrorsOnly(false);
  else if (hidden) list();
  activate(index);
  const tree = $("tree").getBoundingClientRect().top, above = $("sticky").offsetHeight;
  const top = tree + tops[visible.indexOf(index)];
  const details = Math.min(open.get(index)?.height ?? 0, (innerHeight - above) / 2);
  if (top < above + rowHeight) scrollBy(0, top - above - 2 * rowHeight);
  else if (top + rowHeight + details > innerHeight - rowHeight) scrollBy(0, top + details - innerHeight + 3 * rowHeight);
  draw();
}

function move(step) {
  const at = visible.indexOf(active);
  reveal(visible[at < 0 ? 0 : Math.min(Math.max(at + step, 0), visible.length - 1)]);
}

function setFolded(index, fold) {
  if (fold) folded.add(index);
  else folded.delete(index);
  list();
}

function foldAll(fold) {
  folded.clear();
  if (fold) spans.forEach((_, index) => hasChildren(index) && folded.add(index));
  while (fold && active >= 0 && family.parent[active] >= 0) activate(family.parent[active]);
  list();
}

/** The next or previous of sorted indices, seen from the active span; round at the ends. */
function goTo(indices, step) {
  if (!indices.length) return;
  const found = step > 0 ? indices.find((index) => index > active) : indices.findLast((index) => index < active);
  reveal(found ?? indices.at(step > 0 ? 0 : -1));
  showHits();
}

function setErrorsOnly(only) {
  errorsOnly = only;
  $("errors").setAttribute("aria-pressed", String(only));
  list();
}

function toggleCritical() {
  const hidden = document.body.classList.toggle("no-critical");
  $("critical").setAttribute("aria-pressed", String(!hidden));
}

// ---- Search ----

const texts = [];

/** All that a search looks at in a span, a line each, in lower case. */
function textOf(index) {
  return (texts[index] ??= lines(spans[index]).join("\n").toLowerCase());
}

function lines(span) {
  const pairs = (attributes) => Object.entries(attributes ?? {}).map(([name, value]) => `${name}=${valueText(value)}`);
  return [
    `service=${span.service}`, `operation=${span.operation}`, `kind=${span.kind}`, `status=${span.status}`, span.status_message ?? "",
    `span_id=${span.span_id}`, `parent_span_id=${span.parent_span_id ?? ""}`, `scope=${span.scope?.name ?? ""}`, span.trace_state ?? "",
    ...pairs(span.attributes), ...pairs(trace.resources?.[span.resource]?.attributes),
    ...(span.events ?? []).flatMap((event) => [`event=${event.name}`, ...pairs(event.attributes)]),
    ...(span.links ?? []).flatMap((link) => [`link=${link.trace_id} ${link.span_id}`, ...pairs(link.attributes)]),
    ...(span.logs ?? []).flatMap((log) => [`time=${log.time}`, `level=${log.level ?? ""}`, log.message ?? "", ...pairs(log.attributes)]),
  ];
}

/** Words, and parts in double quotes, of what is searched for. */
function words(text) {
  return [...text.toLowerCase().matchAll(/"((?:\\.|[^"\\])*)"?|\S+/gs)]
    .map(([word, quoted]) => quoted?.replace(/\\(.)/gs, "$1") ?? word).filter(Boolean);
}

function search(text) {
  $("search").value = text;
  terms = words(text);
  hits = terms.length ? spans.flatMap((_, index) => (terms.every((term) => textOf(index).includes(term)) ? [index] : [])) : [];
  isHit = new Set(hits);
  showHits();
  redraw();
}

function showHits() {
  const at = hits.indexOf(active);
  $("hits").textContent = !terms.length ? "" : at < 0 ? count(hits.length, "hit") : `${at + 1} of ${count(hits.length, "hit")}`;
}

/** Marks what is searched for in the rows and details that are in the document. */
function highlight() {
  if (!globalThis.Highlight) return;
  CSS.highlights.delete("hit");
  if (!terms.length) return;
  const needles = terms.flatMap((term) => [term, term.slice(term.indexOf("=") + 1)]).filter(Boolean);
  const marks = new Highlight(), walk = document.createTreeWalker($("tree"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, text = node.data.toLowerCase();
    if (node.parentElement.closest("button") || text.length !== node.data.length) continue;
    for (const needle of needles) {
      for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
        marks.add(new StaticRange({ startContainer: node, startOffset: at, endContainer: node, endOffset: at + needle.length }));
      }
    }
  }
  CSS.highlights.set("hit", marks);
}
