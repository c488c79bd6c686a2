// The least that an answer must be before anything of it is kept: a stranger's JSON looks like none of these.
// What a later server adds passes.

export type Shape = (data: unknown) => boolean;

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isTime = (value: unknown): boolean => isText(value) && !Number.isNaN(Date.parse(value));
const isListOf = (value: unknown, shape: Shape): boolean => Array.isArray(value) && value.every(shape);

/** For calls that keep nothing: an object, a list, or nothing at all. */
export const isAnyAnswer: Shape = (data) => data === undefined || (typeof data === "object" && data !== null);

export const isSession: Shape = (data) =>
  isObject(data) && isText(data["access_token"]) && isText(data["device_id"]) && isText(data["history_id"])
  && isTime(data["server_time"]) && isObject(data["user"]) && isText(data["user"]["id"]) && isText(data["user"]["role"]);

export const isAbout: Shape = (data) => isObject(data) && isText(data["name"]) && isText(data["history_id"]);

const isReceipt: Shape = (one) =>
  isObject(one) && isText(one["op_id"]) && isText(one["outcome"]) && typeof one["seq"] === "number" && isObject(one["subject"]);

/** An answer to exactly these operations, in their order. */
export function isPushAnswerTo(opIds: readonly string[]): Shape {
  return (data) => {
    if (!isObject(data) || typeof data["next_seq"] !== "number") return false;
    if (!isTime(data["server_time"]) || !isText(data["history_id"])) return false;
    const { receipts } = data;
    if (!Array.isArray(receipts) || receipts.length !== opIds.length) return false;
    return receipts.every((one: unknown, at) => isReceipt(one) && (one as Fields)["op_id"] === opIds[at]);
  };
}

const isChange: Shape = (one) => {
  if (!isObject(one) || !isText(one["kind"]) || !isText(one["id"]) || !isObject(one["body"])) return false;
  if (one["kind"] === "household") return one["body"]["id"] === one["id"] && isObject(one["body"]["file"]);
  if (one["kind"] === "visit") return one["body"]["id"] === one["id"] && isText(one["body"]["household_id"]);
  if (one["kind"] === "conflict") {
    const { body } = one;
    return body["id"] === one["id"] && isText(body["state"]) && isObject(body["mine"]) && isText(body["mine"]["visit_id"]);
  }
  return true;
};

const isEviction: Shape = (one) => isObject(one) && isText(one["kind"]) && isText(one["id"]);

export const isPullAnswer: Shape = (data) =>
  isObject(data) && isText(data["cursor"]) && typeof data["more"] === "boolean" && isListOf(data["changes"], isChange)
  && isListOf(data["evict"], isEviction)
  && isListOf(data["outcomes"], (one) => isObject(one) && isReceipt(one["receipt"]));

export const isDefinitions: Shape = (data) =>
  isObject(data) && data["version"] !== undefined && isObject(data["dictionary"]) && isObject(data["codes"])
  && Array.isArray(data["forms"]);

export const isRegions: Shape = (data) =>
  isObject(data) && data["version"] !== undefined && isListOf(data["regions"], (one) => isObject(one) && isText(one["code"]));
