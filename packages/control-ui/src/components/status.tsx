/** How something is, as a colour and a word: never the colour alone. */
import type { ComponentChildren } from 'preact';

export type Tone = 'ok' | 'warn' | 'bad' | 'idle' | 'info';

export function StatusDot({ tone, label }: { readonly tone: Tone; readonly label?: string }) {
  return label === undefined ? (
    <span class={`dot dot-${tone}`} aria-hidden="true" />
  ) : (
    <span class={`dot dot-${tone}`} role="img" aria-label={label} title={label} />
  );
}

export function Badge({ tone, title, children }: { readonly tone: Tone; readonly title?: string; readonly children: ComponentChildren }) {
  return (
    <span class={`badge badge-${tone}`} title={title}>
      {children}
    </span>
  );
}
