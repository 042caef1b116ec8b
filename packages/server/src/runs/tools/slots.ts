/** A bounded number of things at once; who comes later waits in order, no longer than its signal allows. */
export interface Slots {
  /** Whoever gets a slot gives it back by calling what is returned. @throws the signal's reason */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createSlots(limit: number): Slots {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const give = (): void => {
    const next = waiting.shift();
    if (next === undefined) taken -= 1;
    else next();
  };
  const givenOnce = (): (() => void) => {
    let isGiven = false;
    return () => {
      if (!isGiven) give();
      isGiven = true;
    };
  };
  return {
    take(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (taken < limit) {
          taken += 1;
          return resolve(givenOnce());
        }
        const onTurn = (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve(givenOnce());
        };
        const onAbort = (): void => {
          waiting.splice(waiting.indexOf(onTurn), 1);
          reject(signal.reason);
        };
        waiting.push(onTurn);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}
