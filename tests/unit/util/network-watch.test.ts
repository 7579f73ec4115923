import { expect, it } from 'vitest';
import { watchNetwork } from '#main/util/network-watch.ts';

it('tells about another network, not about none, and stops when disposed', () => {
  let addresses = 'eth0 192.0.2.1';
  let timer: (() => void) | undefined;
  const clock = {
    now: () => 0,
    after: (_: number, act: () => void) => {
      timer = act;
      return () => {
        timer = undefined;
      };
    },
  };
  let changes = 0;
  const watch = watchNetwork(
    clock,
    () => changes++,
    () => addresses,
  );
  const tick = (now: string): void => {
    addresses = now;
    timer?.();
  };
  tick('eth0 192.0.2.1');
  expect(changes).toBe(0);
  tick('');
  expect(changes).toBe(0);
  tick('wlan0 198.51.100.7');
  expect(changes).toBe(1);
  watch.dispose();
  tick('eth0 192.0.2.1');
  expect(changes).toBe(1);
});
