// Banner → town → community: what may be chosen below what.

import type { Json, Region, RegionLevel } from "@/forms";

const DIGITS: Readonly<Record<RegionLevel, number>> = { county: 6, town: 9, community: 12 };
/** The paths of the household's own region, from large to small. */
const CHAIN = ["banner_code", "town_code", "community_code"];
/** The last three digits of a community that has no official code yet. */
export const TEMPORARY_COMMUNITY = "999";

/** What a region field may be chosen from below the region above it; counties have nothing above. */
export function regionsOf(regions: readonly Region[], level: RegionLevel, above: string | null): Region[] {
  const digits = DIGITS[level];
  return regions.filter(
    ({ code }) =>
      code.length === digits &&
      (level === "county" ? !code.endsWith("00") : above !== null && code.startsWith(above)),
  );
}

/** The path whose value bounds the choices of `path`; null for the largest and for regions outside the chain. */
export function pathAbove(path: string): string | null {
  const at = CHAIN.indexOf(path);
  return at > 0 ? (CHAIN[at - 1] ?? null) : null;
}

/** The smaller regions that no longer lie inside the one just chosen. */
export function nowOutside(path: string, value: Json, valueOf: (path: string) => Json): string[] {
  const at = CHAIN.indexOf(path);
  if (at < 0) return [];
  return CHAIN.slice(at + 1).filter((below) => {
    const code = valueOf(below);
    return typeof code === "string" && (typeof value !== "string" || !code.startsWith(value));
  });
}

/** What the region fields of a new household start with, from the caseworker's own area. */
export function homeRegion(scope: string): Readonly<Record<string, string>> {
  const start: Record<string, string> = {};
  CHAIN.forEach((path, index) => {
    const digits = 6 + 3 * index;
    const code = scope.slice(0, digits);
    if (code.length === digits && !code.endsWith("00")) start[path] = code;
  });
  return start;
}
