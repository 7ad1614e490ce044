// Pinned metrics stand first in every run of a project: the server reads them from a cookie of its address.
const MOST = 12;

function pinned() {
  try {
    const said = document.cookie.split("; ").find((one) => one.startsWith("pins="));
    const names = JSON.parse(decodeURIComponent(said?.slice("pins=".length) ?? "[]"));
    return Array.isArray(names) ? names : [];
  } catch {
    return [];
  }
}

export function pinOnClick() {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-pin]");
    const place = document.querySelector("[data-pins]");
    if (!button || !place) return;
    const metric = button.dataset.pin;
    const others = pinned().filter((one) => one !== metric);
    const names = button.getAttribute("aria-pressed") === "true" ? others : [...others, metric].slice(-MOST);
    const written = encodeURIComponent(JSON.stringify(names));
    document.cookie = `pins=${written}; path=${place.dataset.pins}; max-age=31536000; samesite=lax`;
    const searched = document.querySelector("input[name=metric]")?.value ?? "";
    const address = `${place.dataset.panels}?${new URLSearchParams(searched && { metric: searched })}`;
    window.htmx.ajax("GET", address, { target: place, swap: "innerHTML" });
  });
}
