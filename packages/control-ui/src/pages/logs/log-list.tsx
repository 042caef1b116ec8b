/** The lines themselves, the newest last; each opens to all that it says. It stays at the end while one looks there. */
import { Component } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { CopyButton } from '../../components/copy.tsx';
import { Icon } from '../../components/icon.tsx';
import { formatClock } from '../../format.ts';
import { errorOf, flattenFields, summaryOf, type LogLine } from './log-lines.ts';

/** More are shown when they are asked for: what is not looked at need not be drawn. */
const shownStep = 300;
const nearEndPx = 40;

export function LogList({ lines }: { readonly lines: readonly LogLine[] }) {
  const [limit, setLimit] = useState(shownStep);
  const [isAtEnd, setAtEnd] = useState(true);
  const list = useRef<HTMLDivElement>(null);
  const lastId = lines.at(-1)?.id;
  const toEnd = (): void => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
    setAtEnd(true);
  };
  useEffect(() => {
    if (isAtEnd) toEnd();
  }, [lastId, lines.length]);
  const onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = list.current ?? { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };
    setAtEnd(scrollHeight - scrollTop - clientHeight < nearEndPx);
  };
  const hidden = Math.max(0, lines.length - limit);
  return (
    <div class="log-frame">
      <div ref={list} class="log" role="log" aria-label="Lines of the log" aria-live="off" tabIndex={0} onScroll={onScroll}>
        {hidden > 0 && (
          <button type="button" class="button button-small log-more" onClick={() => setLimit(limit + shownStep)}>
            Show {Math.min(hidden, shownStep)} earlier
          </button>
        )}
        {lines.slice(hidden).map((line) => (
          <Line key={line.id} line={line} />
        ))}
      </div>
      {!isAtEnd && (
        <button type="button" class="button button-small log-end" onClick={toEnd}>
          Go to the end
        </button>
      )}
    </div>
  );
}

interface LineProps {
  readonly line: LogLine;
}

/** A class, because only they can say that nothing changed: a second must not draw hundreds of lines anew. */
class Line extends Component<LineProps, { readonly isOpen: boolean }> {
  override state = { isOpen: false };

  override shouldComponentUpdate({ line }: LineProps, { isOpen }: { readonly isOpen: boolean }): boolean {
    return line !== this.props.line || isOpen !== this.state.isOpen;
  }

  override render({ line }: LineProps, { isOpen }: { readonly isOpen: boolean }) {
    const { level = 'info', time, component, message } = line;
    const error = errorOf(line);
    const summary = summaryOf(line);
    return (
      <div class={`log-line log-is-${level}`}>
        <button type="button" class="log-head" aria-expanded={isOpen} onClick={() => this.setState({ isOpen: !isOpen })}>
          <Icon name="chevron" size={14} />
          <time class="log-time" title={time}>
            {time === undefined ? '' : formatClock(time)}
          </time>
          <span class="log-level">{level}</span>
          <span class="log-message">
            {component !== undefined && <span class="log-component">{component}</span>}
            {message}
            {error !== undefined && <span class="log-error">{error}</span>}
            {summary !== '' && !isOpen && <span class="log-more-words">{summary}</span>}
          </span>
        </button>
        {isOpen && <Fields line={line} />}
      </div>
    );
  }
}

function Fields({ line }: LineProps) {
  const { time, fields, raw } = line;
  return (
    <div class="log-fields">
      <dl class="facts mono">
        {time !== undefined && (
          <>
            <dt>time</dt>
            <dd>{time}</dd>
          </>
        )}
        {flattenFields(fields).map(([name, value]) => (
          <FieldRow key={name} name={name} value={value} />
        ))}
      </dl>
      <CopyButton text={raw} label="the line" />
    </div>
  );
}

function FieldRow({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{name.endsWith('requestId') && /^req_\w+$/.test(value) ? <a href={`#/models/requests/${value}`}>{value}</a> : value}</dd>
    </>
  );
}
