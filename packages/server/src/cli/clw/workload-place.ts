/** Where the workload of a name is, for commands that are about one workload. */
import { workloadKind, type ObjectName, type WorkloadPlace } from '@openclaw/client/workloads';
import type { Terminal } from '../terminal.ts';
import { defaultNamespace, placeOf, type Session } from './session.ts';

export async function placeOfWorkload(
  name: string,
  session: Session,
  terminal: Pick<Terminal, 'stderr'>,
): Promise<WorkloadPlace & ObjectName> {
  const namespace = (await placeOf({ kind: workloadKind, name }, session, terminal)) ?? defaultNamespace;
  return { kind: workloadKind, namespace, name };
}
