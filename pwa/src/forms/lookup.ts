// What is found again and again in the definitions, computed once per object.

import type { Code, Codes, Region, Regions } from "./definition";

const codeMaps = new WeakMap<Codes, Map<string, Map<string, Code>>>();
const regionMaps = new WeakMap<Regions, RegionLookup>();

interface RegionLookup {
  readonly byCode: ReadonlyMap<string, Regions["regions"][number]>;
  /** First four digits of our cities. */
  readonly cities: ReadonlySet<string>;
  /** Whether communities were imported, too. */
  readonly hasCommunities: boolean;
}

const isCity = (code: string): boolean => code.length === 4 || (code.length === 6 && code.endsWith("00"));

export function codeTable(codes: Codes, table: string): ReadonlyMap<string, Code> {
  let maps = codeMaps.get(codes);
  if (!maps) codeMaps.set(codes, (maps = new Map()));
  let map = maps.get(table);
  if (!map) {
    const entries = Object.prototype.hasOwnProperty.call(codes.tables, table) ? codes.tables[table] : undefined;
    maps.set(table, (map = new Map((entries ?? []).map((entry) => [entry.code, entry]))));
  }
  return map;
}

export function regionLookup(regions: Regions): RegionLookup {
  let lookup = regionMaps.get(regions);
  if (!lookup) {
    const codes = regions.regions.map((region) => region.code);
    lookup = {
      byCode: new Map(regions.regions.map((region) => [region.code, region])),
      cities: new Set(codes.filter(isCity).map((code) => code.slice(0, 4))),
      hasCommunities: codes.some((code) => code.length === 12),
    };
    regionMaps.set(regions, lookup);
  }
  return lookup;
}

/** What a list of an area can be narrowed to: its banners and towns, without the area itself. */
export function townsWithin(regions: readonly Region[], scope: string): Region[] {
  const area = scope.length === 6 && scope.endsWith("00") ? scope.slice(0, 4) : scope;
  return regions.filter(
    ({ code }) => code.startsWith(area) && code !== scope && code !== `${area}00` && (code.length === 6 || code.length === 9),
  );
}
