// Making elements, and putting numbers into words.

export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const shown = new WeakMap();

// Replaces the children where they differ from what was there, so that a selection and a hover survive.
export function replace(parent, ...children) {
  const key = children.map((child) => child.outerHTML ?? child).join("");
  if (shown.get(parent) === key) return;
  shown.set(parent, key);
  parent.replaceChildren(...children);
}

// A row is its cells; `attributes` gives those of the row with a number.
export function table(headings, rows, empty, attributes = () => ({})) {
  if (!rows.length) return element("p", { class: "empty" }, empty);
  const cell = (tag) => ([kind, content]) => element(tag, { class: kind }, ...[content].flat());
  return element(
    "table", {},
    element("thead", {}, element("tr", {}, ...headings.map(cell("th")))),
    element("tbody", {}, ...rows.map((cells, row) => element("tr", attributes(row), ...cells.map(cell("td"))))),
  );
}

// Exact text stays exact: only the integer digits are grouped.
export function grouped(text) {
  if (text === null) return "–";
  const [whole, fraction] = text.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const time = (ms) => clock.format(ms);

export function duration(us) {
  if (us < 1000) return `${us.toFixed(0)} µs`;
  if (us < 1e6) return `${(us / 1000).toFixed(us < 1e4 ? 1 : 0)} ms`;
  return `${(us / 1e6).toFixed(1)} s`;
}

export function age(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
