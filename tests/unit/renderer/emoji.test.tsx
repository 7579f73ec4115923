// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isEmoji } from '#shared/emoji.ts';
import { categories, emojiResolver, readEmoji } from '#renderer/features/emoji/emoji-data.ts';
import { openNadia } from './support/chat.ts';
import { closeWindows, settle } from './support/window.tsx';

const everywhere = (): boolean => true;
const resolve = (language: 'en' | 'de' | 'ar', canDraw: (emoji: string) => boolean = everywhere) =>
  emojiResolver(language, (key) => key, canDraw)('en', {});

describe('the list of emoji', () => {
  it('comes from the program itself, and is complete', async () => {
    const fetch = vi.spyOn(globalThis, 'fetch');
    const { emojis, categories: named } = await resolve('en');
    expect(emojis.length).toBeGreaterThan(1800);
    expect(named.map(({ index }) => index)).toEqual(categories.map(([index]) => index));
    expect(emojis.find(({ emoji }) => emoji === '🦔')).toMatchObject({ label: 'hedgehog', category: 3 });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('offers only what the contract takes as a reaction, skin tones included', async () => {
    const { emojis } = await resolve('en');
    const all = emojis.flatMap(({ emoji, skins }) => [emoji, ...Object.values(skins ?? {})]);
    expect(all.filter((emoji) => !isEmoji(emoji))).toEqual([]);
    expect(emojis.find(({ emoji }) => emoji === '👋')?.skins).toMatchObject({ light: '👋🏻', dark: '👋🏿' });
  });

  it('speaks German and Arabic, and finds English names there too', async () => {
    const hedgehog = async (language: 'de' | 'ar') =>
      (await resolve(language)).emojis.find(({ emoji }) => emoji === '🦔');
    expect((await hedgehog('de'))?.label).toBe('Igel');
    expect(await hedgehog('ar')).toMatchObject({ label: 'قنفد', tags: expect.arrayContaining(['hedgehog']) });
  });

  it('has an Arabic name for each', async () => {
    const { emojis } = await resolve('ar');
    expect(emojis.filter(({ label }) => !/\p{Script=Arabic}/u.test(label)).map(({ emoji }) => emoji)).toEqual(
      [],
    );
  });

  it('leaves out what this system has no picture for', async () => {
    const { emojis } = await resolve('en', (emoji) => emoji !== '🇪🇺');
    const symbols = emojis.map(({ emoji }) => emoji);
    expect(symbols).toContain('🏁');
    expect(symbols).not.toContain('🇩🇪');

    const entry = { label: '', group: 0 };
    const old = { ...entry, emoji: '😀', version: 1 };
    const tooNew = { ...entry, emoji: '🫪', version: 17 };
    const list = readEmoji(
      [old, tooNew],
      (key) => key,
      (emoji) => emoji !== '🫪',
    );
    expect(list.emojis.map(({ emoji }) => emoji)).toEqual(['😀']);
  });
});

describe('choosing an emoji', () => {
  beforeEach(() => {
    vi.spyOn(document, 'hasFocus').mockReturnValue(true);
    vi.stubGlobal('localStorage', forbidden());
    vi.stubGlobal('sessionStorage', forbidden());
  });
  afterEach(() => {
    closeWindows();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('puts a recent one where the cursor stands, and keeps it in the settings, never in the browser', async () => {
    const { backend } = await openNadia([], { settings: { recentEmoji: ['🎉', '🦔'], skinTone: 'dark' } });
    const box = screen.getByRole<HTMLTextAreaElement>('textbox', { name: /message to/i });
    fireEvent.change(box, { target: { value: 'before after' } });
    await settle();
    box.setSelectionRange(6, 6);
    fireEvent.click(screen.getByRole('button', { name: 'Insert an emoji' }));
    const recent = await screen.findByRole('toolbar', { name: 'Used recently' });
    expect(screen.getByRole('button', { name: 'Dark skin tone', pressed: true })).toBeDefined();
    fireEvent.click(recent.querySelectorAll('button')[1] ?? recent);
    await settle();
    expect(box.value).toBe('before🦔 after');
    await waitFor(() => expect(document.activeElement).toBe(box));
    expect(box.selectionStart).toBe(8);
    expect(backend.settings.recentEmoji).toEqual(['🦔', '🎉']);
  });

  it('keeps the skin tone', async () => {
    const { backend } = await openNadia([]);
    fireEvent.click(screen.getByRole('button', { name: 'Insert an emoji' }));
    fireEvent.click(await screen.findByRole('button', { name: 'Light skin tone' }));
    await settle();
    expect(backend.settings.skinTone).toBe('light');
  });
});

const forbidden = (): unknown =>
  new Proxy(
    {},
    {
      get: () => {
        throw new Error('the storage of the browser is not encrypted');
      },
    },
  );
