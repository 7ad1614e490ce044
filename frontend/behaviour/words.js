// The words that scripts say, in the language of the page: templates/common/_words.html.
export const words = JSON.parse(document.querySelector("meta[name=words]")?.content || "{}");
