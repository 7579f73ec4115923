/** As much of Protocol Buffers as the messages of OMEMO need: numbers up to 32 bits, and byte strings. */
import { concat } from './bytes.ts';

/** What a peer sent is not a message of this protocol. */
export class MalformedMessage extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedMessage';
  }
}

/** Ten bytes make 70 bits; no number that we read has more than five. */
const MAX_VARINT_BYTES = 10;
const MAX_UINT32 = 0xffff_ffff;

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const varint = (value: number): Uint8Array => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.of(...bytes, rest);
};

/** A field as `[number, value]`; undefined is left out. */
export type FieldEntry = readonly [number, number | Uint8Array | undefined];

/** The fields in the order given; writers everywhere use that of their numbers. */
export const encodeFields = (...fields: readonly FieldEntry[]): Uint8Array =>
  concat(
    ...fields.flatMap(([number, value]) => {
      if (value === undefined) return [];
      if (typeof value === 'number') return [varint(number * 8 + wireType.varint), varint(value)];
      return [varint(number * 8 + wireType.bytes), varint(value.length), value];
    }),
  );

/** The fields of a message; of a field that comes twice the last one counts, as the format wants. */
export class Fields {
  readonly #values = new Map<number, number | Uint8Array>();
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @throws MalformedMessage */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    while (this.#at < bytes.length) this.#readField();
  }

  /** @throws MalformedMessage where the field is missing or no byte string */
  bytes(number: number): Uint8Array {
    const value = this.#values.get(number);
    if (!(value instanceof Uint8Array)) throw new MalformedMessage(`field ${number} is no byte string`);
    return value;
  }

  /** Undefined where the field is missing. @throws MalformedMessage where it is no number of 32 bits */
  uint32(number: number): number | undefined {
    const value = this.#values.get(number);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || value > MAX_UINT32)
      throw new MalformedMessage(`field ${number} is no number of 32 bits`);
    return value;
  }

  #readField(): void {
    const tag = this.#varint();
    const number = Math.floor(tag / 8);
    if (number === 0 || tag > MAX_UINT32) throw new MalformedMessage('a field without a number');
    switch (tag % 8) {
      case wireType.varint:
        this.#values.set(number, this.#varint());
        return;
      case wireType.bytes:
        this.#values.set(number, this.#take(this.#varint()));
        return;
      // Of fields that a later version may add.
      case wireType.fixed64:
        this.#take(8);
        return;
      case wireType.fixed32:
        this.#take(4);
        return;
      default:
        throw new MalformedMessage('a field of an unknown type');
    }
  }

  /** Beyond 2^53 the number is not exact, and refused by whoever reads the field. */
  #varint(): number {
    let value = 0;
    for (let count = 0; count < MAX_VARINT_BYTES; count += 1) {
      const byte = this.#take(1)[0] ?? 0;
      value += (byte & 127) * 128 ** count;
      if (byte < 128) return value;
    }
    throw new MalformedMessage('a number without an end');
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new MalformedMessage('a field ends too early');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
