/** What a connection of the control plane may do. */

export const operatorScopes = [
  'operator.admin',
  'operator.write',
  'operator.read',
  'operator.sessions.read',
  'operator.sessions.write',
  'operator.approvals',
  'operator.questions',
  'operator.pairing',
  'operator.talk',
  'operator.talk.secrets',
] as const;
export type OperatorScope = (typeof operatorScopes)[number];

const impliedByWrite: ReadonlySet<string> = new Set<OperatorScope>([
  'operator.read',
  'operator.talk',
  'operator.sessions.read',
  'operator.sessions.write',
]);

/** Whether `held` suffices where `needed` is asked for: admin is everything, write includes reading. */
export function holdsScope(held: ReadonlySet<string>, needed: string): boolean {
  if (held.has(needed) || held.has('operator.admin')) return true;
  if (held.has('operator.write') && impliedByWrite.has(needed)) return true;
  return needed === 'operator.sessions.read' && (held.has('operator.read') || held.has('operator.sessions.write'));
}
