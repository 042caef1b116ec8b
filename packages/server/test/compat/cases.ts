/** What is asked of the existing command line, and what it must come to. Data only; how they run: `run.ts`. */

export interface CompatCase {
  /** As somebody types it. `URL`, `TOKEN`, `REMOTE`, `REQUEST` and `DEVICE` are filled in. */
  readonly command: string;
  /** For the table: under which circumstances. */
  readonly circumstances: string;
  /** @default 0 */
  readonly exit?: number;
  /** In what it prints, stdout and stderr together. */
  readonly shows: RegExp;
  /** What has to be there before: a device that asks to be paired, or one that is. */
  readonly given?: 'pending device' | 'paired device';
  /** The environment's token in place of the right one. */
  readonly token?: 'wrong' | 'none';
}

const at = '--url URL --token TOKEN';

export const compatCases: readonly CompatCase[] = [
  { command: `gateway health ${at}`, circumstances: 'address and token named', shows: /OK/ },
  { command: 'gateway health', circumstances: 'address and token from the environment', shows: /OK/ },
  { command: 'gateway health --url URL --token wrong', circumstances: 'wrong token', exit: 1, shows: /token mismatch|unauthorized/i },
  {
    command: 'gateway health',
    circumstances: 'wrong token in the environment',
    token: 'wrong',
    exit: 1,
    shows: /token mismatch|unauthorized/i,
  },
  {
    command: 'gateway health --url ws://127.0.0.1:9 --token TOKEN',
    circumstances: 'nobody listens',
    exit: 1,
    shows: /ECONNREFUSED|not reachable/i,
  },
  { command: 'gateway health --url REMOTE --token TOKEN', circumstances: 'not from this machine, no device', shows: /OK/ },
  {
    command: 'devices list --url REMOTE --token TOKEN',
    circumstances: 'not from this machine, no device',
    exit: 1,
    shows: /missing scope|pairing/i,
  },
  { command: 'health', circumstances: '', shows: /Agents: main/ },
  { command: 'health --verbose', circumstances: '', shows: /Agents: main/ },
  { command: 'status', circumstances: '', shows: /Sessions +│ 0 stored/ },
  { command: 'gateway status', circumstances: '', shows: /Connectivity probe: ok/ },
  { command: 'gateway status --require-rpc', circumstances: '', shows: /Read probe: ok/ },
  { command: `gateway probe ${at}`, circumstances: '', shows: /Reachable: yes/ },
  { command: `devices list ${at}`, circumstances: 'none', shows: /No device pairing entries/ },
  { command: `devices list ${at}`, circumstances: 'one asks', given: 'pending device', shows: /Pending/i },
  { command: `devices approve REQUEST ${at}`, circumstances: 'one asks', given: 'pending device', shows: /approved/i },
  { command: `devices reject REQUEST ${at}`, circumstances: 'one asks', given: 'pending device', shows: /reject/i },
  { command: `devices list ${at}`, circumstances: 'one is paired', given: 'paired device', shows: /Paired/i },
  {
    command: `devices rotate --device DEVICE --role operator ${at}`,
    circumstances: 'one is paired',
    given: 'paired device',
    shows: /token|rotated/i,
  },
  { command: `devices remove DEVICE ${at}`, circumstances: 'one is paired', given: 'paired device', shows: /removed/i },
  { command: `logs --limit 5 ${at}`, circumstances: '', shows: /Log file:|ready/ },
  { command: 'channels status', circumstances: '', shows: /Gateway reachable/ },
  { command: `cron list ${at}`, circumstances: '', shows: /No automations/ },
  { command: `cron status ${at}`, circumstances: '', shows: /jobs/ },
  { command: 'approvals pending', circumstances: '', shows: /No pending approvals/ },
  { command: `nodes status ${at}`, circumstances: '', shows: /Known: 0/ },
  { command: `gateway stability ${at}`, circumstances: '', shows: /Events: \d+/ },
  { command: `gateway usage-cost ${at}`, circumstances: '', shows: /Usage cost \(30 days\)(?![\s\S]*undefined)/ },
  { command: `system presence ${at}`, circumstances: '', shows: /\[|presence|host/i },
  { command: 'models list', circumstances: '', shows: /openclaw\/rehearsal/ },
  { command: 'agent --agent main --message say-hello', circumstances: 'answered by a route', shows: /Hello from the route/ },
  { command: `gateway call agents.list ${at}`, circumstances: '', shows: /"defaultId": "main"/ },
  { command: `gateway call no.such.method ${at}`, circumstances: '', exit: 1, shows: /unknown method|missing scope/ },
];
