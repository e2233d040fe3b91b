// ---- Details ----

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const details = open.get(Number(target.dataset.index));
    if (details && target.isConnected) details.height = target.offsetHeight;
  }
  measure();
  draw();
});

function toggleDetails(index) {
  const details = open.get(index);
  if (details) {
    resized.unobserve(details.element);
    details.element.remove();
    open.delete(index);
  } else {
    const element = detailsOf(index);
    open.set(index, { element, height: 0 });
    resized.observe(element);
    remember(index);
    reveal(index);
    open.get(index).height = element.offsetHeight;
  }
  measure();
  reveal(index);
}

function remember(index) {
  try {
    history.replaceState(null, "", `#span=${spans[index].span_id}`);
  } catch {
    // A sandboxed document has no history.
  }
}

function detailsOf(index) {
  const span = spans[index], parent = indexOfId.get(span.parent_span_id);
  const critical = (span.critical_path ?? []).reduce((sum, [from, to]) => sum + to - from, 0);
  const status = span.status === "error" ? el("span", { class: "error-text" }, `error${span.status_message ? `: ${span.status_message}` : ""}`) : span.status;
  const facts = factsOf([
    ["Operation", span.operation],
    ["Kind", span.kind],
    ["Status", status],
    ["Start", offset(span.start_offset_ns)],
    ["Duration", duration(span.duration_ns)],
    ["Of its own", `${duration(span.self_time_ns ?? 0)} (${percent(span.self_time_ns ?? 0, span.duration_ns)})`],
    ["On the critical path", critical > 0 && `${duration(critical)} (${percent(critical, whole.to - whole.from)} of the trace)`],
    ["Span", el("span", {}, el("code", {}, span.span_id), button("copy", () => copy(span.span_id)), button("link", () => copyLink(index), { title: "Copy a link to this span" }))],
    ["Parent", span.parent_span_id && (parent === undefined ? el("code", {}, span.parent_span_id) : jump(span.parent_span_id, parent))],
    ["Scope", span.scope?.name && `${span.scope.name} ${span.scope.version ?? ""}`],
    ["Dropped", droppedText(span)],
    ["Trace state", span.trace_state && el("code", {}, span.trace_state)],
  ]);
  facts.className = "facts";
  const resource = trace.resources?.[span.resource]?.attributes;
  return el("div", { class: "details", role: "row", "data-index": index, style: colourStyle(span.service) },
    el("div", { role: "gridcell", "aria-colspan": 2 }, facts,
      section("Attributes", span.attributes, true),
      section("Scope", span.scope?.attributes, false),
      section("Resource", resource, false),
      listed("Events", span.events, (event) => [`${offset(event.time_offset_ns)} ${event.name}`.trim(), event.attributes]),
      listed("Logs", span.logs, logParts),
      listed("Links", span.links, (link) => [`trace ${link.trace_id} span ${link.span_id}`, link.attributes, link.trace_id === trace.trace_id && indexOfId.get(link.span_id)])));
}

function droppedText(span) {
  const kinds = ["attribute", "event", "link"].filter((kind) => span[`dropped_${kind}s`]);
  return kinds.map((kind) => count(span[`dropped_${kind}s`], kind)).join(", ");
}

function logParts(log) {
  const text = [offset(log.offset_ns), log.service, log.level, log.message].filter(Boolean).join(" ");
  return [text, log.time === undefined ? log.attributes : { time: log.time, ...log.attributes }];
}

/** Pairs of a term and what it is; those that are nothing are left out. */
function factsOf(pairs) {
  return el("dl", {}, ...pairs.filter(([, value]) => value).map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

function jump(text, index) {
  return button(text, () => reveal(index), { class: "plain mono", title: "Go to the span" });
}

function section(title, attributes, isOpen) {
  const size = Object.keys(attributes ?? {}).length;
  return size > 0 && el("details", { open: isOpen }, el("summary", {}, `${title} (${size})`), table(attributes));
}

/** A list whose entries have a line of text, attributes, and may be a span of this trace. */
function listed(title, entries, parts) {
  if (!entries?.length) return false;
  const few = entries.length <= 3;
  return el("details", { open: few }, el("summary", {}, `${title} (${entries.length})`), ...entries.map((entry) => {
    const [text, attributes, target] = parts(entry);
    const go = typeof target === "number" && jump("go to", target);
    if (!Object.keys(attributes ?? {}).length) return el("div", { class: "bare" }, text, " ", go);
    return el("details", { open: few }, el("summary", {}, text, " ", go), table(attributes));
  }));
}

function table(attributes) {
  return el("table", {}, el("tbody", {}, ...Object.entries(attributes).map(([name, value]) => {
    const text = valueText(value), term = `${name}=${text}`.replace(/[\\"]/g, "\\$&");
    return el("tr", {}, el("td", {}, name), el("td", {}, el("pre", {}, text)), el("td", {},
      button("find", () => search(`"${term}"`), { title: "Find spans with this value" }), " ",
      button("copy", () => copy(text), { title: "Copy the value" })));
  })));
}

function copyLink(index) {
  remember(index);
  copy(`${location.href.split("#")[0]}#span=${spans[index].span_id}`);
}
