// What lies over and under the line: thresholds with the region that fires, and values that have no place.
import { colours, faint, FONT } from "./colours.js";
import { short } from "./numbers.js";

export function thresholds(panel) {
  return { hooks: { drawClear: [(plot) => each(plot, panel, shade)], draw: [(plot) => each(plot, panel, rule)] } };
}

function each(plot, panel, paint) {
  const { ctx, bbox } = plot;
  const accent = colours().accent;
  ctx.save();
  for (const line of panel.annotations.thresholds) paint(plot, ctx, bbox, line, accent);
  ctx.restore();
}

function level(plot, bbox, value) {
  return Math.min(Math.max(plot.valToPos(value, "y", true), bbox.top), bbox.top + bbox.height);
}

function shade(plot, ctx, bbox, line, accent) {
  if (!line.side) return;
  const at = level(plot, bbox, line.value);
  ctx.fillStyle = faint(accent, 0.09);
  const [top, height] = line.side === "above" ? [bbox.top, at - bbox.top] : [at, bbox.top + bbox.height - at];
  ctx.fillRect(bbox.left, top, bbox.width, height);
}

function rule(plot, ctx, bbox, line, accent) {
  const exact = plot.valToPos(line.value, "y", true);
  const at = level(plot, bbox, line.value);
  const scale = devicePixelRatio;
  ctx.strokeStyle = ctx.fillStyle = accent;
  ctx.lineWidth = 1.5 * scale;
  if (exact === at) {
    ctx.setLineDash([5 * scale, 4 * scale]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, at);
    ctx.lineTo(bbox.left + bbox.width, at);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  // Out of sight: an arrow says where.
  const arrow = exact < at ? " ↑" : exact > at ? " ↓" : "";
  ctx.font = FONT.replace("11px", `${10.5 * scale}px`);
  ctx.textAlign = "right";
  const below = at - bbox.top < 16 * scale;
  ctx.textBaseline = below ? "top" : "bottom";
  ctx.fillText(short(line.value) + arrow, bbox.left + bbox.width - 4 * scale, at + (below ? 3 : -3) * scale);
}

// NaN and infinity: the line has a gap, and a mark at the edge says why.
export function gaps(panel) {
  return {
    hooks: {
      draw: [(plot) => {
        const { ctx, bbox } = plot;
        const look = colours();
        const scale = devicePixelRatio;
        ctx.save();
        for (const [x, y] of panel.lost.slice(0, 500)) {
          const left = plot.valToPos(x, "x", true);
          if (left < bbox.left || left > bbox.left + bbox.width) continue;
          const top = y > 0 ? bbox.top + 6 * scale : bbox.top + bbox.height - 6 * scale;
          ctx.strokeStyle = look.failed;
          ctx.lineWidth = 1.5 * scale;
          ctx.beginPath();
          for (const [dx, dy] of [[-3, -3], [-3, 3]]) {
            ctx.moveTo(left + dx * scale, top + dy * scale);
            ctx.lineTo(left - dx * scale, top - dy * scale);
          }
          ctx.stroke();
        }
        ctx.restore();
      }],
    },
  };
}
