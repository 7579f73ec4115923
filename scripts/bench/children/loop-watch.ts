/**
 * Loaded into a measured process before the application (`--import`): how long its main thread was ever kept
 * busy, and what it has computed so far. Answers each message of its parent.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoopAnswer, LoopQuestion } from '../host.ts';

const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();

process.on('message', (question: LoopQuestion) => {
  const { user, system } = process.cpuUsage();
  const answer: LoopAnswer = { longestMs: delays.max / 1e6, busyMs: (user + system) / 1_000 };
  if (question === 'restart') delays.reset();
  process.send?.(answer);
});
// The application ends when it wants to, not when nobody asks any more.
process.channel?.unref();
