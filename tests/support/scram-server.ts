import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

export type Digest = 'sha1' | 'sha256' | 'sha512';

/** The server's half of RFC 5802, for one exchange. */
export class ScramServer {
  readonly #digest: Digest;
  readonly #password: string;
  readonly #iterations: number;
  readonly #salt = Buffer.from('0123456789abcdef');
  #initial = '';
  #first = '';

  constructor(digest: Digest, password: string, iterations = 4096) {
    this.#digest = digest;
    this.#password = password;
    this.#iterations = iterations;
  }

  /** The challenge for a client's first message. */
  first(initial: string): string {
    this.#initial = initial;
    const nonce = /r=(.+)$/.exec(initial)?.[1] ?? '';
    this.#first = `r=${nonce}server,s=${this.#salt.toString('base64')},i=${this.#iterations}`;
    return this.#first;
  }

  /**
   * The signature for a client's final message; undefined where its proof or its channel binding is wrong.
   * @param gs2 the header that the client must have sent
   */
  final(final: string, gs2: string, binding: Uint8Array = new Uint8Array()): string | undefined {
    const digest = this.#digest;
    const hmac = (key: Uint8Array, data: string): Buffer => createHmac(digest, key).update(data).digest();
    const salted = pbkdf2Sync(
      this.#password,
      this.#salt,
      this.#iterations,
      { sha1: 20, sha256: 32, sha512: 64 }[digest],
      digest,
    );
    const withoutProof = final.replace(/,p=.*$/, '');
    const authMessage = `${this.#initial.slice(gs2.length)},${this.#first},${withoutProof}`;
    const storedKey = createHash(digest).update(hmac(salted, 'Client Key')).digest();
    const proof = Buffer.from(/,p=(.*)$/.exec(final)?.[1] ?? '', 'base64');
    const signature = hmac(storedKey, authMessage);
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] ?? 0)));
    const channel = Buffer.concat([Buffer.from(gs2), binding]).toString('base64');
    const isRight =
      this.#initial.startsWith(gs2) &&
      withoutProof.startsWith(`c=${channel},`) &&
      createHash(digest).update(clientKey).digest().equals(storedKey);
    return isRight ? `v=${hmac(hmac(salted, 'Server Key'), authMessage).toString('base64')}` : undefined;
  }
}
