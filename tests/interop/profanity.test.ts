import path from 'node:path';
import { describe, it } from 'vitest';
import { ProfanityPeer, startProfanity } from '#tests/support/peers/profanity.ts';
import { tellOmemoStories } from './omemo-stories.ts';

/** Profanity 0.13 of Debian 12, with libsignal-protocol-c. */
const { meet, folder } = tellOmemoStories('Profanity', startProfanity);

describe('a session that was broken', () => {
  it('by the loss of their keys is replaced by their next message', async () => {
    const scene = await meet();
    await scene.tell('before');
    await scene.hear('before, too');
    await scene.stopPeer();
    ProfanityPeer.loseSessions(path.join(folder(), scene.bob));
    await scene.startPeer();
    await scene.hear('a new start');
    await scene.tell('all is well');
    await scene.hear('so it is');
  });
});
