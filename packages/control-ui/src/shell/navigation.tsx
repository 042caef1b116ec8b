/** Where one can go, how the gateway is, and what concerns this browser: colours, signing out. */
import { useApp } from '../app-context.ts';
import { Claw, Icon, type IconName } from '../components/icon.tsx';
import { StatusDot } from '../components/status.tsx';
import { formatDuration } from '../format.ts';
import { toneOfHealth } from '../live/health-watch.ts';
import { usePendingDevices } from '../live/pending-devices.ts';
import { pages } from '../pages/index.ts';
import type { Page } from '../pages/page.ts';
import { chooseTheme, theme, themes, type Theme } from '../theme.ts';

const groups = ['Watch', 'Use', 'Manage'] as const;

export function Navigation({ current, onHelp }: { readonly current: Page | undefined; readonly onHelp: () => void }) {
  const pending = usePendingDevices();
  return (
    <nav id="navigation" class="navigation" aria-label="Pages">
      <a class="brand" href={`#/${pages[0].id}`}>
        <Claw />
        <span>OpenClaw</span>
      </a>
      {groups.map((group) => {
        const inside = pages.filter((page) => page.group === group);
        return inside.length === 0 ? null : (
          <div key={group} class="nav-group">
            <p class="nav-title" id={`nav-${group}`}>
              {group}
            </p>
            <ul aria-labelledby={`nav-${group}`}>
              {inside.map((page) => (
                <NavItem key={page.id} page={page} isCurrent={page === current} count={page.id === 'devices' ? pending : 0} />
              ))}
            </ul>
          </div>
        );
      })}
      <NavFoot onHelp={onHelp} />
    </nav>
  );
}

interface NavItemProps {
  readonly page: Page;
  readonly isCurrent: boolean;
  readonly count: number;
}

function NavItem({ page, isCurrent, count }: NavItemProps) {
  return (
    <li>
      <a class="nav-item" href={`#/${page.id}`} {...(isCurrent ? { 'aria-current': 'page' as const } : {})}>
        <Icon name={page.icon} />
        <span>{page.title}</span>
        {count > 0 && (
          <span class="nav-count" aria-label={`${count} waiting`}>
            {count}
          </span>
        )}
      </a>
    </li>
  );
}

function NavFoot({ onHelp }: { readonly onHelp: () => void }) {
  const { connection } = useApp();
  return (
    <div class="nav-foot">
      <GatewayState />
      <div class="nav-tools">
        <ThemeSwitch />
        <button type="button" class="icon-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={onHelp}>
          <span class="key-mark" aria-hidden="true">
            ?
          </span>
        </button>
        <button type="button" class="icon-button" aria-label="Sign out" title="Sign out" onClick={() => void connection.signOut()}>
          <Icon name="leave" />
        </button>
      </div>
    </div>
  );
}

function GatewayState() {
  const { connection, health } = useApp();
  const summary = health.summary.value;
  if (connection.phase.value.kind !== 'online') {
    return (
      <p class="gateway-state" role="status">
        <StatusDot tone="bad" /> Not connected
      </p>
    );
  }
  const uptime = summary?.uptimeSeconds;
  return (
    <p class="gateway-state" role="status">
      <StatusDot tone={summary ? toneOfHealth[summary.status] : 'idle'} />
      <span>
        {summary ? summary.status : 'connected'}
        {summary && (
          <span class="note">
            {summary.version}
            {uptime !== undefined && ` · up ${formatDuration(uptime * 1000)}`}
          </span>
        )}
      </span>
    </p>
  );
}

const themeIcons: Readonly<Record<Theme, IconName>> = { system: 'system', light: 'sun', dark: 'moon' };
const themeNames: Readonly<Record<Theme, string>> = { system: 'as the system', light: 'light', dark: 'dark' };

function ThemeSwitch() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'system';
  const label = `Colours: ${themeNames[theme.value]}. Change to ${themeNames[next]}`;
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={() => chooseTheme(next)}>
      <Icon name={themeIcons[theme.value]} />
    </button>
  );
}
