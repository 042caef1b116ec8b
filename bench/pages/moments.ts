/** What runs in the page to tell when it is there. As text, for the page has neither our types nor our modules. */

export interface Moments {
  /** First content, such as the frame of the page. */
  readonly paintedMs: number;
  /** Its content is there, and no task of more than 50 ms has been under way since, nor begins within a second. */
  readonly interactiveMs: number;
}

export const measuringScript = `
globalThis.pageIsThere = new Promise((resolve) => {
  let longTaskEndMs = 0;
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) longTaskEndMs = Math.max(longTaskEndMs, startTime + duration);
  }).observe({ type: 'longtask', buffered: true });
  const isThere = () => document.querySelector('main .page h1') !== null && document.querySelector('main .waiting') === null;
  const look = () => {
    if (!isThere()) return;
    observer.disconnect();
    const thereMs = performance.now();
    const settle = () => {
      const interactiveMs = Math.max(thereMs, longTaskEndMs);
      const leftMs = interactiveMs + 1000 - performance.now();
      if (leftMs > 0) return setTimeout(settle, leftMs);
      const [painted] = performance.getEntriesByName('first-contentful-paint');
      resolve({ paintedMs: painted?.startTime ?? NaN, interactiveMs });
    };
    settle();
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true });
});
`;
