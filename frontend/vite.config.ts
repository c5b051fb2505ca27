import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

import { swagger } from "./swagger/copy";

const SERVER = process.env.MOODCAP_URL ?? "http://127.0.0.1:5000";

export default defineConfig({
  plugins: [vue(), swagger()],
  // The server puts the path before it under which a proxy has it (web/page.py).
  base: "./",
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    // The page's policy allows no inline code and no data: scripts, so every asset is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // light-dark() stays as it is written.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
  server: {
    proxy: Object.fromEntries(["/api", "/docs", "/openapi.json"].map((path) => [path, SERVER])),
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
