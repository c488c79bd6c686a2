// Two files that may be one household: what the card says of each. Pure.
import type { ConflictBody } from "@/db/wire";
import { type Json, type Reading, isObject, own } from "@/forms";

/** A household as a list knows it. */
export interface Home {
  readonly id: string;
  /** Null when nobody is named. */
  readonly name: string | null;
  readonly region: string;
  readonly fileNo: string | null;
  /** The file's state, as its code. */
  readonly status: string;
  readonly contact: { readonly name: string; readonly phone: string | null } | null;
  /** The reader may look at it. */
  readonly opens: boolean;
}

export interface Twice {
  /** Whose ID number both hold. */
  readonly people: readonly { readonly name: string; readonly number: string }[];
  readonly theirs: Home | null;
  readonly mine: Home | null;
}

export const isTwice = (body: Pick<ConflictBody, "kind">): boolean => body.kind === "twice";

const text = (value: Json): string | null => (typeof value === "string" && value !== "" ? value : null);

function homeOf(reading: Reading, value: Json): Home | null {
  const id = text(own(value, "household_id"));
  if (id === null) return null;
  const contact = own(value, "contact");
  return {
    id,
    name: text(own(value, "name")),
    region: reading.region(text(own(value, "region_code")) ?? ""),
    fileNo: text(own(value, "file_no")),
    status: text(own(value, "status")) ?? "",
    contact: isObject(contact) ? { name: text(own(contact, "name")) ?? "", phone: text(own(contact, "work_phone")) } : null,
    opens: own(value, "may_open") === true,
  };
}

export function twiceOf(reading: Reading, body: ConflictBody): Twice {
  const base = body.base as Json;
  const people = Object.values(isObject(base) ? base : {}).map((one) => {
    return { name: text(own(one, "name")) ?? "", number: text(own(one, "id_no")) ?? "" };
  });
  return { people, theirs: homeOf(reading, body.theirs.value as Json), mine: homeOf(reading, body.mine.value as Json) };
}
