/** Lengths of time as the analysis counts them. */

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
