/** Processes that a bench starts, and talks to. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** Ends a process by its id and waits for it; SIGKILL where it takes longer than 10 s. */
export const end = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
};

/** A script of `scripts/bench/children` in a Node of its own: one answer for each question. */
export interface Helper<Question, Answer> {
  /** Rejects with what the helper wrote to stderr where it ends instead of answering. */
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** @param name of the file in `children`, without its ending */
export const startHelper = <Question, Answer>(
  name: string,
  env: NodeJS.ProcessEnv,
): Helper<Question, Answer> => {
  const script = path.join(import.meta.dirname, 'children', `${name}.ts`);
  const child = fork(script, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${name} ended early:\n${errors}`);
  });
  ended.catch(() => undefined);
  return {
    ask: async (question) => {
      const answered = once(child, 'message');
      child.send(question as object);
      const [answer] = (await Promise.race([answered, ended])) as [Answer];
      return answer;
    },
    stop: () => end(child),
  };
};

/** The helper's side: answers questions one after the other until the bench lets go of it. */
export const serve = <Question, Answer>(answer: (question: Question) => Promise<Answer> | Answer): void => {
  process.on('message', (question) => {
    void (async () => {
      process.send?.(await answer(question as Question));
    })();
  });
  // The bench has ended, however that happened.
  process.once('disconnect', () => process.exit());
};
