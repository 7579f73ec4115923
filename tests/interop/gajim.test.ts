import path from 'node:path';
import { describe, it } from 'vitest';
import { GajimPeer, reasonForNoGajim, startGajim } from '#tests/support/peers/gajim.ts';
import { clientOf, tellOmemoDamageStory, tellOmemoPhoneStory } from './omemo-further-stories.ts';
import { tellOmemoStories } from './omemo-stories.ts';

/** Gajim 1.7 of Debian 12 with gajim-omemo 2.9, which is made of python-axolotl. */
const tellGajimStories = (): void => {
  const stage = tellOmemoStories('Gajim', startGajim);
  tellOmemoDamageStory(stage);
  tellOmemoPhoneStory(stage, startGajim);

  describe('a session that was broken', () => {
    it('by the loss of their keys is replaced when they come back, as soon as they write', async () => {
      const scene = await stage.meet();
      await scene.tell('before');
      await scene.hear('before, too');
      await scene.stopPeer();
      GajimPeer.loseSessions(path.join(stage.folder(), scene.bob), scene.bob);
      const { id: chatId } = scene.chat();
      await scene.app().window.api.messages.send({ chatId, text: 'nobody can read this' });
      await scene.startPeer();
      await clientOf(scene).expect('unreadable', ({ sender }) => sender === scene.alice);
      await scene.hear('a new start');
      await scene.tell('all is well');
      await scene.hear('so it is');
    });
  });
};

const reason = reasonForNoGajim();
if (reason === undefined) tellGajimStories();
else it.skip(`OMEMO with Gajim: ${reason}`, () => undefined);
