/**
 * The dashboards in `deploy/grafana`: what stands on them, as tables; `gen-docs.ts` writes the files. A test holds every metric in them
 * against those that there are, and runs every query on a Prometheus that scrapes a gateway.
 */

type Unit = 'short' | 's' | 'bytes' | 'percentunit' | 'currencyUSD' | 'reqps' | 'dtdurations' | 'none';

interface Query {
  readonly expr: string;
  /** In Grafana's words: `{{provider}}`. */
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly about: string;
  readonly kind: 'stat' | 'timeseries';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From which value on it is yellow, and red. */
  readonly thresholds?: readonly [yellow: number, red: number];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

// What a workload's own metrics call `instance` is `exported_instance` once Prometheus has scraped them.
const here = 'instance=~"$instance"';
const of = (labels: string): string => `{${here}, ${labels}}`;
const any = `{${here}}`;

const gateway: Dashboard = {
  uid: 'openclaw-gateway',
  title: 'OpenClaw: the gateway',
  panels: [
    stat('Up', 'Whether Prometheus gets an answer.', { unit: 'none', expr: `up${of('job="openclaw"')}`, legend: '{{instance}}' }),
    stat('Since', 'Time since the start of the process.', {
      unit: 'dtdurations',
      expr: `process_uptime_seconds${any}`,
      legend: '{{instance}}',
    }),
    stat('Restarts in a day', 'Starts of the process within 24 hours.', {
      unit: 'none',
      expr: `changes(process_start_time_seconds${any}[24h])`,
      legend: '{{instance}}',
      thresholds: [1, 3],
    }),
    stat('Worst check', 'What the checks of health found. 0: ok. 1: degraded. 2: failed.', {
      unit: 'none',
      expr: `max by (instance) (openclaw_health_check${any})`,
      legend: '{{instance}}',
      thresholds: [1, 2],
    }),
    graph('Checks', 'Each check of health. 0: ok. 1: degraded. 2: failed.', [
      'none',
      [{ expr: `openclaw_health_check${any}`, legend: '{{check}}' }],
    ]),
    graph(
      'Memory against its limit',
      'What counts against the limit that is nearest. From 85 % on caches are given up, from 95 % on work is refused.',
      [
        'bytes',
        [
          { expr: `openclaw_memory_used_bytes${any}`, legend: 'used' },
          { expr: `openclaw_memory_limit_bytes${any}`, legend: 'limit' },
          { expr: `process_resident_memory_bytes${any}`, legend: 'resident' },
        ],
      ],
    ),
    graph('Memory of the engine', 'By kind.', ['bytes', [{ expr: `nodejs_memory_bytes${any}`, legend: '{{kind}}' }]]),
    graph('Processor', 'Seconds of processor time per second.', [
      'percentunit',
      [{ expr: `rate(process_cpu_seconds_total${any}[$__rate_interval])`, legend: '{{instance}}' }],
    ]),
    graph('Delay of the event loop', 'How late it was in the last one to two minutes.', [
      's',
      [{ expr: `nodejs_eventloop_delay_seconds${any}`, legend: 'p{{quantile}}' }],
    ]),
    graph('Requests', 'Answered, by endpoint.', [
      'reqps',
      [{ expr: `sum by (path) (rate(openclaw_http_requests_total${any}[$__rate_interval]))`, legend: '{{path}}' }],
    ]),
    graph('Answers that are no success', 'By status.', [
      'reqps',
      [{ expr: `sum by (status) (rate(openclaw_http_requests_total${of('status=~"[45].."')}[$__rate_interval]))`, legend: '{{status}}' }],
    ]),
    graph('Clients of the control plane', 'By role.', [
      'short',
      [
        { expr: `sum by (role, mode) (openclaw_control_connections${any})`, legend: '{{role}} {{mode}}' },
        { expr: `sum by (reason) (increase(openclaw_control_handshakes_refused_total${any}[5m]))`, legend: 'refused: {{reason}}' },
      ],
    ]),
    graph('Open files', 'File descriptors.', ['short', [{ expr: `process_open_fds${any}`, legend: '{{instance}}' }]]),
    graph('Lines of the log', 'Warnings and errors.', [
      'short',
      [{ expr: `sum by (level) (increase(openclaw_log_lines_total${of('level=~"warn|error|fatal"')}[5m]))`, legend: '{{level}}' }],
    ]),
  ],
};

const requests = `openclaw_model_requests_total${any}`;

const models: Dashboard = {
  uid: 'openclaw-models',
  title: 'OpenClaw: models',
  panels: [
    stat('Requests', 'Finished per second.', { unit: 'reqps', expr: `sum(rate(${requests}[5m]))`, legend: '' }),
    stat('Failed', 'Share of requests that failed within five minutes.', {
      unit: 'percentunit',
      expr: `sum(rate(openclaw_model_requests_total${of('outcome!~"completed|client_closed"')}[5m])) / sum(rate(${requests}[5m]))`,
      legend: '',
      thresholds: [0.01, 0.05],
    }),
    stat('Cost in a day', 'US$ of requests whose price is known.', {
      unit: 'currencyUSD',
      expr: `sum(increase(openclaw_model_cost_usd_total${any}[24h]))`,
      legend: '',
    }),
    stat('Breakers not closed', 'Targets that are not asked, or only tried.', {
      unit: 'none',
      expr: `sum(openclaw_model_target_breaker${of('state!="closed"')})`,
      legend: '',
      thresholds: [1, 3],
    }),
    graph('Requests by target', 'Finished.', [
      'reqps',
      [{ expr: `sum by (provider, model) (rate(${requests}[$__rate_interval]))`, legend: '{{provider}}/{{model}}' }],
    ]),
    graph('Failures by reason', 'By the code of the error.', [
      'reqps',
      [
        {
          expr: `sum by (outcome) (rate(openclaw_model_requests_total${of('outcome!="completed"')}[$__rate_interval]))`,
          legend: '{{outcome}}',
        },
      ],
    ]),
    graph('First output', 'From the request to the first output, where the answer is streamed.', [
      's',
      quantiles('openclaw_model_first_output_seconds'),
    ]),
    graph('Whole answer', 'From the request to the end of the answer.', ['s', quantiles('openclaw_model_request_seconds')]),
    graph('Under way, and waiting', 'Requests.', [
      'short',
      [
        { expr: `sum(openclaw_model_requests_in_flight${any})`, legend: 'under way' },
        { expr: `sum(openclaw_model_queue_requests${any})`, legend: 'wait for a place' },
      ],
    ]),
    graph('Places', 'Requests that a target may have under way, as learnt, and has.', [
      'short',
      [
        { expr: `sum by (provider, model) (openclaw_model_target_limit${any})`, legend: '{{provider}}/{{model}} may' },
        { expr: `sum by (provider, model) (openclaw_model_target_requests_under_way${any})`, legend: '{{provider}}/{{model}} has' },
      ],
    ]),
    graph('Extra requests', 'Retries and hedges, as a share of all attempts.', [
      'percentunit',
      [
        {
          expr: `sum(rate(openclaw_model_retries_total${any}[$__rate_interval])) / sum(rate(openclaw_model_attempts_total${any}[$__rate_interval]))`,
          legend: 'retries',
        },
        {
          expr: `sum(rate(openclaw_model_hedges_total${any}[$__rate_interval])) / sum(rate(openclaw_model_attempts_total${any}[$__rate_interval]))`,
          legend: 'hedges',
        },
      ],
    ]),
    graph('Refused by the gateway', 'By code: budgets, limits, no room.', [
      'reqps',
      [{ expr: `sum by (code) (rate(openclaw_model_refusals_total${any}[$__rate_interval]))`, legend: '{{code}}' }],
    ]),
    graph('Tokens', 'By kind.', [
      'short',
      [{ expr: `sum by (kind) (rate(openclaw_model_tokens_total${any}[$__rate_interval]))`, legend: '{{kind}}' }],
    ]),
    graph('Cost', 'US$ an hour, by target.', [
      'currencyUSD',
      [
        {
          expr: `sum by (provider, model) (3600 * rate(openclaw_model_cost_usd_total${any}[$__rate_interval]))`,
          legend: '{{provider}}/{{model}}',
        },
      ],
    ]),
  ],
};

const runs: Dashboard = {
  uid: 'openclaw-runs',
  title: 'OpenClaw: runs, channels and workloads',
  panels: [
    stat('Runs under way', 'That this process has.', { unit: 'none', expr: `sum(openclaw_runs${of('state="running"')})`, legend: '' }),
    stat('Given up', 'Deliveries of channels that were given up.', {
      unit: 'none',
      expr: `sum(openclaw_channel_deliveries${of('state="dead"')}) or vector(0)`,
      legend: '',
      thresholds: [1, 10],
    }),
    graph('Runs', 'That this process has, by state.', ['short', [{ expr: `sum by (state) (openclaw_runs${any})`, legend: '{{state}}' }]]),
    graph('Runs that ended', 'By what became of them, in five minutes.', [
      'short',
      [{ expr: `sum by (outcome) (increase(openclaw_runs_total${any}[5m]))`, legend: '{{outcome}}' }],
    ]),
    graph('Arrivals', 'What came in by channels, in five minutes.', [
      'short',
      [{ expr: `sum by (channel, outcome) (increase(openclaw_channel_arrivals_total${any}[5m]))`, legend: '{{channel}} {{outcome}}' }],
    ]),
    graph('Deliveries that wait or were given up', 'By channel.', [
      'short',
      [{ expr: `sum by (channel, state) (openclaw_channel_deliveries${any})`, legend: '{{channel}} {{state}}' }],
    ]),
    graph('Memory of workloads', 'Working set, as a share of the limit.', [
      'percentunit',
      [
        {
          expr: `openclaw_workload_memory_working_set_bytes${any} / openclaw_workload_memory_limit_bytes${any}`,
          legend: '{{namespace}}/{{workload}} {{exported_instance}}',
        },
      ],
    ]),
    graph('Replicas of workloads', 'Ready, and wanted.', [
      'short',
      [
        { expr: `openclaw_workload_ready_replicas${any}`, legend: '{{namespace}}/{{workload}} ready' },
        { expr: `openclaw_workload_replicas${any}`, legend: '{{namespace}}/{{workload}} wanted' },
      ],
    ]),
    graph('Restarts and events of workloads', 'In five minutes.', [
      'short',
      [
        {
          expr: `sum by (namespace, workload) (increase(openclaw_workload_restarts_total${any}[5m]))`,
          legend: '{{namespace}}/{{workload}} restarts',
        },
        { expr: `sum by (reason) (increase(openclaw_workload_events_total${any}[5m]))`, legend: '{{reason}}' },
      ],
    ]),
  ],
};

const state: Dashboard = {
  uid: 'openclaw-state',
  title: 'OpenClaw: state and storage',
  panels: [
    stat('Checks of the state', 'State, disk and inodes. 0: ok. 1: degraded. 2: failed.', {
      unit: 'none',
      expr: `openclaw_health_check${of('check=~"state|disk|inodes"')}`,
      legend: '{{check}}',
      thresholds: [1, 2],
    }),
    stat('Rows of usage lost', 'Given up because the database took none for too long.', {
      unit: 'none',
      expr: `sum(openclaw_usage_rows_dropped_total${any})`,
      legend: '',
      thresholds: [1, 1],
    }),
    stat('Lines of the log lost', 'That the log file did not take.', {
      unit: 'none',
      expr: `sum(openclaw_log_file_lines_lost_total${any})`,
      legend: '',
      thresholds: [1, 1],
    }),
    graph('Rows of usage that wait', 'Not yet written.', [
      'short',
      [{ expr: `openclaw_usage_rows_waiting${any}`, legend: '{{instance}}' }],
    ]),
    graph('Bodies in memory', 'Held, and how much may be.', [
      'bytes',
      [
        { expr: `openclaw_http_body_bytes${any}`, legend: 'held' },
        { expr: `openclaw_http_body_limit_bytes${any}`, legend: 'limit' },
      ],
    ]),
    graph('Refused for want of room', 'In five minutes.', [
      'short',
      [
        { expr: `increase(openclaw_http_bodies_refused_total${any}[5m])`, legend: 'bodies' },
        { expr: `increase(openclaw_memory_refused_total${any}[5m])`, legend: 'long work' },
      ],
    ]),
    graph('Cache of answers', 'Its size.', ['bytes', [{ expr: `openclaw_model_cache_bytes${any}`, legend: '{{instance}}' }]]),
  ],
};

export const dashboards: readonly Dashboard[] = [gateway, models, runs, state];

type Figure = Pick<Panel, 'unit' | 'thresholds'> & Query;

function stat(title: string, about: string, { expr, legend, ...figure }: Figure): Panel {
  return { title, about, kind: 'stat', ...figure, queries: [{ expr, legend }] };
}

type Lines = readonly [unit: Unit, queries: readonly Query[]];

function graph(title: string, about: string, [unit, queries]: Lines): Panel {
  return { title, about, kind: 'timeseries', unit, queries };
}

function quantiles(name: string): readonly Query[] {
  return [0.5, 0.95, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${name}_bucket${any}[$__rate_interval])))`,
    legend: `p${quantile * 100}`,
  }));
}

const width = { stat: 6, timeseries: 12 } as const;
const height = { stat: 4, timeseries: 8 } as const;
const columns = 24;

/** For `deploy/grafana/UID.json`: to be imported, or provisioned from a folder. */
export function renderDashboard({ uid, title, panels }: Dashboard): string {
  let [x, y, rowHeight] = [0, 0, 0];
  const placed = panels.map((panel, index) => {
    const [w, h] = [width[panel.kind], height[panel.kind]];
    if (x + w > columns || (x > 0 && h !== rowHeight)) [x, y] = [0, y + rowHeight];
    const gridPos = { x, y, w, h };
    [x, rowHeight] = [x + w, h];
    return renderPanel(panel, index + 1, gridPos);
  });
  const variables = [
    { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' },
    {
      name: 'instance',
      type: 'query',
      label: 'Gateway',
      datasource,
      query: 'label_values(process_start_time_seconds{job="openclaw"}, instance)',
      refresh: 2,
      includeAll: true,
      multi: true,
      current: { text: 'All', value: '$__all' },
    },
  ];
  const document = {
    ...{ uid, title, tags: ['openclaw'], schemaVersion: 39, version: 1, editable: true, refresh: '30s' },
    ...{ time: { from: 'now-3h', to: 'now' }, timezone: 'browser', templating: { list: variables }, panels: placed },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

const datasource = { type: 'prometheus', uid: '${datasource}' } as const;

function renderPanel({ title, about, kind, unit, queries, thresholds }: Panel, id: number, gridPos: object): object {
  const steps = [
    { color: 'green', value: null },
    ...(thresholds === undefined
      ? []
      : [
          { color: 'yellow', value: thresholds[0] },
          { color: 'red', value: thresholds[1] },
        ]),
  ];
  return {
    ...{ id, type: kind, title, description: about, datasource, gridPos },
    fieldConfig: { defaults: { unit, min: 0, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options:
      kind === 'stat'
        ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'area' }
        : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      legendFormat: legend,
    })),
  };
}
