/** The configuration of the gateway, followed while somebody looks, and what is done with it. */
import { useEffect } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { after } from '../../clock.ts';
import { describeError } from '../../errors.ts';
import { useLive, type Live } from '../../live/use-live.ts';
import type { CheckAnswer, ConfigFile, ConfigStatus, Issue, SchemaAnswer, Written } from './wire.ts';

const statusEveryMs = 3000;
/** After the last key that was pressed. */
const checkAfterMs = 350;

export interface Configuration {
  readonly status: Live<ConfigStatus>;
  readonly file: Live<ConfigFile>;
  readonly schema: Live<SchemaAnswer>;
  refresh(): void;
}

export function useConfiguration(): Configuration {
  const { connection } = useApp();
  const again = String(connection.epoch.value);
  const status = useLive((signal) => connection.request<ConfigStatus>('config.status', {}, { signal }), { everyMs: statusEveryMs, again });
  const file = useLive((signal) => connection.request<ConfigFile>('config.get', {}, { signal }), {
    // As often as the text in it changes, or what holds.
    again: `${again} ${status.value?.hash ?? ''} ${status.value?.state ?? ''}`,
  });
  const schema = useLive((signal) => connection.request<SchemaAnswer>('config.schema', {}, { signal }), { again });
  const refresh = (): void => {
    status.refresh();
    file.refresh();
  };
  useEffect(
    () =>
      connection.subscribe(({ event }) => {
        if (event === 'config.changed') refresh();
      }),
    [connection, status.refresh, file.refresh],
  );
  return { status, file, schema, refresh };
}

/** Asks what would be wrong with a text, a moment after it was changed last. `undefined`: nothing is to be asked. */
export function useCheck(text: string | undefined, onIssues: (issues: readonly Issue[] | undefined) => void): void {
  const { connection } = useApp();
  const mayCheck = connection.may('operator.admin');
  useEffect(() => {
    if (text === undefined || !mayCheck) {
      onIssues(undefined);
      return undefined;
    }
    const leaving = new AbortController();
    const cancel = after(checkAfterMs, () => {
      connection
        .request<CheckAnswer>('config.check', { raw: text }, { signal: leaving.signal })
        .then(({ issues }) => onIssues(issues))
        .catch((error: unknown) => {
          // Such as a placeholder where no secret stands. Without a connection there is nothing to say here.
          const { message, code = '', hint = '' } = describeError(error);
          if (!leaving.signal.aborted) onIssues(code === 'invalid_request' ? [{ path: '', message, hint, code }] : undefined);
        });
    });
    return () => {
      cancel();
      leaving.abort();
    };
  }, [text, mayCheck, connection]);
}

export type SaveResult =
  | { readonly kind: 'saved'; readonly written: Written }
  /** Somebody else wrote meanwhile, and nothing was. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'failed'; readonly error: Error };

export function useSave(): (
  how: 'config.set' | 'config.patch',
  params: { readonly raw: string; readonly baseHash: string | undefined },
) => Promise<SaveResult> {
  const { connection } = useApp();
  return async (how, { raw, baseHash }) => {
    try {
      const written = await connection.request<Written>(how, { raw, ...(baseHash === undefined ? {} : { baseHash }) });
      return { kind: 'saved', written };
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      return describeError(error).code === 'config_conflict' ? { kind: 'conflict' } : { kind: 'failed', error };
    }
  };
}

/** What is said once it is saved. */
export function describeWritten({ changed, needsRestart }: Written): string {
  const restart = changed.filter((path) => needsRestart.some((needing) => path === needing || path.startsWith(`${needing}.`)));
  return restart.length === 0 ? 'Saved and in force' : `Saved; ${restart.join(', ')} holds after the next restart`;
}

/** Has the browser ask before the tab is left with edits that are not saved. */
export function useLeaveWarning(hasEdits: boolean): void {
  useEffect(() => {
    if (!hasEdits) return undefined;
    const leaving = new AbortController();
    addEventListener('beforeunload', (event) => event.preventDefault(), { signal: leaving.signal });
    return () => leaving.abort();
  }, [hasEdits]);
}
