// Mid price and own quotes over the last minutes, drawn by uPlot; one pair at a time.
import { age, element, grouped, replace } from "./dom.js";

const MOST_POINTS = 600;
const dark = matchMedia("(prefers-color-scheme: dark)");

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const figure = (text) => (text === null ? null : Number(text));

export class PriceChart {
  constructor(box, tabs, prices) {
    this.box = box;
    this.tabs = tabs;
    this.prices = prices;
    this.data = new Map(); // pair -> [seconds, mid, own bid, own ask]
    this.pair = null;
    this.plot = null;
    dark.addEventListener("change", () => this.build());
    new ResizeObserver(() => this.fit()).observe(box);
  }

  load(quotesByPair) {
    this.data = new Map(Object.entries(quotesByPair).map(([pair, quotes]) => [pair, columns(quotes.map(point))]));
    this.pair ??= this.data.keys().next().value ?? null;
    this.build();
  }

  add(pairs) {
    for (const { pair, quote } of pairs) {
      const data = this.data.get(pair) ?? [[], [], [], []];
      this.data.set(pair, data);
      if (data[0].at(-1) >= quote.at_ms / 1000) continue;
      point(quote).forEach((value, column) => data[column].push(value));
      if (data[0].length > MOST_POINTS) data.forEach((column) => column.shift());
    }
    this.pair ??= pairs[0]?.pair ?? null;
    this.drawTabs(pairs);
    this.drawPrices(pairs.find((each) => each.pair === this.pair));
    if (this.plot === null) this.build();
    else this.plot.setData(this.data.get(this.pair));
  }

  choose(pair) {
    this.pair = pair;
    this.build();
  }

  build() {
    this.plot?.destroy();
    this.plot = null;
    const data = this.data.get(this.pair);
    if (!data) return;
    this.plot = new uPlot(this.options(), data, this.box);
  }

  fit() {
    this.plot?.setSize(this.size());
  }

  size() {
    return { width: this.box.clientWidth, height: this.box.clientHeight };
  }

  options() {
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const stepped = { paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, width: 2 };
    const time = (_, ticks) => ticks.map((at) => new Date(at * 1000).toLocaleTimeString("en-GB"));
    const price = (_, ticks) => ticks.map((value) => value.toLocaleString("en", { maximumSignificantDigits: 9 }).replaceAll(",", "\u202f"));
    return {
      ...this.size(),
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      axes: [{ ...axis, values: time, space: 90, size: 32 }, { ...axis, values: price, size: 84 }],
      series: [
        {},
        { label: "mid", stroke: colour("--accent"), width: 2, points: { show: false } },
        { label: "own bid", stroke: colour("--buy"), ...stepped },
        { label: "own ask", stroke: colour("--sell"), ...stepped },
      ],
    };
  }

  drawTabs(pairs) {
    const tab = ({ pair }) => element("button", { type: "button", "aria-pressed": pair === this.pair }, pair);
    replace(this.tabs, ...pairs.map(tab));
    this.tabs.onclick = (event) => event.target.closest("button") && this.choose(event.target.textContent);
  }

  drawPrices(view) {
    if (!view) return;
    const { bid, ask, is_valid, age_s, quote } = view;
    const price = (name, text, kind = "") => element("span", { class: kind }, `${name} `, element("b", {}, grouped(text)));
    replace(
      this.prices,
      element("span", { class: "mid" }, is_valid ? grouped(quote.mid) : "no valid book"),
      price("bid", bid), price("ask", ask), price("own bid", quote.own_bid, "buy"), price("own ask", quote.own_ask, "sell"),
      element("span", { class: is_valid ? "quiet" : "bad" }, is_valid ? `book ${age(age_s)} old` : "invalid"),
    );
  }
}

function point({ at_ms, mid, own_bid, own_ask }) {
  return [at_ms / 1000, figure(mid), figure(own_bid), figure(own_ask)];
}

// From one row for each moment to one column for each series, as uPlot wants them.
function columns(rows) {
  return [0, 1, 2, 3].map((column) => rows.map((row) => row[column]));
}
