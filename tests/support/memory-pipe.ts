import type { Pipe } from '#shared/pipe.ts';

/** Two connected pipes in one process. Frames are cloned, as every real pipe does. */
export const memoryPipes = (): readonly [Pipe & { close(): void }, Pipe & { close(): void }] => {
  interface End {
    receive?: (frame: unknown) => void;
    closed?: () => void;
  }
  const ends: readonly [End, End] = [{}, {}];
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    for (const end of ends) end.closed?.();
  };
  const pipe = (own: End, other: End): Pipe & { close(): void } => ({
    send: (frame) => {
      const copy: unknown = structuredClone(frame);
      queueMicrotask(() => {
        if (open) other.receive?.(copy);
      });
    },
    onFrame: (receive) => {
      own.receive = receive;
    },
    onClose: (closed) => {
      own.closed = closed;
    },
    close,
  });
  return [pipe(ends[0], ends[1]), pipe(ends[1], ends[0])];
};
