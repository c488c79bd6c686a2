// Addresses that are not pages of the app: the API, the public card page, the health check.
export const OUTSIDE_THE_APP: readonly RegExp[] = [/^\/api\//, /^\/c\//, /^\/healthz/, /^\/readyz/];
