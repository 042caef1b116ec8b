/** The score as tables for people: both halves and both forms apart. It counts, and judges nothing. */
import { rules } from '../../packages/server/src/operations/diagnose/index.ts';
import type { Half } from './case.ts';
import type { Examined } from './examine.ts';

const forms = ['recorded', 'constructed'] as const;
const halves: readonly Half[] = ['report', 'design'];
const titles: Readonly<Record<Half, string>> = { report: 'kept for the report', design: 'that the rules were made with' };

export function renderSummary(all: readonly Examined[]): string {
  const rows = halves.flatMap((half) =>
    forms.map((form) => {
      const these = all.filter(({ one }) => one.half === half && one.form === form);
      const mixed = these.filter(({ one }) => one.causes.length > 1 || one.name.includes('mixed'));
      return [
        `${form}, ${titles[half]}`,
        these.length,
        share(these, ({ first }) => first),
        share(these, ({ all: found }) => found),
        mixed.length,
      ];
    }),
  );
  return table(['cases', 'number', 'the first cause comes first', 'every cause is in the top three', 'mixtures'], rows);
}

/** One row for each cause: how it does on its own cases, and how quiet it is on all others. */
export function renderCauses(all: readonly Examined[], half: Half): string {
  const these = all.filter(({ one }) => one.half === half);
  const rows = rules.flatMap(({ id, title }) => {
    const own = these.filter(({ one }) => one.causes[0] === id);
    const others = these.filter(({ one }) => !one.causes.includes(id));
    const spoke = others.filter(({ spoke: voices }) => voices.some((voice) => voice.id === id));
    const first = others.filter(({ diagnosis }) => diagnosis.causes[0]?.id === id);
    const beside = these.filter(({ one }) => one.causes.slice(1).includes(id));
    if (own.length + beside.length === 0 && half === 'report' && spoke.length === 0) return [];
    const cells = forms.map((form) => {
      const cases = own.filter(({ one }) => one.form === form);
      const [come, shown] = [cases.filter((each) => each.first), cases.filter((each) => isShown(each, id))];
      return cases.length === 0 ? '' : `${come.length} first, ${shown.length} in three, of ${cases.length}`;
    });
    return [
      [`\`${id}\``, title, ...cells, `${others.length - spoke.length} of ${others.length}`, spoke.length - first.length, first.length],
    ];
  });
  return table(['rule', 'cause', 'recorded', 'constructed', 'silent on other cases', 'speaks below', 'wrongly first'], rows);
}

/** Which cases were told wrong, and what was said instead. */
export function renderMistakes(all: readonly Examined[], half: Half): string {
  const wrong = all.filter(({ one, first, all: found }) => one.half === half && (!first || !found));
  if (wrong.length === 0) return 'None.';
  const rows = wrong.map(({ one, diagnosis }) => {
    const said = diagnosis.causes.map(({ id, weight }) => `${id} (${weight})`).join(', ');
    return [one.name, one.form, one.causes.join(', ') || 'nothing is wrong', said || 'nothing'];
  });
  return table(['case', 'form', 'causes', 'said'], rows);
}

function isShown({ diagnosis }: Examined, id: string): boolean {
  return diagnosis.causes.some((cause) => cause.id === id);
}

function share(these: readonly Examined[], holds: (one: Examined) => boolean): string {
  const count = these.filter(holds).length;
  return these.length === 0 ? '' : `${count} (${Math.round((100 * count) / these.length)} %)`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}
