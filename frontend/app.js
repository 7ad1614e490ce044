// Comfort only: every page works without it.
import htmx from "htmx.org";
import { keepTimesFresh, freshen } from "./behaviour/times.js";
import { copyOnClick, insertOnClick } from "./behaviour/copying.js";
import { closeMenus, markThemeChoice } from "./behaviour/menus.js";
import { listenToKeys } from "./behaviour/keys.js";
import { showCurrent } from "./behaviour/tabs.js";
import { openDialogs } from "./behaviour/dialogs.js";
import { say, letToastsGo } from "./behaviour/toasts.js";
import { askForKeys } from "./behaviour/security_keys.js";
import { setUpHtmx } from "./behaviour/htmx.js";
import { applyAtOnce, guardUnsaved, jumpToError, offerPayloads, pressAtOnce } from "./behaviour/forms.js";

// Heavy modules are fetched by the pages that need them.
async function liven(part) {
  freshen(part);
  letToastsGo(part);
  const charts = found(part, "[data-chart]");
  if (charts.length) (await import("./charts/panel.js")).draw(charts);
  const editors = found(part, "textarea[data-editor]");
  if (editors.length) (await import("./editor/json.js")).edit(editors);
}

function found(part, selector) {
  const inside = [...part.querySelectorAll(selector)];
  return part.matches?.(selector) ? [part, ...inside] : inside;
}

setUpHtmx(htmx, say);
keepTimesFresh();
copyOnClick();
insertOnClick();
closeMenus();
markThemeChoice();
listenToKeys();
openDialogs(liven);
showCurrent();
// Before what marks a form as sent: this one is sent later.
askForKeys();
jumpToError();
guardUnsaved();
applyAtOnce();
pressAtOnce();
offerPayloads();
htmx.onLoad(liven);
// For pages that put parts in by their own scripts.
window.htmx = htmx;
