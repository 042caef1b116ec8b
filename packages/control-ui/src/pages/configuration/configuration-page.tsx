/** The configuration: as a form, as text, and as it was. In rescue mode it is here that it is mended. */
import { useApp } from '../../app-context.ts';
import { Loaded } from '../../components/feedback.tsx';
import { PageHead } from '../../components/page-head.tsx';
import { useLive } from '../../live/use-live.ts';
import type { Page, PageProps } from '../page.ts';
import { FilePart } from './file-part.tsx';
import { FormPart } from './form-part.tsx';
import { HistoryPart } from './history-part.tsx';
import { ConfigTabs, StatusNotices } from './status-card.tsx';
import { useConfiguration } from './use-configuration.ts';
import type { History } from './wire.ts';
import './configuration.css';

export const configurationPage: Page = {
  id: 'configuration',
  title: 'Configuration',
  icon: 'configuration',
  group: 'Manage',
  shortcut: 'f',
  View: ConfigurationPage,
};

function ConfigurationPage({ route }: PageProps) {
  const { connection, health } = useApp();
  const { status, file, schema, refresh } = useConfiguration();
  const history = useLive((signal) => connection.request<History>('config.history', {}, { signal }), {
    again: `${connection.epoch.value} ${status.value?.version ?? ''} ${status.value?.hash ?? ''}`,
  });
  const isBroken = status.value !== undefined && status.value.state !== 'current';
  // What is broken is mended in its text: a form may not be able to show it.
  const [part = isBroken ? 'file' : 'form', opened] = route.rest;
  const isReadOnly = status.value?.isReadOnly ?? false;
  const afterWrite = (): void => {
    refresh();
    history.refresh();
    health.refresh();
  };
  return (
    <>
      <PageHead title="Configuration" note={status.value?.path} />
      <Loaded live={status} lines={1}>
        {(now) => <StatusNotices status={now} />}
      </Loaded>
      <ConfigTabs part={part} versions={history.value?.total} />
      <Loaded live={file} lines={8}>
        {(current) => (
          <>
            {/* Both stay, so that going to look at the other loses no edits. */}
            <div hidden={part !== 'form'}>
              <Loaded live={schema} lines={8}>
                {(described) => <FormPart {...{ file: current, schema: described, isReadOnly }} refresh={afterWrite} />}
              </Loaded>
            </div>
            <div hidden={part !== 'file'}>
              <FilePart {...{ file: current, isReadOnly }} maySaveSame={status.value?.state === 'rescue'} refresh={afterWrite} />
            </div>
            {part === 'history' && (
              <HistoryPart
                {...{ history, isReadOnly }}
                fileText={current.raw ?? ''}
                opened={opened !== undefined && /^\d+$/.test(opened) ? Number(opened) : undefined}
                against={route.query['against']}
                refresh={afterWrite}
              />
            )}
          </>
        )}
      </Loaded>
    </>
  );
}
