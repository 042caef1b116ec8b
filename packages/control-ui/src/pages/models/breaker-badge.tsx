/** The breaker of a target as a word: whether it is asked, left alone, or being tried again. */
import type { TargetRow } from '@openclaw/protocol';
import { Badge, type Tone } from '../../components/status.tsx';

const known: Readonly<Record<TargetRow['breaker'], { readonly tone: Tone; readonly word: string; readonly meaning: string }>> = {
  closed: { tone: 'ok', word: 'closed', meaning: 'It is asked.' },
  open: { tone: 'bad', word: 'open', meaning: 'It failed too often and is left alone for a while.' },
  halfOpen: { tone: 'warn', word: 'half open', meaning: 'A few requests try whether it works again.' },
  recovering: { tone: 'warn', word: 'recovering', meaning: 'It works again and gets more requests little by little.' },
};

export function BreakerBadge({ row }: { readonly row: Pick<TargetRow, 'breaker' | 'heldOpen' | 'reason'> }) {
  const { tone, word, meaning } = known[row.breaker];
  if (row.heldOpen) {
    return (
      <Badge tone="bad" title="An operator keeps it from being asked.">
        held open
      </Badge>
    );
  }
  return (
    <Badge tone={tone} title={row.reason ?? meaning}>
      {word}
    </Badge>
  );
}
