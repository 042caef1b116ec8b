/** The runs, the latest first, as they go on. Filters and the page of the list stand in the address. */
import { runStatuses, type RunView } from '@openclaw/protocol';
import { useEffect } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { after, now } from '../../clock.ts';
import { Card } from '../../components/card.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { SelectField } from '../../components/fields.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatAgo, formatCount, formatNanoUsd, formatTime } from '../../format.ts';
import { useLive, type Live } from '../../live/use-live.ts';
import { routeHash, type Route } from '../../routing.ts';
import { waitWords } from '../../runs/marks.ts';
import { firstWords } from '../../runs/values.ts';
import { RunStatusBadge } from './status-badge.tsx';

/** Steps and tokens grow without an event of their own. */
const everyMs = 3000;
/** Several runs that change together are asked for once. */
const gatherMs = 250;
const pageSize = 50;

interface RunsPart {
  readonly runs: readonly RunView[];
  readonly nextAfter: string | null;
}

interface SessionName {
  readonly key: string;
  readonly label?: string;
}

export function RunList({ query }: { readonly query: Route['query'] }) {
  const { go } = useApp();
  const live = useRuns(query);
  const sessions = useSessionNames(query['session']);
  const { status, session, after: from } = query;
  const isFiltered = status !== undefined || session !== undefined;
  const change = (changed: Record<string, string>): void => go(['runs'], { status, session, ...changed });
  return (
    <>
      <PageHead title="Runs" note="agents at work, and what they did" />
      <div class="runs-filters">
        <SelectField
          label="Status"
          value={status ?? ''}
          options={[{ value: '', label: 'any' }, ...runStatuses.map((value) => ({ value, label: value === 'parked' ? 'waits' : value }))]}
          onChange={(value) => change({ status: value })}
        />
        <SelectField
          label="Session"
          value={session ?? ''}
          options={[{ value: '', label: 'any' }, ...sessions.map(({ key, label = key }) => ({ value: key, label }))]}
          onChange={(value) => change({ session: value })}
        />
      </div>
      <Card title={from === undefined ? 'Latest' : 'Earlier'} flush>
        <Loaded live={live} lines={6}>
          {({ runs, nextAfter }) => (
            <>
              <Table
                label="Runs"
                columns={columns}
                rows={runs}
                rowKey={({ id }) => id}
                onRow={({ id }) => go(['runs', id])}
                empty={
                  isFiltered ? (
                    <Empty title="No run fits">Others are hidden by the status and the session above.</Empty>
                  ) : (
                    <Empty title="No runs yet">
                      Each message in the <a href={routeHash(['chat'])}>chat</a> begins one, and so do <code>openclaw agent</code> and{' '}
                      <code>POST /v1/runs</code>.
                    </Empty>
                  )
                }
              />
              <p class="runs-pages">
                {from !== undefined && <a href={routeHash(['runs'], { status, session })}>Latest</a>}
                {nextAfter !== null && <a href={routeHash(['runs'], { status, session, after: nextAfter })}>Earlier</a>}
              </p>
            </>
          )}
        </Loaded>
      </Card>
    </>
  );
}

function useRuns({ status, session, after: from }: Route['query']): Live<RunsPart> {
  const { connection } = useApp();
  const wanted = {
    limit: pageSize,
    ...(status === undefined ? {} : { status }),
    ...(session === undefined ? {} : { sessionKey: session }),
    ...(from === undefined ? {} : { after: from }),
  };
  const epoch = connection.epoch.value;
  const live = useLive((signal) => connection.request<RunsPart>('runs.list', wanted, { signal }), {
    ...{ everyMs, key: JSON.stringify(wanted), again: String(epoch) },
  });
  const { refresh } = live;
  useEffect(() => {
    let cancel: (() => void) | undefined;
    const end = connection.subscribe(({ event }) => {
      if (event !== 'run') return;
      cancel ??= after(gatherMs, () => {
        cancel = undefined;
        refresh();
      });
    });
    return () => {
      end();
      cancel?.();
    };
  }, [connection, refresh]);
  return live;
}

/** Those that can be chosen; the chosen one also where it is in no list. */
function useSessionNames(chosen: string | undefined): readonly SessionName[] {
  const { connection } = useApp();
  const live = useLive(
    async (signal) => (await connection.request<{ sessions: SessionName[] }>('sessions.list', { limit: 200 }, { signal })).sessions,
    { again: String(connection.epoch.value) },
  );
  const known = live.value ?? [];
  return chosen === undefined || known.some(({ key }) => key === chosen) ? known : [{ key: chosen }, ...known];
}

const columns: readonly Column<RunView>[] = [
  {
    id: 'input',
    title: 'Asked',
    cell: ({ id, input }) => (
      <a class="run-link" href={routeHash(['runs', id])} title={id}>
        {firstWords(input, 90) || id}
      </a>
    ),
  },
  {
    id: 'status',
    title: 'Status',
    cell: (run) => (
      <>
        <RunStatusBadge run={run} />
        {run.waitsFor !== null && <span class="note roomy-only"> for {waitWords(run.waitsFor)}</span>}
      </>
    ),
  },
  { id: 'agent', title: 'Agent', wideOnly: true, sortBy: ({ agentId }) => agentId, cell: ({ agentId }) => agentId },
  {
    ...{ id: 'session', title: 'Session', wideOnly: true },
    cell: ({ sessionKey }) => (
      <a class="run-session mono" href={routeHash(['runs'], { session: sessionKey })} title={`Runs of ${sessionKey}`}>
        {sessionKey}
      </a>
    ),
  },
  { id: 'steps', title: 'Steps', align: 'end', wideOnly: true, sortBy: ({ steps }) => steps, cell: ({ steps }) => formatCount(steps) },
  {
    ...{ id: 'tokens', title: 'Tokens', align: 'end', hint: 'Input and output', wideOnly: true },
    sortBy: ({ use }) => use.inputTokens + use.outputTokens,
    cell: ({ use }) => formatCount(use.inputTokens + use.outputTokens),
  },
  {
    ...{ id: 'cost', title: 'Cost', align: 'end', wideOnly: true },
    sortBy: ({ use }) => use.costNanoUsd,
    cell: ({ use }) => formatNanoUsd(use.costNanoUsd),
  },
  {
    ...{ id: 'age', title: 'Begun', align: 'end' },
    sortBy: ({ createdAtMs }) => createdAtMs,
    cell: ({ createdAtMs }) => <span title={formatTime(createdAtMs)}>{formatAgo(createdAtMs, now())}</span>,
  },
];
