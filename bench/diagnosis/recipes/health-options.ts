/** Options of `docker run` for a check every second. */
export function checkOptions(command: string, { startPeriod = '0s' } = {}): readonly string[] {
  return [
    ...['--health-cmd', command, '--health-interval', '1s', '--health-timeout', '1s'],
    ...['--health-retries', '2', '--health-start-period', startPeriod],
  ];
}
