// What the compiler does not hold: who may import whom (STYLE.md, "Arrows"), who may touch the network,
// the database and the clock, and that no text bypasses i18n.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import pluginVue from "eslint-plugin-vue";
import globals from "globals";
import tseslint from "typescript-eslint";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const root = here("./");

/** Which folder of src may import which other ones; what is not listed is forbidden. */
const arrows = {
  forms: [],
  ui: [],
  i18n: [],
  api: [],
  db: ["api/schema.gen.ts", "forms"],
  sync: ["db", "api", "forms"],
  sw: ["sync"],
  features: ["sync", "db", "forms", "api", "ui", "i18n"],
  app: ["features", "sync", "db", "forms", "api", "ui", "i18n"],
};

const folderZones = Object.entries(arrows).map(([folder, allowed]) => ({
  target: `./src/${folder}`,
  from: "./src",
  except: [`./${folder}`, ...allowed.map((name) => `./${name}`)],
  message: `src/${folder} may import ${allowed.join(", ") || "nothing of ours"} (STYLE.md, Arrows).`,
}));

/** A feature is entered through its index.ts, from other features and from the shell. */
const features = existsSync(here("./src/features"))
  ? readdirSync(here("./src/features"), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  : [];
const featureZones = features.map(({ name }) => ({
  target: [`./src/features/!(${name})/**/*`, "./src/app/**/*", "./src/main.ts"],
  from: `./src/features/${name}/!(index.ts)`,
  message: `Enter the feature ${name} through its index.ts.`,
}));

const network = ["fetch", "XMLHttpRequest", "EventSource", "WebSocket"].map((name) => ({
  name,
  message: "Only src/api/client.ts talks to the network.",
}));
const database = { name: "indexedDB", message: "Only src/db opens the database." };
const html = ["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
  property,
  message: "Text goes in as text.",
}));
const injected = "The core gets its clock, its ids and its randomness from outside.";

export default tseslint.config(
  { ignores: ["dist", "dev-dist", "coverage", "src/api/schema.gen.ts"] },
  ...tseslint.configs.strict,
  ...pluginVue.configs["flat/recommended"],
  importX.flatConfigs.typescript,
  {
    files: ["**/*.ts", "**/*.vue"],
    languageOptions: {
      parserOptions: { parser: tseslint.parser, extraFileExtensions: [".vue"] },
      globals: globals.browser,
    },
    settings: {
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"], "vue-eslint-parser": [".vue"] },
      "import-x/resolver-next": [
        createNodeResolver({
          extensions: [".ts", ".vue", ".mjs", ".js", ".json"],
          alias: { "@": [here("./src")] },
        }),
      ],
    },
    plugins: { "import-x": importX },
    rules: {
      eqeqeq: ["error", "always"],
      "no-console": "error",
      "no-eval": "error",
      "no-restricted-globals": ["error", ...network, database],
      "no-restricted-properties": ["error", ...html],
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-restricted-paths": ["error", { basePath: root, zones: [...folderZones, ...featureZones] }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "vue/no-v-html": "error",
      "vue/no-v-text-v-html-on-component": "error",
      "vue/block-lang": ["error", { script: { lang: "ts" } }],
      "vue/component-api-style": ["error", ["script-setup"]],
      "vue/no-bare-strings-in-template": "error",
      "vue/multi-word-component-names": "off",
      "vue/require-default-prop": "off",
      "vue/html-self-closing": ["error", { html: { void: "always", normal: "always", component: "always" } }],
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/html-indent": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/first-attribute-linebreak": "off",
      "vue/multiline-html-element-content-newline": "off",
    },
  },
  {
    files: ["src/**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // The core runs in the page, in the worker, in the tests and in the simulator.
    files: ["src/forms/**/*.ts", "src/db/**/*.ts", "src/sync/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-imports": ["error", { paths: ["vue", "vue-router", "vue-i18n"] }],
      "no-restricted-properties": [
        "error",
        ...html,
        { object: "Date", property: "now", message: injected },
        { object: "Math", property: "random", message: injected },
        { object: "crypto", property: "randomUUID", message: injected },
        { object: "crypto", property: "getRandomValues", message: injected },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: injected },
      ],
    },
  },
  {
    // Features know the API by its types; main.ts hands them what really calls it.
    files: ["src/features/**/*.ts", "src/features/**/*.vue"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["@/api/*", "**/api/*"], allowTypeImports: true, message: "Features import only types of src/api." },
          ],
        },
      ],
    },
  },
  { files: ["src/api/client.ts"], rules: { "no-restricted-globals": ["error", database] } },
  { files: ["src/db/**/*.ts"], rules: { "no-restricted-globals": ["error", ...network] } },
  {
    files: ["src/sw/**/*.ts"],
    languageOptions: { globals: { ...globals.serviceworker } },
  },
  {
    files: ["**/*.test.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off", "no-restricted-globals": "off" },
  },
  {
    files: ["*.js", "*.ts"],
    languageOptions: { globals: globals.node },
    rules: { "no-restricted-globals": "off" },
  },
);
