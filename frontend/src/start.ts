import type { InjectionKey, Ref } from "vue";

/** Whether files are being dragged over the page. */
export const draggingKey: InjectionKey<Ref<boolean>> = Symbol("dragging");
