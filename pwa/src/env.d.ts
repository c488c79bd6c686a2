/// <reference types="vite/client" />

/** Version and build stamp of this app, as sent with every push; written in by vite.config.ts. */
declare const __APP_BUILD__: string;
