/** Keys that work anywhere at the workbench: Alt with a letter, so that they also work while an agent types. */

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

/** How the page names the key: Alt+N, on a Mac ⌥N. */
export const keyName = (letter: string): string => (isApple ? `⌥${letter}` : `Alt+${letter}`);

/** Whether Alt and this letter were pressed. On a Mac Option types another sign, so the place of the key decides. */
export function isShortcut(event: KeyboardEvent, letter: string): boolean {
  const isAlone = event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.repeat;
  const pressed = /^[a-z]$/i.test(event.key) ? event.key.toUpperCase() : event.code.replace("Key", "");
  return isAlone && pressed === letter && document.querySelector("dialog[open]") === null;
}
