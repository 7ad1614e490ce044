// A metric as a panel: `<figure data-chart="address" data-metric="loss" data-annotations="address">` (docs/pages.md).
import uPlot from "uplot";
import { axisChosen, chooseAxis } from "./axis.js";
import { fetchShared } from "./data.js";
import { fires } from "./annotations.js";
import { gaps, thresholds } from "./thresholds.js";
import { number, readable, short } from "./numbers.js";
import { colours, FONT } from "./colours.js";

const LIVE_SECONDS = 5;
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
    if (panel.metric) show(panel);
  } catch {
    // What the server drew stays; the next look may succeed.
    panel.figure.classList.add("stale");
  }
}

function columns(metric, axis) {
  const xs = (metric[axis] ?? metric.step).map(number);
  const points = xs.map((x, place) => [x, number(metric.values[place])]).filter(([x]) => Number.isFinite(x));
  points.sort((one, other) => one[0] - other[0]);
  return {
    data: [points.map(([x]) => x), points.map(([, y]) => (Number.isFinite(y) ? y : null))],
    lost: points.filter(([, y]) => y !== null && !Number.isFinite(y)),
  };
}

function show(panel) {
  const { figure, metric } = panel;
  const axis = axisChosen(metric);
  const { data, lost } = columns(metric, axis);
  if (!data[0].length) return;
  panel.lost = lost;
  panel.axis = axis;
  if (panel.plot) {
    panel.plot.setData(data);
  } else {
    const place = figure.querySelector("[data-chart-place]") ?? figure.appendChild(document.createElement("div"));
    place.replaceChildren();
    panel.place = place;
    panel.plot = new uPlot(options(panel, place), data, place);
    name(panel);
    new ResizeObserver(() => resize(panel)).observe(place);
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
  return {
    width: place.clientWidth || 320,
    height: Number(panel.figure.dataset.height) || 176,
    pxAlign: 1,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: "charts", setSeries: false, scales: ["x", null] },
      points: { size: 6, fill: look.text },
      drag: { x: true, y: false, setScale: true },
    },
    scales: {
      x: { time: panel.axis === "time" },
      y: { range: (_plot, low, high) => span(low, high, panel.annotations.thresholds) },
    },
    series: [{}, line],
    axes: [
      { ...ticks(look), size: 20, gap: 5, values: panel.axis === "time" ? undefined : (_plot, all) => all.map(short) },
      { ...ticks(look), size: (_plot, all) => 14 + 6.2 * Math.max(2, ...(all ?? []).map((one) => one.length)),
        values: (_plot, all) => all.map(short) },
    ],
    hooks: { setCursor: [(plot) => tell(panel, plot.cursor.idx)] },
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

document.documentElement.addEventListener("theme", redrawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
chooseAxis(redrawAll);
