import { ref, type InjectionKey, type Ref } from "vue";

/** Whether files are being dragged over the page. */
export const draggingKey: InjectionKey<Ref<boolean>> = Symbol("dragging");

const mood = ref<string | null>(null);

/** The mood for the photos to come; null takes it as found in each photo. */
export function useStartMood(): Ref<string | null> {
  return mood;
}
