import { type Ref, computed, onMounted, ref } from "vue";
import { readMeta, writeMeta } from "@/db/meta";
import { type Persistence, type Room, estimate, persist, persisted } from "@/db/quota";
import { useClient, useStore } from "../auth";

/**
 * How safely and how roomily this phone keeps the data. With `ask`, the browser is asked once, without a tap, to
 * protect it.
 */
export function useStorage(begin: "look" | "ask" = "look"): {
  readonly persistence: Ref<Persistence>;
  readonly room: Ref<Room>;
  /** The browser was asked and said no. */
  readonly declined: Readonly<Ref<boolean>>;
  protect(): Promise<void>;
} {
  const { platform } = useClient();
  const { db } = useStore();
  const persistence = ref<Persistence>("unknown");
  const room = ref<Room>({ is: "unknown" });
  const asked = ref(false);
  async function protect(): Promise<void> {
    const answer = await persist(platform);
    if (answer !== "unknown") persistence.value = answer;
    asked.value = true;
    // Only so that it is not asked at every start: a database that cannot keep this says so where it matters.
    await writeMeta(db, "protection", { asked: true }).catch(() => undefined);
  }
  onMounted(async () => {
    room.value = await estimate(platform);
    asked.value = (await readMeta(db, "protection")).asked;
    persistence.value = await persisted(platform);
    if (begin === "ask" && persistence.value === "unprotected" && !asked.value) await protect();
  });
  return { persistence, room, declined: computed(() => asked.value && persistence.value === "unprotected"), protect };
}
