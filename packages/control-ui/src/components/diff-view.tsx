/** Two texts, and what differs between them. */
import { Empty } from './feedback.tsx';
import { aroundChanges, diffLines } from './line-diff.ts';

const marks = { same: ' ', added: '+', removed: '−' } as const;
const names = { same: '', added: 'added: ', removed: 'removed: ' } as const;

export function DiffView({ before, after, label }: { readonly before: string; readonly after: string; readonly label: string }) {
  const lines = diffLines(before, after);
  if (lines.every(({ kind }) => kind === 'same')) return <Empty title="The same">Nothing differs between the two.</Empty>;
  return (
    <div class="diff" role="region" aria-label={label} tabIndex={0}>
      {aroundChanges(lines).map((line, index) =>
        line === 'gap' ? (
          <div key={index} class="diff-gap" aria-hidden="true">
            ⋯
          </div>
        ) : (
          <div key={index} class={`diff-line diff-${line.kind}`}>
            <span class="diff-number" aria-hidden="true">
              {line.newNumber ?? line.oldNumber}
            </span>
            <span class="diff-mark" aria-hidden="true">
              {marks[line.kind]}
            </span>
            <span>
              <span class="sr-only">{names[line.kind]}</span>
              {line.text}
            </span>
          </div>
        ),
      )}
    </div>
  );
}
