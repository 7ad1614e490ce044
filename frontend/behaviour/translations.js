// The words that scripts say, in the language of the page: common/templatetags/script_texts.py.
export const words = JSON.parse(document.querySelector("meta[name=words]")?.content || "{}");
