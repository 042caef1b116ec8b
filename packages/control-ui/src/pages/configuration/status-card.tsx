/** Whether the file holds, what is wrong with it, what waits for a restart, and whether it can be written. */
import { Notice, Words } from '../../components/feedback.tsx';
import { plural } from '../../format.ts';
import { routeHash } from '../../routing.ts';
import { wordsOf, type ConfigStatus, type Issue } from './wire.ts';

const states = {
  refused: 'The file was refused. What held before stays in force.',
  lastGood: 'The file is broken. The last good version is in force since the start.',
  rescue:
    'Rescue mode: no configuration is in force, and no models are served. Mend the file here; the gateway goes on at once, without a restart.',
} as const;

export function StatusNotices({ status }: { readonly status: ConfigStatus }) {
  const { state, issues, needsRestart, isReadOnly } = status;
  return (
    <div class="config-notices">
      {state !== 'current' && (
        <Notice tone={state === 'rescue' ? 'bad' : 'warn'}>
          <p>{states[state]}</p>
          {state === 'rescue' && issues.length === 0 && (
            <p class="note">Nothing is wrong with the file: this mode was asked for. Save it to leave the mode.</p>
          )}
          <IssueList issues={issues} />
        </Notice>
      )}
      {needsRestart.length > 0 && (
        <Notice tone="info">
          <p>Holds after the next restart: {needsRestart.map((path, index) => [index > 0 && ', ', <code key={path}>{path}</code>])}</p>
        </Notice>
      )}
      {isReadOnly && <ReadOnly />}
    </div>
  );
}

export interface IssueListProps {
  readonly issues: readonly Issue[];
  /** Off where the lines are not those of the file. @default true */
  readonly hasPlaces?: boolean;
  readonly onGo?: (issue: Issue) => void;
}

export function IssueList({ issues, hasPlaces = true, onGo }: IssueListProps) {
  return (
    <ul class="issues">
      {issues.map((issue) => (
        <li key={`${issue.message}`}>
          {hasPlaces &&
            issue.line !== undefined &&
            (onGo ? (
              <button type="button" class="link issue-place" onClick={() => onGo(issue)}>
                Line {issue.line}
              </button>
            ) : (
              <span class="issue-place">Line {issue.line}</span>
            ))}
          <span>
            {wordsOf(issue)}{' '}
            <span class="issue-hint">
              <Words text={issue.hint} />
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** Where the remedy lies depends on what made it so; the gateway cannot tell which. */
function ReadOnly() {
  return (
    <Notice tone="info">
      <p>The file cannot be written from here. Edit it where it comes from; the gateway takes the change up by itself.</p>
      <ul class="issues">
        <li>
          From a ConfigMap or a Secret of Kubernetes:&nbsp;<code>kubectl edit configmap NAME</code>
        </li>
        <li>
          From a volume with&nbsp;<code>:ro</code>: on the host, or mount it without&nbsp;<code>:ro</code>
        </li>
        <li>
          Made read-only by its owner:&nbsp;<code>chmod u+w</code>
        </li>
      </ul>
    </Notice>
  );
}

export function ConfigTabs({ part, versions }: { readonly part: string; readonly versions: number | undefined }) {
  const tabs = [
    ['form', 'Settings'],
    ['file', 'File'],
    ['history', versions === undefined ? 'History' : `History, ${plural(versions, 'version')}`],
  ] as const;
  return (
    <nav class="tabs" aria-label="Parts of this page">
      {tabs.map(([id, label]) => (
        <a key={id} class="tab" href={routeHash(['configuration', id])} {...(id === part ? { 'aria-current': 'page' as const } : {})}>
          {label}
        </a>
      ))}
    </nav>
  );
}
