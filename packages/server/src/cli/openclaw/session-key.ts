/** Names of sessions as people write them: `main` is `agent:main:main`, as in the Control UI. */
export function sessionKeyOf(written: string, agent = 'main'): string {
  return written.includes(':') ? written : `agent:${agent}:${written}`;
}
