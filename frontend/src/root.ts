/** The path under which a proxy has the server, such as `/captions`: the server writes it into the page. */
export const ROOT = document.documentElement.dataset.root ?? "";
