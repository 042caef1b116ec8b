/** The door of the memory analysis: pure functions over traces, which know neither where samples come from nor who asks. */
export { analyseMemory } from './analyse.ts';
export { checkMemoryTrace, readMemoryTrace } from './read-trace.ts';
export { renderAnalysis, renderRecommendation } from './report.ts';
export { recommendMemory } from './right-size.ts';
export { drawMemoryTrend, drawTrend } from './trend-chart.ts';
