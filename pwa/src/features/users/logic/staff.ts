// Who may be given which role and area, and what of an account's form is sent.

import type { components } from "@/api/schema.gen";
import type { Region } from "@/forms";

type Schemas = components["schemas"];
export type Role = Schemas["RoleCode"];
export type StaffView = Schemas["StaffView"];
export type CreateUser = Schemas["CreateUser"];
export type PatchUser = Schemas["PatchUser"];

/** In the order of the organisation, field work first. */
export const roles: readonly Role[] = [
  "caseworker",
  "responsible",
  "grassroots_admin",
  "banner_supervisor",
  "industry_supervisor",
  "city_reviewer",
  "city_admin",
  "finance",
  "auditor",
  "card_clerk",
  "read_only_leader",
  "sysop",
];

/** The same table as the server's `may_grant`: what is not offered cannot be chosen by mistake. */
export function grantableRoles(by: string): Role[] {
  if (by === "sysop") return [...roles];
  return by === "city_admin" ? roles.filter((role) => role !== "sysop") : [];
}

export const mayManage = (role: string): boolean => role === "city_admin" || role === "sysop";

/** Roles that work for one banner, one town or a part of it, never for the whole city. */
const LOCAL: ReadonlySet<string> = new Set(["caseworker", "responsible", "grassroots_admin", "banner_supervisor"]);
export const needsBanner = (role: string): boolean => LOCAL.has(role);

const CITY_DIGITS = 4;
/** The part of a region code that says something: a city's or banner's trailing zeros do not. */
export const areaOf = (scope: string): string => (scope.length === 6 && scope.endsWith("00") ? scope.slice(0, CITY_DIGITS) : scope);

/** The banners inside an area. */
export function bannersWithin(regions: readonly Region[], scope: string): Region[] {
  const area = areaOf(scope);
  return regions.filter(({ code }) => code.length === 6 && !code.endsWith("00") && (code.startsWith(area) || area.startsWith(code)));
}

export function townsOf(regions: readonly Region[], banner: string): Region[] {
  return regions.filter(({ code }) => code.length === 9 && banner !== "" && code.startsWith(banner));
}

/** Whether somebody whose area is `scope` works where `region` lies. */
export const covers = (scope: string, region: string): boolean => region.startsWith(areaOf(scope));

export interface StaffForm {
  readonly login: string;
  readonly name: string;
  readonly workPhone: string;
  readonly role: Role | "";
  /** Six digits; empty for the administrator's whole area. */
  readonly banner: string;
  /** Nine digits; empty for the whole banner. */
  readonly town: string;
}

export const emptyForm: StaffForm = { login: "", name: "", workPhone: "", role: "", banner: "", town: "" };

export function formOf(user: StaffView): StaffForm {
  const area = areaOf(user.scope);
  return {
    login: user.login,
    name: user.name,
    workPhone: user.work_phone ?? "",
    role: user.role,
    banner: area.length >= 6 ? area.slice(0, 6) : "",
    town: area.length >= 9 ? area.slice(0, 9) : "",
  };
}

export type FormProblem = "login" | "name" | "role" | "banner" | "phone";
const LOGIN = /^[a-z0-9][a-z0-9._-]{2,63}$/;
const PHONE = /^(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})$/;

/** What is wrong with the form; the server has the last word. */
export function problemsOf(form: StaffForm): FormProblem[] {
  const problems: FormProblem[] = [];
  if (!LOGIN.test(form.login.trim())) problems.push("login");
  if (form.name.trim() === "") problems.push("name");
  if (form.workPhone.trim() !== "" && !PHONE.test(form.workPhone.trim())) problems.push("phone");
  if (form.role === "") problems.push("role");
  else if (needsBanner(form.role) && form.banner === "") problems.push("banner");
  return problems;
}

const scopeOf = (form: StaffForm, ownScope: string): string => form.town || form.banner || ownScope;

/** A new account; without a password, so that the server makes one and shows it once. */
export function creation(form: StaffForm, ownScope: string): CreateUser | null {
  if (form.role === "" || problemsOf(form).length > 0) return null;
  const phone = form.workPhone.trim();
  return {
    login: form.login.trim(),
    name: form.name.trim(),
    role: form.role,
    scope: scopeOf(form, ownScope),
    ...(phone === "" ? {} : { work_phone: phone }),
  };
}

/** Whether saving would give the person another role or area: what they have in hand then changes. */
export function movesPerson(user: StaffView, form: StaffForm, ownScope: string): boolean {
  const change = patch(user, form, ownScope);
  return change?.role !== undefined || change?.scope !== undefined;
}

/** Only what differs; null when nothing does. An emptied phone number is sent as an empty text. */
export function patch(user: StaffView, form: StaffForm, ownScope: string): PatchUser | null {
  const before = formOf(user);
  const change: PatchUser = {};
  if (form.name.trim() !== before.name) change.name = form.name.trim();
  if (form.workPhone.trim() !== before.workPhone) change.work_phone = form.workPhone.trim();
  if (form.role !== before.role && form.role !== "") change.role = form.role;
  if (form.banner !== before.banner || form.town !== before.town) change.scope = scopeOf(form, ownScope);
  return Object.keys(change).length > 0 ? change : null;
}
