/** What a page is to the shell around it. */
import type { ComponentType } from 'preact';
import type { IconName } from '../components/icon.tsx';
import type { Route } from '../routing.ts';

export interface PageProps {
  /** Where in the page: its further words and values are the page's own. */
  readonly route: Route;
}

export interface Page {
  /** The first word of its address: `#/models`. */
  readonly id: string;
  readonly title: string;
  readonly icon: IconName;
  readonly group: 'Watch' | 'Use' | 'Manage';
  /** `g`, then this letter, opens it. */
  readonly shortcut: string;
  readonly View: ComponentType<PageProps>;
}
