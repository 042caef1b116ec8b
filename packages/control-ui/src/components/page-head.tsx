/** The heading of a page, with what is done on all of it. */
import type { ComponentChildren } from 'preact';

export interface PageHeadProps {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly children?: ComponentChildren;
}

export function PageHead({ title, note, children }: PageHeadProps) {
  return (
    <header class="page-head">
      <h1>{title}</h1>
      {note !== undefined && <p class="note">{note}</p>}
      {children !== undefined && children !== false && <div class="page-actions">{children}</div>}
    </header>
  );
}
