/** How a workload or one of its instances stands, in a word and a colour. */
import type { WorkloadPhase } from '@openclaw/protocol';
import { Badge, type Tone } from '../../components/status.tsx';

const tones: Readonly<Record<WorkloadPhase, Tone>> = {
  Pending: 'idle',
  Starting: 'info',
  Running: 'ok',
  Degraded: 'warn',
  CrashLoopBackOff: 'bad',
  ImagePullBackOff: 'bad',
  OOMKilled: 'bad',
  Succeeded: 'ok',
  Failed: 'bad',
};

export function PhaseBadge({ phase, title }: { readonly phase: WorkloadPhase | undefined; readonly title?: string | undefined }) {
  return (
    <Badge tone={phase === undefined ? 'idle' : tones[phase]} {...(title === undefined ? {} : { title })}>
      {phase ?? 'new'}
    </Badge>
  );
}

export const isTroubled = (phase: WorkloadPhase | undefined): boolean =>
  phase !== undefined && (tones[phase] === 'bad' || tones[phase] === 'warn');
