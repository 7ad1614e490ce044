// "3 min ago", in the words of the server (common/templatetags/formatting.py); the exact time, in the person's zone, on hover.
import { words } from "./translations.js";

const UNITS = [["days", 86400, 172800], ["hours", 3600, 3600], ["minutes", 60, 60], ["seconds", 1, 0]];
// Older than this a date says more.
const LONGEST = 60 * 86400;
const root = document.documentElement;

function exact() {
  return new Intl.DateTimeFormat("sv-SE", {
    dateStyle: "short", timeStyle: "medium", timeZone: root.dataset.zone || undefined,
  });
}

function zoneName(moment) {
  const parts = new Intl.DateTimeFormat(root.lang, {
    timeZoneName: "short", timeZone: root.dataset.zone || undefined,
  }).formatToParts(moment);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

function said(moment) {
  const seconds = Math.trunc((Date.now() - moment) / 1000);
  const passed = Math.abs(seconds);
  if (passed < 5) return words.now;
  if (passed > LONGEST) return null;
  const [unit, size] = UNITS.find(([, , least]) => passed >= least);
  return (seconds > 0 ? words.ago : words.in).replace("%s", words[unit].replace("%d", Math.trunc(passed / size)));
}

export function freshen(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.title = `${exact().format(moment)} ${zoneName(moment)}`;
    if ("absolute" in time.dataset) time.textContent = time.title;
    else time.textContent = said(moment) ?? time.textContent;
  }
}

export function keepTimesFresh() {
  setInterval(() => document.hidden || freshen(document), 10_000);
}
