// htmx: parts of pages come by themselves, under the strict policy, and failures are said.
import { words } from "./translations.js";

export function setUpHtmx(htmx, say) {
  Object.assign(htmx.config, {
    // The policy forbids both, and nothing of ours needs them.
    allowEval: false,
    allowScriptTags: false,
    includeIndicatorStyles: false,
    historyCacheSize: 0,
    refreshOnHistoryMiss: true,
    scrollBehavior: "auto",
    timeout: 20_000,
    // 422: a form with its errors. Every other refusal is said in a corner.
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..", swap: true },
      { code: "422", swap: true },
      { code: "[45]..", swap: false, error: true },
    ],
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Signed out meanwhile: the whole page goes there, not a part of it.
    const landed = new URL(event.detail.xhr.responseURL || location.href, location.href);
    const { signIn } = document.documentElement.dataset;
    if (landed.pathname !== signIn || location.pathname === signIn) return;
    event.detail.shouldSwap = false;
    location.reload();
  });
  keepSelected();
  document.addEventListener("htmx:beforeSend", (event) => endQuietly(event.detail.xhr));
  document.addEventListener("htmx:responseError", (event) => say(refusal(event.detail.xhr), "error"));
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    // Parts that ask by themselves keep quiet: they ask again.
    document.addEventListener(name, (event) => event.target.matches("[data-polls]") || say(words.unreachable, "error"));
  }
  // The answer may carry what happened: config.middleware.SayInParts.
  document.addEventListener("said", (event) => say(event.detail.text, event.detail.kind));
}

// What was ticked stays ticked in a part that comes anew.
function keepSelected() {
  let ticked = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    ticked = [...event.detail.target.querySelectorAll("[data-stays]:checked")].map((box) => box.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of ticked.splice(0)) {
      const box = document.getElementById(id);
      if (box) box.checked = true;
    }
  });
}

// A request that the next overtakes, or whose page is left, is no error; htmx writes it to the console as one.
function endQuietly(xhr) {
  const ended = xhr.onabort;
  xhr.onabort = (event) => {
    const written = console.error;
    console.error = () => {};
    try {
      ended?.call(xhr, event);
    } finally {
      console.error = written;
    }
  };
}

function refusal(xhr) {
  const type = xhr.getResponseHeader("Content-Type") || "";
  if (!type.startsWith("text/html")) return xhr.responseText?.slice(0, 300) || words.broken;
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  return page.querySelector("main [data-refusal]")?.textContent.trim() || words.broken;
}
