/** The pages in the order of the navigation; the first is where one starts. */
import { chatPage } from './chat/chat-page.tsx';
import { configurationPage } from './configuration/configuration-page.tsx';
import { devicesPage } from './devices/devices-page.tsx';
import { doctorPage } from './doctor/doctor-page.tsx';
import { keysPage } from './keys/keys-page.tsx';
import { logsPage } from './logs/logs-page.tsx';
import { modelsPage } from './models/models-page.tsx';
import { overviewPage } from './overview/overview-page.tsx';
import { runsPage } from './runs/runs-page.tsx';
import { workloadsPage } from './workloads/workloads-page.tsx';
import type { Page } from './page.ts';

export const pages: readonly [Page, ...Page[]] = [
  overviewPage,
  runsPage,
  workloadsPage,
  modelsPage,
  logsPage,
  doctorPage,
  chatPage,
  devicesPage,
  keysPage,
  configurationPage,
];
