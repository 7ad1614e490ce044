// Variables in a payload: marked where they stand, and offered after `${`.
import { Decoration, MatchDecorator, ViewPlugin } from "@codemirror/view";

const decorator = new MatchDecorator({ regexp: /\$\{[^}\n]*\}/g, decoration: Decoration.mark({ class: "cm-variable" }) });

export const marked = ViewPlugin.fromClass(
  class {
    constructor(view) {
      this.found = decorator.createDeco(view);
    }
    update(update) {
      this.found = decorator.updateDeco(update, this.found);
    }
  },
  { decorations: (plugin) => plugin.found },
);

export function completions(known) {
  return (context) => {
    const begun = context.matchBefore(/\$\{?[\w.]*/);
    if (!begun || (begun.from === begun.to && !context.explicit)) return null;
    const closed = context.state.sliceDoc(context.pos, context.pos + 1) === "}";
    const options = known.map((name) => ({ label: `\${${name}}`, apply: `\${${name}${closed ? "" : "}"}` }));
    return { from: begun.from, options, validFor: /^\$\{?[\w.]*$/ };
  };
}
