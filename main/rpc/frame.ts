/** Reading what a caller sent: nothing of it is believed before it has passed here. */

/** A call whose envelope is sound; its input is still unchecked by the method's schema. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly input: unknown;
}

/** `id` is there when the caller can be told; a frame without a usable id is dropped. */
export type ReadFrame =
  | { readonly ok: true; readonly call: Call }
  | { readonly ok: false; readonly id: number | undefined; readonly reason: string };

export interface FrameLimits {
  /** Characters of all texts and keys, plus one per value. */
  readonly size: number;
  readonly depth: number;
}

const keysOfCall: ReadonlySet<string> = new Set(['kind', 'id', 'method', 'input']);
const MAX_METHOD_LENGTH = 128;

/** Checks one untrusted frame: a plain, bounded tree with the four fields of a call. Never throws. */
export const readFrame = (frame: unknown, limits: FrameLimits): ReadFrame => {
  if (!isPlainObject(frame)) return { ok: false, id: undefined, reason: 'not an object' };
  const { kind, id, method, input } = frame;
  const usableId = typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
  const refuse = (reason: string): ReadFrame => ({ ok: false, id: usableId, reason });
  if (usableId === undefined) return refuse('no usable id');
  if (kind !== 'call') return refuse('not a call');
  if (typeof method !== 'string' || method.length > MAX_METHOD_LENGTH) return refuse('no usable method');
  if (Object.keys(frame).some((key) => !keysOfCall.has(key))) return refuse('unexpected field');
  const fault = measure(input, limits);
  return fault === undefined ? { ok: true, call: { id: usableId, method, input } } : refuse(fault);
};

/**
 * Electron's structured clone lets cycles, maps, dates and byte arrays through, the WebSocket only JSON.
 * Both hosts admit the same: what JSON can say. `__proto__` as a key is never data.
 * @returns what is wrong, or undefined
 */
const measure = (root: unknown, limits: FrameLimits): string | undefined => {
  let left = limits.size;
  const visit = (value: unknown, depth: number): string | undefined => {
    left -= typeof value === 'string' ? value.length + 1 : 1;
    if (left < 0) return 'too large';
    if (value === null || value === undefined) return undefined;
    if (typeof value !== 'object')
      return typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol'
        ? 'not plain data'
        : undefined;
    if (depth >= limits.depth) return 'too deep';
    if (Array.isArray(value)) {
      // A sparse array claims a length that nothing was sent for.
      if (value.length > left) return 'too large';
      return first(value, (item) => visit(item, depth + 1));
    }
    if (!isPlainObject(value)) return 'not plain data';
    return first(Object.keys(value), (key) => {
      left -= key.length;
      return key === '__proto__' ? 'forbidden key' : visit(value[key], depth + 1);
    });
  };
  return visit(root, 0);
};

const first = <T>(items: readonly T[], look: (item: T) => string | undefined): string | undefined => {
  for (const item of items) {
    const fault = look(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
