import { networkInterfaces } from 'node:os';
import type { Clock } from './clock.ts';
import type { Disposable } from './disposables.ts';

/** Nobody waits longer than this for the news that the cable is back. */
const INTERVAL_MS = 4_000;

/** The addresses of this computer as one comparable text; those of the loopback interface say nothing. */
const systemAddresses = (): string =>
  Object.entries(networkInterfaces())
    .flatMap(([name, addresses]) =>
      (addresses ?? []).flatMap(({ address, internal }) => (internal ? [] : [`${name} ${address}`])),
    )
    .toSorted()
    .join('\n');

/**
 * Tells when the addresses of this computer have changed: another network, a cable, a VPN. Node has no
 * event for that. Says nothing about whether the new network leads anywhere.
 */
export const watchNetwork = (
  clock: Clock,
  changed: () => void,
  read: () => string = systemAddresses,
): Disposable => {
  let known = read();
  let cancel = (): void => undefined;
  const look = (): void => {
    const now = read();
    cancel = clock.after(INTERVAL_MS, look);
    if (now === known) return;
    known = now;
    // Without any address there is nothing to try; a dead connection shows itself when they are back.
    if (now !== '') changed();
  };
  cancel = clock.after(INTERVAL_MS, look);
  return { dispose: () => cancel() };
};
