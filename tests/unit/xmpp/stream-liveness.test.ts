import { describe, expect, test } from 'vitest';
import { xml } from '#main/xmpp/stanza.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { useStubAccount } from '#tests/support/stub-account.ts';
import { acceptPlainSession, acceptSession, expectPing, said } from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

/** XEP-0199, and XEP-0198 <r/>: whether the other side is still there. */

const account = useStubAccount();

const gate = (): PromiseWithResolvers<void> => Promise.withResolvers<void>();

describe('a sign of life', () => {
  test('without stream management is any answer at all', async () => {
    const clock = new ManualClock();
    const [answered, asked] = [gate(), gate()];
    const { open } = await account({}, async (peer) => {
      await acceptPlainSession(peer);
      const id = await expectPing(peer);
      peer.send(
        `<iq type='error' id='${id}' from='stub.test'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
      );
      peer.send(said('alive'));
      answered.resolve();
      await expectPing(peer);
      asked.resolve();
      await peer.untilGone();
    });
    const { stream, ended, bodies } = await open({ clock });
    stream.probe(8_000);
    await answered.promise;
    await until('the answer', () => bodies.length === 1);
    clock.advance(8_000);
    // The first was answered; this one is not.
    stream.probe(8_000);
    await asked.promise;
    clock.advance(8_000);
    expect(await ended).toMatchObject({ code: 'connection-lost' });
    expect(clock.pending).toBe(0);
  });

  test('is also what arrives instead of it: a slow link is not a dead one', async () => {
    const clock = new ManualClock();
    const probed = gate();
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      await peer.expect(/<r [^>]*>/);
      peer.send(said('a long page'));
      probed.resolve();
      await peer.untilGone();
    });
    const { stream, ended, bodies } = await open({ clock });
    stream.probe(8_000);
    await probed.promise;
    await until('the page', () => bodies.length === 1);
    let isOver = false;
    void ended.then(() => (isOver = true));
    clock.advance(8_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isOver).toBe(false);
    const alive = stream.send(xml('presence')).catch((error: unknown) => error);
    clock.advance(8_000);
    expect(await ended).toMatchObject({ code: 'connection-lost' });
    await alive;
  });
});
