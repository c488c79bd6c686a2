/// <reference types="vite/client" />

// The build imports Vant's components and their styles where a template names them (vite.config.ts);
// Vant itself declares the names `VanButton`, `VanField`, … for vue-tsc once its types are loaded.
import type {} from "vant";

declare global {
  /** Version and build stamp of this app, as sent with every push; written in by vite.config.ts. */
  const __APP_BUILD__: string;
}
