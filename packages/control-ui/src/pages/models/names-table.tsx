/** Every name that a client may write as `model`: routes first, then the known models of each provider. */
import type { ModelRow } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card } from '../../components/card.tsx';
import { Empty, Loaded } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { Badge } from '../../components/status.tsx';
import { Table, type Column } from '../../components/table.tsx';
import { formatCount, unknown } from '../../format.ts';
import { useLive } from '../../live/use-live.ts';
import { routeHash } from '../../routing.ts';

export function NamesTable() {
  const { admin, go } = useApp();
  const [words, setWords] = useState('');
  const live = useLive(async (signal) => (await admin.json<{ models: ModelRow[] }>('/admin/v1/models', { signal })).models);
  return (
    <Loaded live={live} lines={6}>
      {(models) => {
        const found = models.filter(({ name }) => words.split(/\s+/).every((word) => name.toLowerCase().includes(word.toLowerCase())));
        const routes = found.filter(({ kind }) => kind === 'route');
        const open = ({ name }: ModelRow): void => go(['models', 'names', name]);
        return (
          <div class="grid">
            <TextField label="Find a name" type="search" value={words} onInput={setWords} placeholder="gpt, claude, local/…" />
            <Card title="Routes" note="names of your own, each with targets in an order" flush>
              <Table
                label="Routes"
                columns={routeColumns}
                rows={routes}
                rowKey={({ name }) => name}
                onRow={open}
                empty={
                  <Empty title={words === '' ? 'No routes' : 'No route has such a name'}>
                    A route puts several targets behind one name, so that one stands in for another. They are made in the{' '}
                    <a href="#/configuration">configuration</a>, under <code>models.routes</code>.
                  </Empty>
                }
              />
            </Card>
            <Card title="Models" note={`${formatCount(found.length - routes.length)} known; others are passed on as they are named`} flush>
              <Table
                label="Models"
                columns={modelColumns}
                rows={found.filter(({ kind }) => kind === 'model')}
                rowKey={({ name }) => name}
                onRow={open}
                empty={<Empty title={words === '' ? 'No provider is there' : 'No model has such a name'} />}
              />
            </Card>
          </div>
        );
      }}
    </Loaded>
  );
}

function NameLink({ name }: { readonly name: string }) {
  return (
    <a class="mono" href={routeHash(['models', 'names', name])}>
      {name}
    </a>
  );
}

const routeColumns: readonly Column<ModelRow>[] = [
  { id: 'name', title: 'Name', sortBy: ({ name }) => name, cell: ({ name }) => <NameLink name={name} /> },
  {
    id: 'targets',
    title: 'Targets',
    cell: ({ targets }) => (
      <ol class="route-targets">
        {(targets ?? []).map((target) => (
          <li key={target}>{target}</li>
        ))}
      </ol>
    ),
  },
];

const price = (usd: number | null | undefined): string => (usd === null || usd === undefined ? unknown : `$${usd}`);

const modelColumns: readonly Column<ModelRow>[] = [
  { id: 'name', title: 'Name', sortBy: ({ name }) => name, cell: ({ name }) => <NameLink name={name} /> },
  {
    ...{ id: 'context', title: 'Context', align: 'end', hint: 'Tokens of input and output together' },
    sortBy: ({ contextWindow }) => contextWindow,
    cell: ({ contextWindow }) => formatCount(contextWindow),
  },
  {
    ...{ id: 'input', title: 'Input', align: 'end', hint: 'US$ per million tokens' },
    sortBy: (row) => row.price?.input ?? null,
    cell: (row) => price(row.price?.input),
  },
  {
    ...{ id: 'output', title: 'Output', align: 'end', hint: 'US$ per million tokens' },
    sortBy: (row) => row.price?.output ?? null,
    cell: (row) => price(row.price?.output),
  },
  {
    id: 'abilities',
    title: 'Can',
    wideOnly: true,
    cell: ({ abilities }) => (
      <span class="abilities">
        {(abilities ?? []).map((ability) => (
          <Badge key={ability} tone="idle">
            {ability}
          </Badge>
        ))}
      </span>
    ),
  },
];
