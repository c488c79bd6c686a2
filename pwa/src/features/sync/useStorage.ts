import { type Ref, onMounted, ref } from "vue";
import { type Persistence, type Room, estimate, persist, persisted } from "@/db/quota";
import { useClient } from "../auth";

/** How safely and how roomily this phone keeps the data. */
export function useStorage(): {
  readonly persistence: Ref<Persistence>;
  readonly room: Ref<Room>;
  /** The user asked and the browser said no. */
  readonly declined: Ref<boolean>;
  protect(): Promise<void>;
} {
  const { platform } = useClient();
  const persistence = ref<Persistence>("unknown");
  const room = ref<Room>({ is: "unknown" });
  const declined = ref(false);
  onMounted(async () => {
    persistence.value = await persisted(platform);
    room.value = await estimate(platform);
  });
  return {
    persistence,
    room,
    declined,
    async protect() {
      const answer = await persist(platform);
      declined.value = answer !== "protected";
      if (answer !== "unknown") persistence.value = answer;
    },
  };
}
