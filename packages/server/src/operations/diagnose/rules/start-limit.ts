/** Cause: systemd has given up: it started it too often, and does nothing more until it is told to. */
import type { Rule } from '../contract.ts';

export const startLimit: Rule = {
  id: 'start-limit',
  title: 'systemd has given up on it',
  why: 'It was started too often in a short time. systemd then leaves it failed for ever, without a process and without a further word.',
  signs: '`Result=start-limit-hit`, `Start request repeated too quickly`, no process',
  mends: 'Mend what ended it, then `systemctl reset-failed` and start it.',
  judge({ unit, lives, subject }) {
    const line = lives
      .flatMap(({ lines }) => lines)
      .findLast(({ text }) => /Start request repeated too quickly|start-limit-hit/.test(text));
    if (unit?.result !== 'start-limit-hit' && line === undefined) return undefined;
    const limit =
      unit?.startLimitBurst === undefined
        ? ''
        : `: ${unit.startLimitBurst} starts in ${Math.round((unit.startLimitIntervalMs ?? 10_000) / 1000)} s`;
    return {
      weight: unit?.activeState === 'active' ? 30 : 95,
      says: `systemd has started it too often and has given up${limit}. What ended it before is the next cause.`,
      because: [
        ...(unit === undefined
          ? []
          : [{ source: 'systemctl show', text: `Result=${unit.result}, ActiveState=${unit.activeState}, SubState=${unit.subState}` }]),
        ...(line === undefined ? [] : [{ source: 'journal', text: line.text }]),
      ],
      remedy: [
        `Mend the cause below, then \`systemctl reset-failed ${subject.name} && systemctl start ${subject.name}\``,
        'For a service that should never be given up: `StartLimitIntervalSec=0` in [Unit], with `RestartSec=5`',
      ],
      disprovedBy: `\`systemctl is-active ${subject.name}\` says active.`,
    };
  },
};
