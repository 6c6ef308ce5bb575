/** Keeps a dropped file or link from replacing the page: by default a browser would open it. */

const isFileInput = (target: EventTarget | null) => target instanceof HTMLInputElement && target.type === "file";
const isField = (target: EventTarget | null) =>
  target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;

/** Text may be dropped on fields and files on file inputs. A component that takes other drops listens for `drop`. */
export function guardDrops(): void {
  const guard = (event: DragEvent) => {
    const hasFiles = event.dataTransfer?.types.includes("Files") ?? false;
    if (!(hasFiles ? isFileInput(event.target) : isField(event.target))) event.preventDefault();
  };
  addEventListener("dragover", guard);
  addEventListener("drop", guard);
}
