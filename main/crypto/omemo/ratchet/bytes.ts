/** Byte strings: joined, compared without telling where they differ, erased, and packed into records. */
import { timingSafeEqual } from 'node:crypto';

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** In a time that depends on the length alone. */
export const equalBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

/** Overwrites secrets that are not needed any more; copies made by the garbage collector are out of reach. */
export const wipe = (...secrets: readonly (Uint8Array | undefined)[]): void => {
  for (const secret of secrets) secret?.fill(0);
};

/** Whether all bytes are zero, in a time that depends on the length alone. */
export const isZero = (bytes: Uint8Array): boolean => {
  let any = 0;
  for (const byte of bytes) any |= byte;
  return any === 0;
};

/** Writes numbers and byte strings one after the other. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  #room(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      // What is left behind holds keys.
      wipe(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }

  uint8(value: number): this {
    const at = this.#room(1);
    this.#bytes[at] = value;
    return this;
  }

  uint32(value: number): this {
    const at = this.#room(4);
    new DataView(this.#bytes.buffer).setUint32(at, value);
    return this;
  }

  /** Bytes whose number the reader knows. */
  fixed(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Bytes with their number in front. */
  sized(bytes: Uint8Array): this {
    return this.uint32(bytes.length).fixed(bytes);
  }

  /** What was written; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    wipe(this.#bytes);
    this.#length = 0;
    return taken;
  }
}

/** Reads what a ByteWriter wrote. All methods throw RangeError where the bytes end too early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  uint8(): number {
    return this.fixed(1)[0] ?? 0;
  }

  uint32(): number {
    const part = this.fixed(4);
    return new DataView(part.buffer, part.byteOffset, 4).getUint32(0);
  }

  /** A view, not a copy. */
  fixed(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('the bytes end too early');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  sized(): Uint8Array {
    return this.fixed(this.uint32());
  }
}
