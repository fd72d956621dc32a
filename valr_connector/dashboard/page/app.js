// Listens to the process, has the panels drawn, and never lets old figures pass for new ones.
import { PriceChart } from "./chart.js";
import { element, replace, time } from "./dom.js";
import { draw } from "./panels.js";

const SILENCE_MS = 3000; // several times longer than the process pauses between two pictures
const RETRY_MS = 2000;

const at = (id) => document.getElementById(id);
const chart = new PriceChart(at("chart"), at("pairs"), at("prices"));
let newest = null;
let heardAt = 0;
let source = null;

async function listen() {
  source?.close();
  source = new EventSource("events");
  source.onopen = () => loadQuotes().catch(look);
  source.onmessage = (event) => show(JSON.parse(event.data));
  source.onerror = () => {
    heardAt = Math.min(heardAt, performance.now() - SILENCE_MS);
    look();
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  };
}

async function loadQuotes() {
  const answer = await fetch("quotes");
  if (answer.ok) chart.load(await answer.json());
}

function show(picture) {
  newest = picture;
  heardAt = performance.now();
  draw(picture);
  chart.add(picture.pairs);
  look();
}

// Whether what is shown may be believed: called with every picture, and now and then without one.
function look() {
  const silence = performance.now() - heardAt;
  const link = newest === null ? "waiting" : silence < SILENCE_MS ? "live" : "lost";
  document.body.dataset.link = link;
  replace(at("link"), { waiting: "connecting", live: "live", lost: "no connection" }[link]);
  const [level, ...words] = link === "lost" ? lost() : newest ? troubles(newest) : ["none"];
  const banner = at("banner");
  banner.hidden = level === "none";
  banner.className = level;
  replace(banner, ...words);
}

function lost() {
  return [
    "error",
    element("strong", {}, "No word from the process. "),
    `What is shown is from ${time(newest.at_ms)} and may be wrong by now. Trying again…`,
  ];
}

function troubles(picture) {
  if (picture.failure) return ["error", element("strong", {}, "Stopped for good: "), picture.failure];
  if (picture.is_closed) return ["warning", element("strong", {}, "Closed. "), "The connector was closed in good order."];
  if (picture.ready) return ["none"];
  const missing = picture.parts.filter((part) => !part.ready).map((part) => `${part.name}: ${part.why_not}`);
  return ["warning", element("strong", {}, "Not ready to trade. "), missing.join(" · ")];
}

async function tell(order) {
  const answer = await fetch(`story?order=${encodeURIComponent(order)}`);
  replace(at("story-of"), order);
  replace(at("story-text"), await answer.text());
  at("story").showModal();
}

function choose(event) {
  const row = event.target.closest?.("[data-order]");
  if (row && (event.type === "click" || event.key === "Enter")) tell(row.dataset.order).catch(look);
}

document.addEventListener("click", choose);
document.addEventListener("keydown", choose);
setInterval(look, 500);
listen();
