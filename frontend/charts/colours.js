// The canvas knows no style sheet: it is told the values of the page.
export const FONT = '11px "Inter Variable", sans-serif';

const probe = document.createElement("i");

function resolved(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

export function colours() {
  document.body.append(probe);
  const found = Object.fromEntries(
    ["text", "soft", "line", "accent", "failed", "ground"].map((name) => [name, resolved(`--${name}`)]),
  );
  probe.remove();
  return found;
}

export function faint(colour, share) {
  return colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${share})`);
}
