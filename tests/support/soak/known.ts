import type { Act } from './acts.ts';

const pause = (ms: number): Act => ({ act: 'pause', ms });

/** Sequences in which something once went wrong, by what that was. Each has a test of its own besides. */
export const knownSequences: Readonly<Record<string, readonly Act[]>> = {
  'what was scheduled under a clock ahead did not leave before the clock was right': [
    { act: 'clock', device: 'ada-desktop', aheadMs: 3_600_000 },
    { act: 'cut', device: 'ada-desktop' },
    { act: 'refuse', device: 'ada-desktop' },
    { act: 'schedule', device: 'ada-desktop', ms: 267, cancel: false },
    pause(66),
  ],
  'a reaction under a wrong clock outlived the next one': [
    { act: 'send', device: 'ada-laptop', count: 1 },
    pause(300),
    { act: 'clock', device: 'bob-desktop', aheadMs: 3_600_000 },
    { act: 'react', device: 'bob-desktop', pick: 1, emoji: '👍', on: true },
    pause(200),
    { act: 'clock', device: 'bob-desktop', aheadMs: -5_000 },
    pause(50),
    { act: 'react', device: 'bob-laptop', pick: 1, emoji: '❤️', on: true },
    pause(300),
  ],
  'the reactions of two computers crossed': [
    { act: 'send', device: 'ada-laptop', count: 1 },
    pause(300),
    { act: 'delay', device: 'bob-desktop', ms: 100 },
    { act: 'delay', device: 'bob-laptop', ms: 100 },
    { act: 'react', device: 'bob-desktop', pick: 1, emoji: '👍', on: true },
    { act: 'react', device: 'bob-laptop', pick: 1, emoji: '❤️', on: true },
    pause(400),
  ],
  'what was written under a clock ahead had read what was still to come': [
    { act: 'clock', device: 'bob-desktop', aheadMs: 3_600_000 },
    { act: 'send', device: 'bob-desktop', count: 2 },
    { act: 'schedule', device: 'bob-desktop', ms: 300, cancel: true },
    pause(200),
    { act: 'clock', device: 'bob-desktop', aheadMs: -3_600_000 },
    { act: 'send', device: 'bob-desktop', count: 1 },
    { act: 'send', device: 'ada-laptop', count: 2 },
    pause(300),
  ],
  'a message that was deleted here came back by its edit': [
    { act: 'send', device: 'bob-desktop', count: 1 },
    pause(300),
    { act: 'delete', device: 'bob-desktop', pick: 1 },
    { act: 'edit', device: 'bob-laptop', pick: 1 },
    pause(300),
  ],
  'a reaction overtook the message that waited for its time': [
    { act: 'schedule', device: 'bob-laptop', ms: 250, cancel: false },
    { act: 'react', device: 'bob-laptop', pick: 1, emoji: '👍', on: true },
    pause(400),
  ],
};
