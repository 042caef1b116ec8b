/** How a request or one of its tries ended, as the catalogue calls it. */
import { Badge } from '../../components/status.tsx';

/** The client left, or another try won: nobody's fault. */
const neutral: ReadonlySet<string> = new Set(['client_closed', 'cancelled']);

export function OutcomeBadge({ outcome, cached = false }: { readonly outcome: string; readonly cached?: boolean }) {
  if (outcome === 'completed') return <Badge tone="ok">{cached ? 'from cache' : 'completed'}</Badge>;
  return <Badge tone={neutral.has(outcome) ? 'idle' : 'bad'}>{outcome.replaceAll('_', ' ')}</Badge>;
}
