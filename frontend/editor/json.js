// A payload editor over a textarea: `<textarea data-editor="json" data-variables='["run_name"]'>`. The textarea is sent.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { look, highlighted } from "./editor_theme.js";
import { problems } from "./problems.js";
import { completions, marked } from "./variables.js";

export function edit(textareas) {
  for (const textarea of textareas) if (!textarea.dataset.edited) begin(textarea);
}

function begin(textarea) {
  textarea.dataset.edited = "1";
  const known = JSON.parse(textarea.dataset.variables || "[]");
  const view = new EditorView({
    state: EditorState.create({ doc: textarea.value, extensions: extensions(textarea, known) }),
  });
  textarea.hidden = true;
  textarea.after(view.dom);
  takeLabel(textarea, view);
  textarea.addEventListener("insert", (event) => {
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.detail));
    view.focus();
  });
  // Scripts of the page may set another payload.
  textarea.addEventListener("set", (event) => {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: event.detail } });
  });
  textarea.form?.addEventListener("reset", () => setTimeout(() => {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: textarea.defaultValue } });
  }));
}

function extensions(textarea, known) {
  return [
    EditorView.cspNonce.of(document.querySelector("script[nonce]")?.nonce ?? ""),
    lineNumbers(), lintGutter(), history(), indentOnInput(), bracketMatching(), closeBrackets(),
    indentUnit.of("  "),
    json(), marked, look, syntaxHighlighting(highlighted),
    linter((view) => problems(view.state.doc.toString(), known), { delay: 300 }),
    autocompletion({ override: [completions(known)], icons: false }),
    placeholder(textarea.placeholder),
    // Tab leaves the editor, as everywhere: no trap for the keyboard.
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
    EditorView.lineWrapping,
    EditorView.domEventHandlers({ beforeinput: replaceSelection }),
    EditorView.contentAttributes.of(attributes(textarea)),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      textarea.value = update.state.doc.toString();
      textarea.dispatchEvent(new Event("input", { bubbles: true }));
    }),
  ];
}

// Over a selection Chromium would keep its style by an inline one, which the policy forbids.
function replaceSelection(event, view) {
  if (event.inputType !== "insertText" || !event.data || view.state.selection.main.empty || view.composing) return false;
  event.preventDefault();
  view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  return true;
}

function attributes(textarea) {
  const label = textarea.labels?.[0]?.textContent.trim() || textarea.getAttribute("aria-label") || "JSON";
  const described = textarea.getAttribute("aria-describedby");
  return { "aria-label": label, ...(described ? { "aria-describedby": described } : {}) };
}

function takeLabel(textarea, view) {
  for (const label of textarea.labels ?? []) label.addEventListener("click", () => view.focus());
}
