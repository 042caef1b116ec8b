/** Parts of one page that have addresses of their own. */
export interface Tab {
  readonly href: string;
  readonly label: string;
  readonly isCurrent: boolean;
}

export function Tabs({ label, tabs }: { readonly label: string; readonly tabs: readonly Tab[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.href} class="tab" href={tab.href} {...(tab.isCurrent ? { 'aria-current': 'page' as const } : {})}>
          {tab.label}
        </a>
      ))}
    </nav>
  );
}
