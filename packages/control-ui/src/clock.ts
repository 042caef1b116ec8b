/** The one place of the page that reads the time and sets timers, so that everything else can be tested with times of its own. */

/** Milliseconds since 1970. */
export const now = (): number => Date.now();

/** @returns takes the timer back */
export function after(delayMs: number, action: () => void): () => void {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
}

/** @returns ends it */
export function every(intervalMs: number, action: () => void): () => void {
  const timer = setInterval(action, intervalMs);
  return () => clearInterval(timer);
}
