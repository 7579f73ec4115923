/** What the README says about the code must stay true when the code changes. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '#scripts/ensure.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const readme = read('README.md');

const sources = ['main/xmpp', 'main/net'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true })
    .map((file) => `${folder}/${String(file).replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts')),
);

/** Every file that the running application loads, found by following its imports. */
const loaded = new Set<string>();
const follow = (file: string): void => {
  if (loaded.has(file)) return;
  loaded.add(file);
  for (const [, type, target = ''] of read(file).matchAll(
    /^(?:im|ex)port( type)?\b[^;]*?from '([#.][^']+)';/gm,
  )) {
    if (type !== undefined) continue;
    follow(target.startsWith('#') ? target.slice(1) : path.posix.join(path.posix.dirname(file), target));
  }
};
follow('main/backend.ts');

/** `XEP-0085: Chat State Notifications, version 2.1`, as every header has it. */
const HEADER = /XEP-(\d{4}): ([^,*\n]+), version (\d+(?:\.\d+)*)/g;
const implemented = sources.flatMap((file) =>
  [...read(file).matchAll(HEADER)].map(([, number, title, version]) => ({ number, title, version, file })),
);

const rows = [
  ...readme.matchAll(
    /^\| \[(\d{4})\]\(([^)]+)\) \| ([^|]+) \| ([\d.]+) \| `([^`]+)` \| (in use|protocol) \|$/gm,
  ),
].map(([, number = '', link, title, version, file = '', state]) => ({
  number,
  link,
  title,
  version,
  file,
  state,
}));

describe('the table of XMPP extensions', () => {
  it.each(implemented)('has XEP-$number as $file implements it', ({ number, title, version }) => {
    expect(rows.find((row) => row.number === number)).toMatchObject({ title, version });
  });

  it('names files that speak of that extension, whether the app loads them, in ascending order', () => {
    expect(rows.length).toBeGreaterThan(0);
    for (const { number, link, file, state } of rows) {
      expect([number, state]).toEqual([number, loaded.has(file) ? 'in use' : 'protocol']);
      expect(link).toBe(`https://xmpp.org/extensions/xep-${number}.html`);
      expect([number, read(file).includes(`XEP-${number}`)]).toEqual([number, true]);
    }
    const numbers = rows.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].toSorted());
  });
});

it('names every command', () => {
  const { scripts } = JSON.parse(read('package.json')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(commands)) {
    expect(scripts[name]).toBe(`node scripts/run.mjs ${name}`);
    expect(readme).toMatch(new RegExp(`\`npm (?:run )?${name}[\` ]`));
  }
});

it('names every environment variable that the app and its commands read', () => {
  const code = ['main', 'scripts', 'preload'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .map((file) => path.join(folder, String(file)))
      .filter((file) => /\.(?:ts|mjs)$/.test(file)),
  );
  const names = new Set(
    code.flatMap((file) => [...read(file).matchAll(/\['(CHATSECURE_[A-Z_]+)'\]/g)].map(([, name]) => name)),
  );
  expect(names.size).toBeGreaterThan(3);
  expect([...names].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});
