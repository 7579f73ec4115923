/**
 * A checker that says nothing may be a checker that looks at nothing. Here the linter and the compiler of
 * this repository, with its own configuration, must report every line of the fixtures that is marked
 * `// forbidden`, and no other.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const fixtures = path.join(root, 'tests/fixtures/walls');
const tool = (name: string): string => path.join(root, 'node_modules/.bin', name);
const layers = ['shared', 'preload', 'main', 'renderer'];

/** `file:line` of everything that is marked in a fixture tree. */
const marked = (tree: string): readonly string[] =>
  sources(tree).flatMap((file) =>
    readFileSync(path.join(fixtures, tree, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (line.includes('// forbidden') ? [`${file}:${index + 1}`] : [])),
  );

const sources = (tree: string): readonly string[] =>
  readdirSync(path.join(fixtures, tree), { recursive: true })
    .map((file) => String(file).replaceAll('\\', '/'))
    .filter((file) => statSync(path.join(fixtures, tree, file)).isFile())
    .toSorted();

/** A project with the fixture as its sources and our configuration, in a folder of its own. */
const makeProject = (tree: string): string => {
  const project = mkdtempSync(path.join(os.tmpdir(), 'walls-'));
  cpSync(path.join(fixtures, tree), project, { recursive: true });
  for (const file of ['.oxlintrc.json', 'package.json', 'tsconfig.base.json']) {
    cpSync(path.join(root, file), path.join(project, file));
  }
  for (const layer of layers) {
    cpSync(path.join(root, layer, 'tsconfig.json'), path.join(project, layer, 'tsconfig.json'));
  }
  // The type-aware part of the linter is found there, and left out without a word where it is not.
  symlinkSync(path.join(root, 'node_modules'), path.join(project, 'node_modules'));
  return project;
};

interface Diagnostic {
  readonly code: string;
  readonly help?: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

const place = (one: Diagnostic): string => `${one.filename}:${one.labels[0]?.span.line ?? 0}`;

describe('the linter', () => {
  let project: string;
  let diagnostics: readonly Diagnostic[];

  beforeAll(() => {
    project = makeProject('lint');
    const run = spawnSync(tool('oxlint'), ['--format=json', ...layers], { cwd: project, encoding: 'utf8' });
    diagnostics = (JSON.parse(run.stdout) as { diagnostics: readonly Diagnostic[] }).diagnostics;
  });
  afterAll(() => rmSync(project, { recursive: true }));

  it('reports every forbidden line of the fixture, and no admitted one', () => {
    // The fixtures are made of imports without effect; only what this test is about counts.
    const rules =
      /no-restricted-|no-cycle|no-danger|floating|exhaustiveness|explicit-any|require-imports|consistent-type-imports/;
    const reported = diagnostics.filter(({ code }) => rules.test(code)).map(place);
    expect([...new Set(reported)].toSorted()).toEqual(marked('lint').toSorted());
  });

  it('says at each wall what the folder may import', () => {
    const walls = diagnostics.filter(({ code }) => code.includes('no-restricted-imports'));
    expect(walls.length).toBeGreaterThan(100);
    expect(walls.filter(({ help }) => help === undefined || help === '').map(place)).toEqual([]);
  });

  it('covers every folder of main, so that a new one needs a fixture too', () => {
    const fixture = new Set(sources('lint').map((file) => path.dirname(file)));
    const tracked = execFileSync('git', ['ls-files', 'main'], { cwd: root, encoding: 'utf8' }).split('\n');
    const folders = new Set(tracked.filter((file) => file.endsWith('.ts')).map((file) => path.dirname(file)));
    expect([...folders].filter((folder) => !fixture.has(folder))).toEqual([]);
  });
});

describe('the compiler', () => {
  let project: string;
  let output: string;

  beforeAll(() => {
    project = makeProject('types');
    const run = spawnSync(tool('tsc'), ['-b', '--pretty', 'false', ...layers], {
      cwd: project,
      encoding: 'utf8',
    });
    output = run.stdout;
  });
  afterAll(() => rmSync(project, { recursive: true }));

  it('keeps Node, the DOM and the other layers out of each layer', () => {
    const reported = [...output.matchAll(/^(\S+)\((\d+),\d+\): error/gm)].map(
      (match) => `${match[1]}:${match[2]}`,
    );
    expect([...new Set(reported)].toSorted()).toEqual(marked('types').toSorted());
  });
});
