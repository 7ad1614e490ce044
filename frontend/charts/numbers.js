// Numbers as people read them: 4 significant digits; NaN and infinity by name.
const SPECIAL = { NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };

export function number(value) {
  return typeof value === "string" ? SPECIAL[value] ?? NaN : value;
}

export function readable(value) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size && (size < 1e-4 || size >= 1e9)) return value.toExponential(3).replace(/\.?0+e/, "e");
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

export function short(value) {
  if (value === null) return "";
  const size = Math.abs(value);
  for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= unit && size < unit * 1000) return `${Number((value / unit).toPrecision(4))}${name}`;
  }
  return readable(value);
}
