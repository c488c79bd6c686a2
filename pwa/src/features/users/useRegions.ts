import { type ComputedRef, computed, ref } from "vue";
import type { Region } from "@/forms";
import { useClient } from "../auth";
import { useDefinitions } from "../households";

/** Every region: from this device, and for roles whose device keeps none, from the server. */
export function useRegions(): ComputedRef<readonly Region[]> {
  const { api } = useClient();
  const definitions = useDefinitions();
  const asked = ref<readonly Region[]>([]);
  async function ask(): Promise<void> {
    const answer = await api.ask((http) => http.GET("/api/v1/regions"));
    if (answer.ok) asked.value = answer.data.regions;
  }
  void ask();
  return computed(() => definitions.value?.data.regions.regions ?? asked.value);
}
