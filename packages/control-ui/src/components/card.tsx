/** A part of a page with its own heading, and single figures. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Tone } from './status.tsx';

export interface CardProps {
  readonly title: string;
  /** What the heading leaves open, in a few words. */
  readonly note?: ComponentChildren;
  /** To the right of the heading: buttons, a choice. */
  readonly actions?: ComponentChildren;
  /** Without a margin inside, for tables. */
  readonly flush?: boolean;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Card({ title, note, actions, flush = false, class: className = '', children }: CardProps) {
  const id = useId();
  return (
    <section class={`card ${flush ? 'card-flush' : ''} ${className}`} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <p class="note">{note}</p>}
        {actions !== undefined && <div class="card-actions">{actions}</div>}
      </header>
      <div class="card-body">{children}</div>
    </section>
  );
}

export interface StatProps {
  readonly label: string;
  readonly value: string;
  /** What the value is measured against, or how it came about. */
  readonly note?: ComponentChildren;
  readonly tone?: Tone;
  readonly children?: ComponentChildren;
}

/** One figure with its name. */
export function Stat({ label, value, note, tone, children }: StatProps) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd>
        <span class={`stat-value ${tone ? `tone-${tone}` : ''}`}>{value}</span>
        {note !== undefined && <span class="note">{note}</span>}
        {children}
      </dd>
    </div>
  );
}

/** How much of a limit is used: 0 to 1, and beyond. */
export function Meter({ share, label }: { readonly share: number; readonly label: string }) {
  const tone = share >= 0.95 ? 'bad' : share >= 0.8 ? 'warn' : 'ok';
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <span class="meter" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <span class={`meter-fill meter-${tone}`} style={{ width: `${percent}%` }} />
    </span>
  );
}
