// Swagger UI has its dark colours under a class; the theme is the one chosen on the page, or else the system's.
const system = window.matchMedia("(prefers-color-scheme: dark)");
const page = document.documentElement;

function paint() {
  page.classList.toggle("dark-mode", (page.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark");
}

system.addEventListener("change", paint);
paint();
