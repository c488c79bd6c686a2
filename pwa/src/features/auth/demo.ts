/** Accounts of the demonstration data, with their role; the server that made them prints their password. */
export const DEMO_ACCOUNTS = [
  { login: "caseworker", role: "caseworker" },
  { login: "supervisor", role: "banner_supervisor" },
  { login: "reviewer", role: "city_reviewer" },
  { login: "admin", role: "city_admin" },
] as const;
