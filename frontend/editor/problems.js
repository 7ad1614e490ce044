// What is wrong with a payload. `${variable}` may stand inside a text or in place of a whole value.
const VARIABLE = /\$\{([^}]*)\}/g;
const STRING_OR_VARIABLE = /"(?:[^"\\\n]|\\.)*"|\$\{[^}]*\}/g;

export function problems(text, known) {
  return [...unknown(text, known), ...broken(text)];
}

function unknown(text, known) {
  if (!known.length) return [];
  const names = new Set(known);
  return [...text.matchAll(VARIABLE)]
    .filter(([, name]) => !names.has(name.trim()))
    .map((match) => ({
      from: match.index,
      to: match.index + match[0].length,
      severity: "warning",
      message: `There is no variable ${match[0]}.`,
    }));
}

function broken(text) {
  if (!text.trim()) return [];
  // Of the same length, so that places stay: a variable that is a whole value becomes a number.
  const strict = text.replace(STRING_OR_VARIABLE, (part) => (part[0] === "$" ? "0".padEnd(part.length) : part));
  try {
    JSON.parse(strict);
    return [];
  } catch (error) {
    const at = Math.min(place(error.message, strict), Math.max(0, text.length - 1));
    return [{ from: at, to: Math.min(text.length, at + 1), severity: "error", message: plain(error.message) }];
  }
}

function place(message, text) {
  const position = /position (\d+)/.exec(message);
  if (position) return Number(position[1]);
  const line = /line (\d+) column (\d+)/.exec(message);
  if (!line) return text.trimEnd().length;
  const before = text.split("\n").slice(0, line[1] - 1).join("\n").length;
  return before + Number(line[2]);
}

function plain(message) {
  return message.replace(/^JSON\.parse: /, "").replace(/ in JSON at position.*/, "").replace(/, ".*" is not valid JSON/, "");
}
