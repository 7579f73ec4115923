import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#main/util/clock.ts';

/** Who may open a socket. Kept in memory only, and of every secret only its digest. */
export interface Sessions {
  /**
   * A new launch token: 256 bits, base64url, good once.
   * @param lifetime milliseconds within which it must be redeemed
   */
  issueLaunchToken(lifetime?: number): string;
  /** Exchanges a launch token for a session secret; undefined where it is wrong, used or too old. */
  redeem(token: string): string | undefined;
  isSession(secret: string): boolean;
}

/** Long enough for a browser to start on a slow machine. */
export const LAUNCH_LIFETIME = 60_000;
/** For an address that is printed and opened by hand. */
export const PRINTED_LAUNCH_LIFETIME = 10 * 60_000;
const MAX_LAUNCH_TOKENS = 16;
const MAX_SESSIONS = 64;

/** Makes the sessions of one run; they end with the process. */
export const createSessions = (clock: Clock): Sessions => {
  let launches: readonly { readonly digest: Buffer; readonly expires: number }[] = [];
  let sessions: readonly Buffer[] = [];
  return {
    issueLaunchToken: (lifetime = LAUNCH_LIFETIME) => {
      const token = newSecret();
      const launch = { digest: digestOf(token), expires: clock.now() + lifetime };
      launches = [...launches.slice(1 - MAX_LAUNCH_TOKENS), launch];
      return token;
    },
    redeem: (token) => {
      const digest = digestOf(token);
      const launch = launches.find((known) => timingSafeEqual(known.digest, digest));
      if (launch === undefined) return undefined;
      launches = launches.filter((known) => known !== launch);
      if (clock.now() > launch.expires) return undefined;
      const secret = newSecret();
      sessions = [...sessions.slice(1 - MAX_SESSIONS), digestOf(secret)];
      return secret;
    },
    isSession: (secret) => {
      const digest = digestOf(secret);
      return sessions.some((known) => timingSafeEqual(known, digest));
    },
  };
};

const newSecret = (): string => randomBytes(32).toString('base64url');
const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();
