import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStanza, type Element } from '#main/xmpp/stanza.ts';
import { readers } from './readers.ts';

/**
 * Pairs of XML and value, found by scanning the folders: `<case>.<reader>.xml` beside `<case>.<reader>.json`.
 * `undefined` is left out of objects and written as null alone. Readers with `build` are checked both ways.
 */

/** Attribute order and insignificant white space do not matter. */
const canonical = (element: Element): unknown => ({
  name: element.getName(),
  xmlns: element.getNS() ?? '',
  attrs: Object.fromEntries(
    Object.entries(element.attrs)
      .filter(([key]) => key !== 'xmlns' && !key.startsWith('xmlns:'))
      .toSorted(([one], [other]) => one.localeCompare(other)),
  ),
  children: element.children.flatMap((one) =>
    typeof one === 'string' ? (one.trim() === '' ? [] : [one]) : [canonical(one)],
  ),
});

const root = import.meta.dirname;
const cases = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.xml'))
  .toSorted();

describe('protocol cases', () => {
  it('finds pairs, and no half of one', () => {
    expect(cases.length).toBeGreaterThan(20);
    const json = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.json'),
    );
    expect(json.map((file) => file.replace(/json$/, 'xml')).toSorted()).toEqual(cases);
  });

  it('has a case for every reader', () => {
    const named = new Set(cases.map((file) => path.basename(file, '.xml').split('.')[1]));
    expect(Object.keys(readers).filter((name) => !named.has(name))).toEqual([]);
  });

  for (const file of cases) {
    const pair = readers[path.basename(file, '.xml').split('.')[1] ?? ''];
    it(file.replace(/\.xml$/, ''), () => {
      if (pair === undefined) throw new Error(`no reader is named in ${file}`);
      const element = parseStanza(readFileSync(path.join(root, file), 'utf8').trim());
      const value: unknown = JSON.parse(readFileSync(path.join(root, file.replace(/xml$/, 'json')), 'utf8'));
      if (pair.read !== undefined) {
        expect(JSON.parse(JSON.stringify(pair.read(element) ?? null))).toEqual(value);
      }
      if (pair.build !== undefined) {
        expect(canonical(parseStanza(pair.build(value as never).toString()))).toEqual(canonical(element));
      }
    });
  }
});
