/** The pages in the order of the navigation; the first is where one starts. */
import { chatPage } from './chat/chat-page.tsx';
import { keysPage } from './keys/keys-page.tsx';
import { modelsPage } from './models/models-page.tsx';
import { overviewPage } from './overview/overview-page.tsx';
import type { Page } from './page.ts';

export const pages: readonly [Page, ...Page[]] = [overviewPage, modelsPage, chatPage, keysPage];
