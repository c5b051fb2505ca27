import { ref } from "vue";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "moodcap-theme";
const theme = ref<Theme>((document.documentElement.dataset.theme as Theme | undefined) ?? "system");

function choose(next: Theme): void {
  theme.value = next;
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage the choice holds until the page is left.
  }
}

export function useTheme() {
  const next = () => THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  return { theme, next, choose };
}
