import { onBeforeUnmount, onMounted, ref } from "vue";

/** Photos that are dropped or pasted anywhere on the page. */
export function usePhotoDrop(onPhotos: (files: File[]) => void) {
  const dragging = ref(false);
  // Every element that is entered on the way fires its own pair of events.
  let depth = 0;

  const carriesFiles = (event: DragEvent) => !!event.dataTransfer?.types.includes("Files");
  const listeners = {
    dragenter(event: DragEvent) {
      if (!carriesFiles(event)) return;
      depth++;
      dragging.value = true;
    },
    dragover(event: DragEvent) {
      if (carriesFiles(event)) event.preventDefault();
    },
    dragleave(event: DragEvent) {
      if (carriesFiles(event) && --depth <= 0) end();
    },
    drop(event: DragEvent) {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      end();
      give(event.dataTransfer?.files);
    },
    paste(event: ClipboardEvent) {
      // Text copied from a document may bring a picture of itself along; into a field it goes as text.
      const text = event.clipboardData?.types.includes("text/plain");
      if (!text || !(event.target as Element).closest("input, textarea")) give(event.clipboardData?.files);
    },
  };

  function end(): void {
    depth = 0;
    dragging.value = false;
  }

  function give(files: FileList | undefined): void {
    if (files?.length) onPhotos([...files]);
  }

  const each = (act: (name: string, listener: EventListener) => void) =>
    Object.entries(listeners).forEach(([name, listener]) => act(name, listener as EventListener));
  onMounted(() => each((name, listener) => window.addEventListener(name, listener)));
  onBeforeUnmount(() => each((name, listener) => window.removeEventListener(name, listener)));
  return { dragging };
}
