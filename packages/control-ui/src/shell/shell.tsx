/** The frame around the pages: navigation, the state of the gateway, banners, and keys that lead everywhere. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { Claw, Icon } from '../components/icon.tsx';
import { pages } from '../pages/index.ts';
import type { Page } from '../pages/page.ts';
import { Banners } from './banners.tsx';
import { Navigation } from './navigation.tsx';
import { ShortcutHelp, useShortcuts } from './shortcuts.tsx';

export function Shell() {
  const { route: routeSignal } = useApp();
  const route = routeSignal.value;
  const page = pages.find(({ id }) => id === route.page) ?? (route.page === '' ? pages[0] : undefined);
  const [menuOpen, setMenuOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  useShortcuts({ onHelp: () => setHelpOpen(true) });
  useEffect(() => setMenuOpen(false), [route]);
  useEffect(() => {
    document.title = page === undefined ? 'OpenClaw' : `${page.title} · OpenClaw`;
  }, [page]);
  return (
    <div class={`shell ${menuOpen ? 'menu-open' : ''}`}>
      <a class="skip" href={`#/${route.page}`} onClick={() => main.current?.focus()}>
        Skip to the page
      </a>
      <header class="top">
        <button
          type="button"
          class="icon-button"
          aria-label={menuOpen ? 'Close the menu' : 'Open the menu'}
          aria-expanded={menuOpen}
          aria-controls="navigation"
          onClick={() => setMenuOpen(!menuOpen)}
        >
          <Icon name={menuOpen ? 'close' : 'menu'} />
        </button>
        <Claw size={22} />
        <span class="top-title">{page?.title ?? 'OpenClaw'}</span>
      </header>
      <Navigation current={page} onHelp={() => setHelpOpen(true)} />
      <div class="veil" onClick={() => setMenuOpen(false)} />
      <main ref={main} tabIndex={-1}>
        <Banners />
        {page === undefined ? <NoPage /> : <OpenPage key={page.id} page={page} />}
      </main>
      {helpOpen && <ShortcutHelp onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

function OpenPage({ page }: { readonly page: Page }) {
  const { route } = useApp();
  return (
    <div class={`page page-${page.id}`}>
      <page.View route={route.value} />
    </div>
  );
}

function NoPage() {
  return (
    <div class="page">
      <div class="empty">
        <p class="empty-title">There is no such page</p>
        <p class="note">
          <a href={`#/${pages[0].id}`}>Go to {pages[0].title}</a>
        </p>
      </div>
    </div>
  );
}
