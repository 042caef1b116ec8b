/** How a run stands, in a word and a colour. */
import type { RunView } from '@openclaw/protocol';
import { Badge, type Tone } from '../../components/status.tsx';
import { waitWords } from '../../runs/marks.ts';

const tones: Readonly<Record<RunView['status'], Tone>> = {
  queued: 'idle',
  running: 'info',
  parked: 'warn',
  finished: 'ok',
  failed: 'bad',
  cancelled: 'idle',
};

export function RunStatusBadge({ run: { status, waitsFor } }: { readonly run: Pick<RunView, 'status' | 'waitsFor'> }) {
  return (
    <Badge tone={tones[status]} {...(waitsFor === null ? {} : { title: `waits for ${waitWords(waitsFor)}` })}>
      {status === 'parked' ? 'waits' : status}
    </Badge>
  );
}
