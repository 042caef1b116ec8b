/** What every page may use; made once in `main.tsx`. */
import type { ReadonlySignal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Admin } from './admin/admin.ts';
import type { Toasts } from './components/toast.tsx';
import type { Connection } from './connection/connection.ts';
import type { HealthWatch } from './live/health-watch.ts';
import type { LoadWatch } from './live/load-watch.ts';
import type { Route } from './routing.ts';

export interface App {
  readonly version: string;
  readonly connection: Connection;
  readonly admin: Admin;
  readonly health: HealthWatch;
  readonly load: LoadWatch;
  readonly toasts: Toasts;
  readonly route: ReadonlySignal<Route>;
  /** Changes the address; the page follows. */
  go(words: readonly string[], query?: Readonly<Record<string, string | undefined>>): void;
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error('there is no App around this component');
  return app;
}
