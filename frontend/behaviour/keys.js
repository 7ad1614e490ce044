// Keys are written at what they do: `data-key="n"` or `data-key="g a"`. `/` goes to the search, `?` tells of all.
let begun = "";
let beganAt = 0;

function isTyping(element) {
  return element.closest("input, textarea, select, [contenteditable], .cm-editor, dialog");
}

function act(element) {
  if (element.matches("input")) element.focus();
  else if (element.matches("dialog")) element.showModal();
  else element.click();
}

function isShown(element) {
  return element.matches("dialog") || element.checkVisibility?.() !== false;
}

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length > 1 || isTyping(event.target)) return;
    const pressed = begun && Date.now() - beganAt < 1500 ? `${begun} ${event.key}` : event.key;
    const targets = [...document.querySelectorAll(`[data-key="${CSS.escape(pressed)}"]`)].filter(isShown);
    begun = targets.length ? "" : event.key;
    beganAt = Date.now();
    if (!targets.length) return;
    event.preventDefault();
    act(targets[0]);
  });
}
