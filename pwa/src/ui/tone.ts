/** What a state means to its reader: arrived or fine, needs me, went wrong, under way, plain. */
export type Tone = "ok" | "needs" | "bad" | "wait" | "plain";
