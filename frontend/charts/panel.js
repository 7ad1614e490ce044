// A metric as a panel: `<figure data-chart="address" data-metric="loss" data-annotations="address">` (docs/pages.md).
import uPlot from "uplot";
import { axisChosen, chooseLooks, looks, metricAlong } from "./axis.js";
import { fetchShared } from "./data.js";
import { fires } from "./annotations.js";
import { gaps, thresholds } from "./thresholds.js";
import { pinOnClick } from "./pins.js";
import { number, readable, short } from "./numbers.js";
import { colours, faint, FONT } from "./colours.js";
import { smoothed } from "./smoothing.js";
import { moved, zoom, zoomed } from "./zoom.js";

const LIVE_SECONDS = 5;
const HEIGHT = 140;
// How much is shown around a single point.
const AROUND_ONE = { time: 5, epoch: 0.5, step: 1 };
const panels = new Set();

export function draw(figures) {
  for (const figure of figures) if (!figure.dataset.drawn) begin(figure);
}

function begin(figure) {
  figure.dataset.drawn = "1";
  const panel = { figure, plot: null, metric: null, annotations: { thresholds: [], fires: [] } };
  panels.add(panel);
  // Only what is looked at is fetched and drawn.
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    refresh(panel);
    if ("live" in figure.dataset) keepFresh(panel);
  }, { rootMargin: "200px" });
  seen.observe(figure);
}

function keepFresh(panel) {
  const timer = setInterval(() => {
    if (!panel.figure.isConnected) clearInterval(timer);
    else if (!document.hidden) refresh(panel, true);
  }, LIVE_SECONDS * 1000);
}

async function refresh(panel, again = false) {
  const { chart, annotations, metric } = panel.figure.dataset;
  try {
    const [data, annotated] = await Promise.all([fetchShared(chart, again), annotations ? fetchShared(annotations, again) : null]);
    panel.metric = (metric ? data.metrics[metric] : Object.values(data.metrics)[0]) ?? null;
    panel.name = metric ?? Object.keys(data.metrics)[0];
    const found = annotated?.metrics?.[panel.name] ?? data.annotations?.[panel.name];
    panel.annotations = { thresholds: [], fires: [], ...found };
    panel.along = await along(chart, panel.name, again);
    if (panel.metric) show(panel);
  } catch {
    // What the server drew stays; the next look may succeed.
    panel.figure.classList.add("stale");
  }
}

// The values of the metric that was chosen to run along the bottom, by step; null where none was, or it is this one.
async function along(chart, name, again) {
  const x = metricAlong();
  if (!x || x === name || chart.startsWith("{")) return null;
  const address = new URL(chart, location.href);
  address.searchParams.set("first", x);
  address.searchParams.set("last", x);
  const found = (await fetchShared(address.pathname + address.search, again)).metrics[x];
  return found ? { name: x, at: new Map(found.step.map((step, place) => [number(step), number(found.values[place])])) } : null;
}

function columns(metric, axis, along) {
  const xs = along ? metric.step.map((step) => along.at.get(number(step)) ?? NaN) : (metric[axis] ?? metric.step).map(number);
  const points = xs.map((x, place) => [x, number(metric.values[place])]).filter(([x]) => Number.isFinite(x));
  points.sort((one, other) => one[0] - other[0]);
  return {
    data: [points.map(([x]) => x), points.map(([, y]) => (Number.isFinite(y) ? y : null))],
    lost: points.filter(([, y]) => y !== null && !Number.isFinite(y)),
  };
}

function show(panel) {
  const { figure, metric } = panel;
  const axis = panel.along ? panel.along.name : axisChosen(metric);
  let { data, lost } = columns(metric, axis, panel.along);
  // Where the two were never logged together there is nothing to say: steps are.
  if (!data[0].length && panel.along) ({ data, lost } = columns(metric, "step", (panel.along = null)));
  if (!data[0].length) return;
  panel.lost = lost;
  // A metric may be called as an axis is.
  panel.axis = panel.along ? "" : axisChosen(metric);
  const { smoothing, log } = looks();
  panel.isLog = log && data[1].some((value) => value > 0);
  if (panel.isLog) data[1] = data[1].map((value) => (value > 0 ? value : null));
  panel.isSmooth = smoothing > 0;
  [panel.first, panel.last] = [data[0][0], data[0].at(-1)];
  if (panel.isSmooth) data.push(smoothed(data[1], smoothing));
  if (panel.plot && panel.plot.data.length === data.length) {
    panel.plot.setData(data, !zoomed());
    settle(panel);
  } else {
    panel.plot?.destroy();
    const place = figure.querySelector("[data-chart-place]") ?? figure.appendChild(document.createElement("div"));
    place.replaceChildren();
    panel.place = place;
    panel.plot = new uPlot(options(panel, place), data, place);
    name(panel);
    moved(panel.plot, follow);
    settle(panel);
    panel.sized ??= new ResizeObserver(() => resize(panel));
    panel.sized.observe(place);
  }
  figure.classList.remove("stale");
  tell(panel, null);
}

function redraw(panel) {
  if (!panel.plot) return;
  panel.plot.destroy();
  panel.plot = null;
  show(panel);
}

function options(panel, place) {
  const look = colours();
  const line = { stroke: look.text, width: 1.5, spanGaps: false, points: { size: 4, show: alone } };
  // What was logged stays behind what is smoothed.
  const behind = { ...line, stroke: faint(look.text, 0.28), width: 1 };
  return {
    width: place.clientWidth || 320,
    height: Number(panel.figure.dataset.height) || HEIGHT,
    pxAlign: 1,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: "charts", setSeries: false, scales: ["x", null] },
      points: { size: 6, fill: look.text },
      drag: { x: true, y: false, setScale: false },
    },
    scales: {
      x: { time: panel.axis === "time" },
      y: panel.isLog
        ? { distr: 3 }
        : { range: (_plot, low, high) => span(low, high, panel.annotations.thresholds) },
    },
    series: panel.isSmooth ? [{}, behind, line] : [{}, line],
    axes: [
      { ...ticks(look), space: panel.axis === "time" ? 64 : 36, size: 20, gap: 5, values: panel.axis === "time" ? undefined : (_plot, all) => all.map(short) },
      { ...ticks(look), size: (_plot, all) => 14 + 6.2 * Math.max(2, ...(all ?? []).map((one) => one.length)),
        values: (_plot, all) => all.map(short) },
    ],
    hooks: {
      setCursor: [(plot) => tell(panel, plot.cursor.idx)],
      // What is drawn around with the pointer is shown by all.
      setSelect: [(plot) => {
        const { left, width } = plot.select;
        // The others follow by their cursors, and hear of it too.
        if (width > 2 && plot.over.matches(":hover")) follow({ min: plot.posToVal(left, "x"), max: plot.posToVal(left + width, "x") });
        if (width) plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
    plugins: [thresholds(panel), gaps(panel), fires(panel)],
  };
}

// A value alone between gaps is a dot.
function alone(plot, _series, first, last) {
  const values = plot.data[1];
  return values.length < 2 || values.slice(first, last + 1).filter((value) => value !== null).length < 2;
}

function ticks(look) {
  return {
    stroke: look.soft,
    font: FONT,
    grid: { stroke: look.line, width: 1 },
    ticks: { show: false },
    border: { show: false },
    space: 36,
  };
}

// One point has its surroundings: uPlot would show three years of them.
function settle(panel) {
  const { first, last } = panel;
  const around = panel.along ? Math.abs(first) * 0.1 || 1 : AROUND_ONE[panel.axis] ?? 1;
  const range = zoomed() ?? (first === last ? { min: first - around, max: first + around } : null);
  if (range) panel.plot.setScale("x", range);
}

function follow(range) {
  zoom(range);
  for (const panel of panels) {
    if (!panel.plot || !panel.figure.isConnected) continue;
    if (!range) panel.plot.setData(panel.plot.data);
    settle(panel);
  }
}

// Thresholds are shown too, unless that would press the values flat.
function span(low, high, lines) {
  if (low === null || high === null) return lines.length ? around(lines[0].value, lines[0].value) : [0, 1];
  const room = (high - low || Math.abs(high) || 1) * 1.5;
  const near = lines.map((line) => line.value).filter((value) => value > low - room && value < high + room);
  return around(Math.min(low, ...near), Math.max(high, ...near));
}

function around(low, high) {
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  return [low - pad, high + pad];
}

function resize(panel) {
  const width = panel.place.clientWidth;
  if (panel.plot && width && width !== panel.plot.width) panel.plot.setSize({ width, height: panel.plot.height });
}

// What the pointer is at, else the last value.
function tell(panel, place) {
  const shown = panel.figure.querySelector("[data-chart-value]");
  if (!shown) return;
  const [xs, ys] = panel.plot.data;
  const at = place ?? xs.length - 1;
  const lost = panel.lost.find(([x]) => x === xs[at]);
  const value = readable(lost ? lost[1] : ys[at]);
  shown.textContent = place === null || place === undefined ? value : `${value} · ${where(panel, xs[at])}`;
}

function where(panel, x) {
  if (panel.along) return `${panel.along.name} ${readable(x)}`;
  if (panel.axis === "time") return new Date(x * 1000).toLocaleString(document.documentElement.lang);
  return `${panel.figure.dataset[`${panel.axis}Word`] ?? panel.axis} ${readable(x)}`;
}

function name(panel) {
  const canvas = panel.place.querySelector("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", panel.figure.dataset.description ?? panel.name);
}

function redrawAll() {
  for (const panel of panels) {
    if (panel.figure.isConnected) redraw(panel);
    else panels.delete(panel);
  }
}

// On another axis what was looked at closely is elsewhere.
function lookAnew(isOtherAxis) {
  if (!isOtherAxis) return redrawAll();
  zoom(null);
  for (const panel of panels) {
    if (!panel.plot || !panel.figure.isConnected) continue;
    panel.plot.destroy();
    panel.plot = null;
    refresh(panel);
  }
}

document.documentElement.addEventListener("theme", redrawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
chooseLooks(lookAnew, follow);
pinOnClick();
