/** Which events of a run another one begins with: everything that was said and done, nothing that was only begun. Pure. */
import type { RunEvent, RunEventBody } from '@openclaw/protocol';

const copied: ReadonlySet<RunEventBody['kind']> = new Set<RunEventBody['kind']>([
  ...(['step.started', 'step.finished', 'step.failed', 'approval.requested', 'approval.resolved'] as const),
  ...(['outcome.unknown', 'outcome.resolved', 'signal.received', 'context.compacted'] as const),
]);

export function copyForFork(events: readonly RunEvent[]): readonly RunEventBody[] {
  const bodies = events.filter(({ kind }) => copied.has(kind)).map(bodyOf);
  const over = new Set(bodies.flatMap((body) => (body.kind === 'step.finished' || body.kind === 'step.failed' ? [body.step] : [])));
  const answered = new Set(bodies.flatMap((body) => (body.kind === 'approval.resolved' ? [body.approvalId] : [])));
  return bodies.filter((body) => {
    if (body.kind === 'approval.requested') return answered.has(body.approvalId);
    return !('step' in body) || over.has(body.step);
  });
}

function bodyOf({ runId: _runId, seq: _seq, atMs: _atMs, ...body }: RunEvent): RunEventBody {
  return body;
}
