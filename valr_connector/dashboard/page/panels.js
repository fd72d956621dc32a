// One function for each panel: from the picture to what stands in it.
import { age, duration, element, grouped, replace, table, time } from "./dom.js";
import { histogram } from "./histogram.js";

const at = (id) => document.getElementById(id);
const side = (text) => element("span", { class: `side ${text.toLowerCase()}` }, text.toLowerCase());
const badge = (text, kind) => element("span", { class: `badge ${kind}` }, text.toLowerCase().replaceAll("_", " "));

export function draw(picture) {
  replace(at("title"), picture.title);
  readiness(picture);
  keyFigures(picture);
  connection(picture);
  orders(picture);
  latencies(picture.latencies);
  fills(picture.fills);
  balances(picture.balances);
  log(picture.log);
  figures(picture.figures);
}

function readiness({ ready, failure, is_closed }) {
  const [text, kind] = failure || is_closed ? ["stopped", "bad"] : ready ? ["ready", "good"] : ["not ready", "fair"];
  at("readiness").className = `pill ${kind}`;
  replace(at("readiness"), text);
}

function keyFigures(picture) {
  const of = (name, labels = "") => picture.latencies.find((each) => each.name === name && each.labels === labels);
  const median = (series) => (series ? duration(series.p50_us) : "–");
  const tail = (series) => (series ? `p99 ${duration(series.p99_us)}` : "none yet");
  const place = of("order_place_confirmed");
  const cancel = of("order_cancel_confirmed");
  const ping = of("ws_ping_round_trip", "account");
  const unknown = picture.orders.filter((order) => order.is_unknown).length;
  const tile = (label, value, note, kind = "") =>
    element("div", { class: `tile ${kind}` }, element("span", {}, label), element("b", {}, value), element("small", {}, note));
  replace(
    at("key-figures"),
    tile("orders in flight", `${picture.orders.length}`, unknown ? `${unknown} unknown` : "none unknown", unknown ? "fair" : ""),
    tile("placing", median(place), tail(place)),
    tile("cancelling", median(cancel), tail(cancel)),
    tile("ping", median(ping), tail(ping)),
    tile("clock", `${(picture.clock_offset_s * 1000).toFixed(0)} ms`, "VALR's minus ours"),
  );
}

function connection({ sockets, circuits, parts, limits }) {
  const socketKind = (state) => (state === "LIVE" ? "good" : state === "STALE" || state === "IDLE" ? "bad" : "fair");
  const circuitKind = { CLOSED: "good", HALF_OPEN: "fair", OPEN: "bad" };
  const chip = ({ name, state }, kind) =>
    element("span", { class: `chip ${kind}` }, name, element("b", {}, state.toLowerCase().replace("_", "-")));
  replace(at("sockets"), ...sockets.map((each) => chip({ ...each, name: `${each.name} socket` }, socketKind(each.state))));
  replace(at("circuits"), ...circuits.map((each) => chip(each, circuitKind[each.state])));
  replace(at("parts"), ...parts.map(part));
  replace(at("limits"), ...limits.map(limit));
}

function part({ name, ready, why_not }) {
  const why = why_not ? [element("small", {}, why_not)] : [];
  return element("li", { class: ready ? "good" : "bad" }, name, ...why);
}

function limit({ name, used, limit: most }) {
  const percent = (100 * used) / most;
  const kind = percent >= 80 ? "bad" : percent >= 50 ? "fair" : "good";
  return element(
    "div", { class: "limit" },
    element("span", {}, name), element("span", { class: "number" }, `${used} / ${most}`),
    element("progress", { class: kind, max: most, value: used, "aria-label": name }),
  );
}

const ORDER_KINDS = { OPEN: "open", PARTIALLY_FILLED: "open", FILLED: "good", FAILED: "bad", PENDING_CREATE: "fair" };
const ORDER_HEADINGS = [
  ["", "side"], ["wide", "pair"], ["number", "price"], ["number", "amount"], ["number wide", "executed"],
  ["", "state"], ["", "request"], ["number wide", "age"], ["wide id", "client order id"],
];

function orders({ orders: inFlight, ended }) {
  replace(at("orders-count"), `${inFlight.length}`);
  replace(at("orders"), orderTable(inFlight, "No orders in flight."));
  replace(at("ended"), orderTable(ended, "None yet."));
}

function orderTable(found, empty) {
  const attributes = (row) => ({ "data-order": found[row].client_order_id, tabindex: 0, title: "what happened to it" });
  return table(ORDER_HEADINGS, found.map(orderCells), empty, attributes);
}

function orderCells(order) {
  const state = order.is_unknown ? badge("unknown", "bad") : badge(order.state, ORDER_KINDS[order.state] ?? "quiet");
  const intent = order.intent ? badge(order.intent, "fair") : order.reason;
  return [
    ["", side(order.side)], ["wide", order.pair], ["number", order.price === null ? "market" : grouped(order.price)],
    ["number", grouped(order.amount)], ["number wide", grouped(order.executed)],
    ["", state], ["", intent], ["number wide", age(order.age_s)], ["wide id", order.client_order_id],
  ];
}

function latencies(series) {
  const headings = [["", "what"], ["", "distribution"], ["number", "p50"], ["number wide", "p90"], ["number", "p99"], ["number wide", "longest"], ["number wide", "count"]];
  const rows = series.map((each) => [
    ["name", [element("span", { title: each.meaning }, each.name.replaceAll("_", " ")), element("small", {}, each.labels)]],
    ["", histogram(each.bars)], ["number", duration(each.p50_us)], ["number wide", duration(each.p90_us)],
    ["number", duration(each.p99_us)], ["number wide", duration(each.max_us)], ["number wide", grouped(`${each.count}`)],
  ]);
  replace(at("latencies"), table(headings, rows, "Nothing was measured yet."));
}

function fills(all) {
  replace(at("fills-count"), `last ${all.length}`);
  const headings = [["", "time"], ["", "side"], ["wide", "pair"], ["number", "price"], ["number", "amount"], ["number", "fee"], ["wide", "as"]];
  const rows = all.map((fill) => [
    ["", time(fill.at_ms)], ["", side(fill.side)], ["wide", fill.pair], ["number", grouped(fill.price)],
    ["number", fill.amount], ["number", fill.fee || "…"], ["wide", fill.liquidity.toLowerCase()],
  ]);
  replace(at("fills"), table(headings, rows, "No fills yet."));
}

function balances(all) {
  const headings = [["", "currency"], ["number", "available"], ["number", "reserved"], ["number wide", "total"]];
  const rows = all.map((each) => [
    ["", element("b", {}, each.currency)], ["number", grouped(each.available)], ["number", grouped(each.reserved)], ["number wide", grouped(each.total)],
  ]);
  replace(at("balances"), table(headings, rows, "No wallet holds anything."));
}

function log(lines) {
  const items = lines.map((line) => {
    const about = line.client_order_id ? [element("code", {}, line.client_order_id)] : [];
    return element("li", { class: line.severity }, element("time", {}, time(line.at_ms)), element("span", {}, line.text), ...about);
  });
  replace(at("log"), ...(items.length ? items : [element("li", { class: "empty" }, "Nothing happened yet.")]));
}

function figures(all) {
  const rows = all.map((each) => [
    ["name", [element("span", { title: each.meaning }, each.name.replaceAll("_", " ")), element("small", {}, each.labels)]],
    ["number", Number.isInteger(each.value) ? grouped(`${each.value}`) : each.value.toPrecision(4)],
  ]);
  replace(at("figures"), table([["", "what"], ["number", "value"]], rows, "Nothing was counted yet."));
}
