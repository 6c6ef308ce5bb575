/** Nothing that is dropped leads away from a page: a browser would open the file in its place. */

const isFileInput = (target: EventTarget | null) => target instanceof HTMLInputElement && target.type === "file";
const isField = (target: EventTarget | null) =>
  target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;

/** Fields take text and inputs of files take files, as ever. Who takes more listens for `drop`. */
export function guardDrops(): void {
  const guard = (event: DragEvent) => {
    const hasFiles = event.dataTransfer?.types.includes("Files") ?? false;
    if (!(hasFiles ? isFileInput(event.target) : isField(event.target))) event.preventDefault();
  };
  addEventListener("dragover", guard);
  addEventListener("drop", guard);
}
