import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Plugin } from "vite";

const PACKAGE = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const HERE = dirname(fileURLToPath(import.meta.url));

const FILES = [
  ...["swagger-ui.css", "swagger-ui-bundle.js", "LICENSE", "NOTICE"].map((name) => join(PACKAGE, name)),
  ...["index.html", "init.js", "dark.js", "docs.css"].map((name) => join(HERE, name)),
];

/** The pages under /docs/: Swagger UI from its package, and our own opening of it. */
export function swagger(): Plugin {
  let out = "";
  return {
    name: "moodcap-swagger",
    apply: "build",
    configResolved(config) {
      out = resolve(config.root, config.build.outDir, "docs");
    },
    closeBundle() {
      mkdirSync(out, { recursive: true });
      for (const file of FILES) copyFileSync(file, join(out, file.split(/[\\/]/).pop()!));
    },
  };
}
