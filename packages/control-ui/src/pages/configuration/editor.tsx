/** The text of the file with numbers at its lines, and a mark where something is wrong. */
import { useEffect, useRef } from 'preact/hooks';
import type { Issue } from './wire.ts';

export interface EditorProps {
  readonly text: string;
  readonly issues: readonly Issue[];
  readonly isReadOnly: boolean;
  /** Where to go, told anew for each wish. */
  readonly goTo: { readonly line: number; readonly column: number } | undefined;
  readonly onInput: (text: string) => void;
  readonly onSave: () => void;
}

const [fewestLines, mostLines] = [16, 34];
/** As `configuration.css` has it. */
const lineHeightPx = 20;

export function Editor({ text, issues, isReadOnly, goTo, onInput, onSave }: EditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = text.split('\n');
  const wrong = new Map(issues.map((issue) => [issue.line, issue.message]));
  const follow = (): void => {
    if (gutter.current && field.current) gutter.current.scrollTop = field.current.scrollTop;
  };
  useEffect(() => {
    if (!goTo || !field.current) return;
    const offset = lines.slice(0, goTo.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + goTo.column - 1;
    field.current.focus();
    field.current.setSelectionRange(offset, offset);
    field.current.scrollTop = Math.max(0, (goTo.line - 4) * lineHeightPx);
    follow();
  }, [goTo]);
  return (
    <div class="editor">
      <div ref={gutter} class="editor-gutter" aria-hidden="true">
        {lines.map((_, index) => (
          <span key={index} {...(wrong.has(index + 1) ? { class: 'editor-wrong', title: wrong.get(index + 1) } : {})}>
            {index + 1}
          </span>
        ))}
      </div>
      <textarea
        ref={field}
        class="editor-text"
        aria-label="Text of the configuration, JSON5"
        {...(issues.length > 0 ? { 'aria-invalid': true, 'aria-describedby': 'editor-issues' } : {})}
        rows={Math.min(mostLines, Math.max(fewestLines, lines.length + 1))}
        wrap="off"
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        readOnly={isReadOnly}
        value={text}
        onInput={(event) => onInput(event.currentTarget.value)}
        onScroll={follow}
        onKeyDown={(event) => {
          if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          onSave();
        }}
      />
    </div>
  );
}
