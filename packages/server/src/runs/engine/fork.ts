/** Which events of a run another one begins with: everything that was said and done, nothing that was only begun. Pure. */
import type { RunEvent, RunEventBody } from '@openclaw/protocol';

const copied: ReadonlySet<RunEventBody['kind']> = new Set<RunEventBody['kind']>([
  ...(['step.started', 'step.finished', 'step.failed', 'approval.requested', 'approval.resolved'] as const),
  ...(['outcome.unknown', 'outcome.resolved', 'signal.received', 'context.compacted', 'child.created'] as const),
]);

export function copyForFork(events: readonly RunEvent[]): readonly RunEventBody[] {
  const bodies = events.filter(({ kind }) => copied.has(kind)).map(bodyOf);
  /** By step, the last attempt that is over: one that was begun after it is not. */
  const over = new Map(
    bodies.flatMap((body) => (body.kind === 'step.finished' || body.kind === 'step.failed' ? [[body.step, body.attempt] as const] : [])),
  );
  const answered = new Set(bodies.flatMap((body) => (body.kind === 'approval.resolved' ? [body.approvalId] : [])));
  return bodies.filter((body) => {
    if (body.kind === 'approval.requested') return answered.has(body.approvalId);
    if (body.kind === 'step.started') return body.attempt <= (over.get(body.step) ?? 0);
    return !('step' in body) || over.has(body.step);
  });
}

function bodyOf({ runId: _runId, seq: _seq, atMs: _atMs, ...body }: RunEvent): RunEventBody {
  return body;
}
