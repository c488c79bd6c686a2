// How the app is built. Two things rule this file:
// - the server sends a strict Content-Security-Policy, so nothing inline and no eval;
// - old phones (Chrome 87 and later) on slow links, so small and compressed ahead of time.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import type { Plugin, Rollup } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";

/** JavaScript to the first screen, gzip; above it the build fails (DESIGN.md, Budgets). */
const INITIAL_JS_BUDGET_KB = 180;
const COMPRESSIBLE = /\.(js|css|html|svg|json|webmanifest|txt)$/;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { version } = JSON.parse(readFileSync(here("./package.json"), "utf8")) as { version: string };

/** Whoever builds a release names the build (a commit, say); it goes with every push. */
const stamp = process.env["RUHU_BUILD"];

const level9 = (text: string | Buffer): Buffer => gzipSync(text, { level: 9 });

/** Prints the weight of the entry chunk with everything it imports statically, and holds it to the budget. */
function initialJavaScriptBudget(): Plugin {
  return {
    name: "ruhu:initial-javascript-budget",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options: Rollup.NormalizedOutputOptions, bundle: Rollup.OutputBundle) {
        const seen = new Set<string>();
        const add = (file: string): void => {
          const chunk = bundle[file];
          if (chunk?.type !== "chunk" || seen.has(file)) return;
          seen.add(file);
          chunk.imports.forEach(add);
        };
        for (const [file, chunk] of Object.entries(bundle)) {
          if (chunk.type === "chunk" && chunk.isEntry) add(file);
        }
        let bytes = 0;
        for (const file of seen) {
          const chunk = bundle[file];
          if (chunk?.type === "chunk") bytes += level9(chunk.code).length;
        }
        const kilobytes = bytes / 1024;
        this.info(`initial JavaScript: ${kilobytes.toFixed(1)} KB gzip`);
        if (kilobytes > INITIAL_JS_BUDGET_KB) {
          this.error(`initial JavaScript is above ${INITIAL_JS_BUDGET_KB} KB gzip; load something later`);
        }
      },
    },
  };
}

/** Writes `.br` and `.gz` beside every compressible file, the service worker included, for the server to pick. */
function compressedTwins(): Plugin {
  let folder = "dist";
  return {
    name: "ruhu:compressed-twins",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle: {
      sequential: true,
      order: "post",
      handler() {
        for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
          if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
          const path = join(entry.parentPath, entry.name);
          const plain = readFileSync(path);
          const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
          writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: quality }));
          writeFileSync(`${path}.gz`, level9(plain));
        }
      },
    },
  };
}

export default defineConfig({
  resolve: { alias: { "@": here("./src") } },
  define: {
    __APP_BUILD__: JSON.stringify(stamp ? `${version}+${stamp}` : version),
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
    // Messages are interpreted: a compiler that writes functions would need eval.
    __VUE_I18N_FULL_INSTALL__: true,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_JIT_COMPILATION__: true,
    __INTLIFY_DROP_MESSAGE_COMPILER__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  plugins: [
    vue(),
    VitePWA({
      includeManifestIcons: false,
      strategies: "injectManifest",
      srcDir: "src/sw",
      filename: "worker.ts",
      injectRegister: null,
      manifest: {
        id: "/",
        name: "入户",
        short_name: "入户",
        description: "入户走访采集",
        lang: "zh-CN",
        dir: "ltr",
        start_url: "/",
        scope: "/",
        display: "standalone",
        theme_color: "#97231a",
        background_color: "#f5f0e8",
        icons: [
          { src: "/icons/icon-192.png", sizes: "192x192", type: "image/png", purpose: "any" },
          { src: "/icons/icon-512.png", sizes: "512x512", type: "image/png", purpose: "any" },
          { src: "/icons/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
      },
      injectManifest: {
        target: "chrome87",
        globPatterns: ["**/*.{js,css,html,svg,png,woff2}"],
      },
    }),
    initialJavaScriptBudget(),
    compressedTwins(),
  ],
  build: {
    target: "chrome87",
    cssTarget: "chrome87",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
  // The shared cases lie outside of this folder: ../tests/vectors.
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
    globals: false,
    // The kill tests run thousands of steps; a busy machine must not fail them.
    testTimeout: 60_000,
  },
});
