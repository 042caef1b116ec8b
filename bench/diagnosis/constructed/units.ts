/** Services of systemd, from the forms of `systemctl show` and the journal. Of the half that the rules were made with. */
import type { Case } from '../case.ts';
import { unit } from './builders.ts';

const life = (start: number, words: string, status = '1/FAILURE') =>
  [
    [start, 'systemd', 'Started openclaw-gateway.service - OpenClaw gateway.'],
    [start + 0.3, 'program', words],
    [start + 0.4, 'systemd', `openclaw-gateway.service: Main process exited, code=exited, status=${status}`],
    [start + 0.5, 'systemd', "openclaw-gateway.service: Failed with result 'exit-code'."],
  ] as const;

export const units: readonly Case[] = [
  unit({
    name: 'start-limit',
    causes: ['start-limit', 'config-invalid'],
    from: 'https://github.com/openclaw/openclaw/issues/116177, https://github.com/openclaw/openclaw/pull/98291',
    properties: {
      ActiveState: 'failed',
      SubState: 'failed',
      Result: 'start-limit-hit',
      NRestarts: '5',
      ExecMainCode: '1',
      ExecMainStatus: '1',
    },
    journal: [
      ...[0, 1, 2, 3, 4].flatMap((at) => life(at, "SyntaxError: JSON5: invalid character '}' at 3:12")),
      [5.2, 'systemd', 'openclaw-gateway.service: Start request repeated too quickly.'],
      [5.3, 'systemd', "openclaw-gateway.service: Failed with result 'start-limit-hit'."],
    ],
    at: 900,
  }),
  unit({
    name: 'start-limit-without-journal',
    causes: ['start-limit'],
    from: 'systemd.unit(5), systemctl(1)',
    properties: {
      ActiveState: 'failed',
      SubState: 'failed',
      Result: 'start-limit-hit',
      NRestarts: '5',
      ExecMainCode: '2',
      ExecMainStatus: '9',
    },
    journal: [],
    at: 900,
  }),
  unit({
    name: 'unit-setting-missing',
    causes: ['setting-missing'],
    from: 'https://github.com/openclaw/openclaw/issues/51144',
    properties: {
      ActiveState: 'activating',
      SubState: 'auto-restart',
      Result: 'exit-code',
      NRestarts: '214',
      ExecMainCode: '1',
      ExecMainStatus: '1',
    },
    journal: [0, 6, 12].flatMap((at) =>
      life(at, 'Gateway start blocked: set gateway.mode=local (current: unset) or pass --allow-unconfigured.'),
    ),
    at: 14,
  }),
];
