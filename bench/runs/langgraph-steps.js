/**
 * The same work on LangGraph.js with its SQLite checkpointer: a graph whose one node adds 2 KB to its state, as often as there are steps. Run with the
 * Node that its native module was built for: `node langgraph-steps.js RUNS STEPS-PER-RUN DATABASE PEERS-DIRECTORY`; prints JSON.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [runs, stepsPerRun, database, peers] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4], process.argv[5]];
const require = createRequire(join(peers, 'package.json'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const [{ StateGraph, Annotation, START, END }, { SqliteSaver }] = await Promise.all([
  load('@langchain/langgraph'),
  load('@langchain/langgraph-checkpoint-sqlite'),
]);

const payload = 'x'.repeat(2048);
const State = Annotation.Root({
  results: Annotation({ reducer: (before, more) => [...before, ...more], default: () => [] }),
});
const graph = new StateGraph(State)
  .addNode('note', ({ results }) => ({ results: [`${results.length} ${payload}`] }))
  .addEdge(START, 'note')
  .addConditionalEdges('note', ({ results }) => (results.length < stepsPerRun ? 'note' : END), ['note', END])
  .compile({ checkpointer: SqliteSaver.fromConnString(database) });

const startedMs = performance.now();
const ends = await Promise.all(
  Array.from({ length: runs }, (_, run) =>
    graph.invoke({}, { configurable: { thread_id: `run ${run}` }, recursionLimit: stepsPerRun + 10, durability: 'sync' }),
  ),
);
const seconds = (performance.now() - startedMs) / 1000;
const steps = ends.reduce((sum, { results }) => sum + results.length, 0);
console.log(JSON.stringify({ runs, steps, seconds, stepsPerSecond: steps / seconds, msPerStep: (seconds * 1000) / (steps / runs) }));
