// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { article, message, NOON, openNadia } from './support/chat.ts';
import { closeWindows } from './support/window.tsx';

afterEach(closeWindows);

describe('a message that could not be decrypted', () => {
  it('is a row that says so and what to do, and shows the note of the sending app as a note', async () => {
    await openNadia([
      message(1, 'This message is encrypted.', { failure: 'not-decryptable', protection: 'omemo' }),
    ]);
    const { textContent } = article(0);
    expect(textContent).toContain('A message could not be decrypted');
    expect(textContent).toMatch(/Ask .*Nadia.* to send it again/);
    expect(textContent).toMatch(/The sender's app adds: .*This message is encrypted\./);
    expect(textContent).toContain('Encrypted with OMEMO');
  });

  it('of an own device says nothing of a sending app: its note is ours', async () => {
    await openNadia([
      message(1, 'This message is encrypted.', {
        direction: 'out',
        failure: 'not-decryptable',
        protection: 'omemo',
      }),
    ]);
    const { textContent } = article(0);
    expect(textContent).toContain('A message could not be decrypted');
    expect(textContent).not.toContain('This message is encrypted.');
  });

  it('needs no note, and its note cannot pass for anything else', async () => {
    await openNadia([
      message(1, '', { failure: 'not-decryptable' }),
      message(2, 'https://evil.example/ \u202Etxet', { failure: 'not-decryptable' }),
    ]);
    expect(article(0).textContent).not.toContain('adds');
    expect(screen.queryByRole('link', { name: /evil/ })).toBeNull();
    expect(article(1).textContent).not.toContain('\u202e');
  });
});

describe('a message that waits for its time', () => {
  it('says when it goes out, instead of when it was written', async () => {
    const sendAt = NOON + 6 * 3_600_000;
    await openNadia([message(1, 'Good evening', { state: 'queued', sendAt })]);
    expect(article(0).textContent).toMatch(/Scheduled .*0?6:00/);
    expect(article(0).querySelector('[data-tip*="until then you can change it"]')).toBeTruthy();
    expect(article(0).textContent).not.toContain('Waiting for the connection');
  });

  it('held back for undo is not called scheduled', async () => {
    await openNadia([message(1, 'Oops', { state: 'queued', sendAt: NOON + 11_000 })]);
    expect(article(0).textContent).toContain('Not sent yet, you can still undo it');
    expect(article(0).textContent).not.toContain('Scheduled');
  });
});

it('the words of a refusing server are shown as its words, on one line', async () => {
  await openNadia([
    message(1, 'Hello', { state: 'failed', failure: 'forbidden', failureText: 'Not\n\u202Etoday' }),
  ]);
  expect(article(0).textContent).toMatch(
    /does not accept messages from you\. The server's own words: .*Not today/,
  );
});
