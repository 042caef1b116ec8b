/** The drawings of the page: outlines of one weight that take the colour of the text around them. For the eye alone; words stand beside them. */
const paths = {
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
  chat: 'M4 5h16v11H9l-5 4z',
  models: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5',
  runs: 'M5 6h.01M9 6h10M5 12h.01M9 12h10M5 18h.01M9 18h6',
  workloads: 'M12 3l8 4-8 4-8-4zM4 12l8 4 8-4M4 16.5l8 4 8-4',
  keys: 'M14.5 9.5a4.5 4.5 0 1 1-4.4-4.5 4.5 4.5 0 0 1 4.4 4.5zM13.3 12.7L20 19.4M17 16.4l2-2',
  devices: 'M3 5h13v10H3zM7 19h5M9.5 15v4M18 9h3v10h-5v-2',
  configuration: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  logs: 'M5 4h14v16H5zM8.5 8.5h7M8.5 12h7M8.5 15.5h4',
  doctor: 'M3 12h4l2.5-7 4 14 2.5-7H21',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  system: 'M3 5h18v11H3zM9 20h6M12 16v4',
  plus: 'M12 5v14M5 12h14',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 4l9 16H3zM12 10v4M12 17v.1',
  info: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 11v5.5M12 7.8v.1',
  refresh: 'M20 12a8 8 0 1 1-2.4-5.7L20 8.5M20 4v4.5h-4.5',
  external: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  send: 'M4 12l16-8-6 16-3-7z',
  stop: 'M6 6h12v12H6z',
  edit: 'M4 20l1-4L16 5l3 3L8 19z',
  trash: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  leave: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  chevron: 'M9 6l6 6-6 6',
  search: 'M15.5 15.5L20 20M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0z',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export function Claw({ size = 26 }: { readonly size?: number }) {
  return (
    <svg class="claw" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M22.5 8.5a9.5 9.5 0 1 0 2 11.6l-5.2-2.2a4 4 0 1 1-1.2-4.6l2.3-.3z" />
    </svg>
  );
}
