import { describe, it } from 'vitest';
import { startPythonPeer } from '#tests/support/peers/omemo-peer.ts';
import { clientOf, tellOmemoDamageStory, tellOmemoPhoneStory } from './omemo-further-stories.ts';
import { tellOmemoStories } from './omemo-stories.ts';

/** slixmpp 1.8 and python-omemo 1.0 of Debian 12, with glue of ours: what poezio and many bots are made of. */
const stage = tellOmemoStories('python-omemo', startPythonPeer);
tellOmemoDamageStory(stage);
tellOmemoPhoneStory(stage, startPythonPeer);

describe('a session that was broken', () => {
  it('by the loss of their keys is replaced by their next message', async () => {
    const scene = await stage.meet();
    await scene.tell('before');
    await scene.hear('before, too');
    await clientOf(scene).forgetSessions(scene.alice);
    const { id: chatId } = scene.chat();
    await scene.app().window.api.messages.send({ chatId, text: 'nobody can read this' });
    await clientOf(scene).expect('unreadable', ({ reason }) => reason.includes('NoSession'));
    await scene.hear('a new start');
    await scene.tell('all is well');
    await scene.hear('so it is');
  });
});
