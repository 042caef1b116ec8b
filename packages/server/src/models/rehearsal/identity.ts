/** What the built-in model is called. It does nothing: see `index.ts`. */
export const rehearsal = { provider: 'openclaw', model: 'rehearsal', origin: 'rehearsal:' } as const;
