import { defineConfig } from "vitest/config";

// One browser journey at a time: each starts a server and one or two browsers on a small machine.
export default defineConfig({
  test: {
    include: ["**/*.e2e.ts"],
    globalSetup: ["./kit/seed.ts"],
    testTimeout: 420_000,
    hookTimeout: 240_000,
    fileParallelism: false,
    sequence: { concurrent: false },
    bail: 0,
  },
});
