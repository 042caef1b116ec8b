/** Numbers, durations, sizes, money and times as people read them. The same width for the same kind, so that columns align. */

/** What stands where nothing is known. */
export const unknown = '–';

const plain = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1,234 up to ten thousand, then 12.3k, 4.5M. */
export function formatCount(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return unknown;
  if (Math.abs(count) < 10_000) return plain.format(count);
  return scaled(count, 1000, ['', 'k', 'M', 'G', 'T']);
}

/** Of something per second: 0, 0.4, 12, 1.2k. */
export function formatRate(rate: number | null | undefined): string {
  if (rate === null || rate === undefined || !Number.isFinite(rate)) return unknown;
  if (rate === 0) return '0';
  if (rate < 10) return rate < 0.01 ? '<0.01' : trimZeros(rate.toFixed(rate < 1 ? 2 : 1));
  return formatCount(Math.round(rate));
}

/** 0.4 ms, 12 ms, 1.24 s, 3 min, 2 h 5 min, 4 d 3 h. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return unknown;
  if (ms < 1) return ms === 0 ? '0 ms' : `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${trimZeros((ms / 1000).toFixed(ms < 9995 ? 2 : 1))} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(`${hours} h`, minutes % 60, 'min');
  return joined(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
}

/** 512 B, 1.5 MiB. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return unknown;
  return scaled(bytes, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
}

/** A share of 0 to 1: 0 %, 0.3 %, 12 %, 99.7 %, 100 %; never 100 % where something is missing from it. */
export function formatPercent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return unknown;
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.1) return '<0.1 %';
  if (percent > 99.9 && percent < 100) return '>99.9 %';
  return `${percent < 10 || percent > 90 ? trimZeros(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** $0, $0.0012, $0.34, $12.50, $1,234; from US$. */
export function formatUsd(usd: number | null | undefined): string {
  if (usd === null || usd === undefined || !Number.isFinite(usd)) return unknown;
  if (usd === 0) return '$0';
  if (usd < 0.0001) return '<$0.0001';
  if (usd < 0.1) return `$${usd.toPrecision(2)}`;
  return usd < 1000 ? `$${usd.toFixed(2)}` : `$${plain.format(usd)}`;
}

/** The same from billionths of a US$. */
export const formatNanoUsd = (nanoUsd: number | null | undefined): string =>
  formatUsd(nanoUsd === null || nanoUsd === undefined ? nanoUsd : nanoUsd / 1e9);

const pad = (value: number): string => String(value).padStart(2, '0');

/** The clock of whoever looks: 14:03:09. */
export function formatClock(time: number | string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return unknown;
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** 2026-11-21 14:03, in the time of whoever looks. */
export function formatTime(time: number | string | null | undefined): string {
  if (time === null || time === undefined) return unknown;
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return unknown;
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** "just now", "5 min ago", "in 3 d 2 h". */
export function formatAgo(time: number | string | null | undefined, nowMs: number): string {
  if (time === null || time === undefined) return unknown;
  const away = new Date(time).getTime() - nowMs;
  if (Number.isNaN(away)) return unknown;
  if (Math.abs(away) < 5000) return 'just now';
  const length = formatDuration(Math.abs(away) < 60_000 ? Math.round(Math.abs(away) / 1000) * 1000 : Math.abs(away));
  return away < 0 ? `${length} ago` : `in ${length}`;
}

/** 1 request, 2 requests. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${formatCount(count)} ${count === 1 ? one : many}`;

function scaled(value: number, step: number, units: readonly string[]): string {
  let amount = value;
  let index = 0;
  // 999.95 would be written as 1000.
  while (Math.abs(amount) >= step - 0.05 * (index === 0 ? 0 : 1) && index < units.length - 1) {
    amount /= step;
    index += 1;
  }
  const digits = index === 0 || Math.abs(amount) >= 100 ? 0 : 1;
  return `${trimZeros(amount.toFixed(digits))}${units[index] ?? ''}`;
}

const trimZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

const joined = (first: string, rest: number, unit: string): string => (rest === 0 ? first : `${first} ${rest} ${unit}`);
