// The shape of a latency's distribution, one bar for each quarter of a power of two.
const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 22;
const BAR = 5;
const PER_DOUBLING = 4;

export function histogram(bars) {
  const place = (edge) => Math.round(Math.log2(edge) * PER_DOUBLING);
  const first = place(bars[0][0]);
  const width = (place(bars.at(-1)[0]) - first + 1) * BAR;
  const most = Math.max(...bars.map(([, count]) => count));
  const svg = make("svg", { class: "histogram", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
  for (const [edge, count] of bars) {
    const height = Math.max(1.5, (HEIGHT * count) / most);
    const bar = make("rect", { x: (place(edge) - first) * BAR, y: HEIGHT - height, width: BAR - 1, height, rx: 1 });
    bar.append(make("title", {}, `up to ${(edge / 1000).toPrecision(3)} ms: ${count}`));
    svg.append(bar);
  }
  return svg;
}

function make(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
