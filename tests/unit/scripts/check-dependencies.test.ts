import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { dependencyFaults, type LockFile, type Manifest } from '#scripts/check-dependencies.ts';

const entry = (version: string, more: object = {}): LockFile['packages'][string] => ({
  version,
  integrity: 'sha512-…',
  ...more,
});

const manifest: Manifest = { devDependencies: { zod: '4.6.7' }, allowScripts: { node: true } };
const lockOf = (more: LockFile['packages'] = {}, root: Manifest = manifest): LockFile => ({
  packages: { '': root, 'node_modules/zod': entry('4.6.7'), ...more },
});

describe('dependencies', () => {
  it('finds nothing to say about a sound pair', () => {
    expect(dependencyFaults(manifest, lockOf())).toEqual([]);
  });

  it('finds nothing to say about our own', () => {
    const root = path.resolve(import.meta.dirname, '../../..');
    const read = (name: string): unknown => JSON.parse(readFileSync(path.join(root, name), 'utf8'));
    expect(dependencyFaults(read('package.json') as Manifest, read('package-lock.json') as LockFile)).toEqual(
      [],
    );
  });

  it.each(['^4.6.7', '~4.6.7', '4', '*', 'latest', 'github:someone/zod', 'npm:zod@^4.6.7', 'file:../zod'])(
    'wants one version, not %s',
    (version) => {
      const loose: Manifest = { devDependencies: { zod: version } };
      expect(dependencyFaults(loose, lockOf({}, loose))).toEqual([
        `zod is not pinned to one version: "${version}"`,
      ]);
    },
  );

  it('accepts an alias that is pinned', () => {
    const alias: Manifest = { devDependencies: { zod: 'npm:@github/zod@4.6.7' } };
    expect(dependencyFaults(alias, lockOf({}, alias))).toEqual([]);
  });

  it('reports a lock file that npm ci would refuse', () => {
    expect(dependencyFaults({ devDependencies: { zod: '4.6.8' } }, lockOf()).join()).toContain(
      'disagree about zod',
    );
    const incomplete = lockOf({
      'node_modules/zod': entry('4.6.7', {
        optionalDependencies: { '@zod/win32': '4.6.7', '@zod/linux': '4.6.7' },
      }),
      'node_modules/@zod/linux': entry('4.6.7'),
    });
    expect(dependencyFaults(manifest, incomplete)).toEqual([
      '@zod/win32, which node_modules/zod wants, is missing from package-lock.json: npm ci will refuse it',
    ]);
  });

  it('looks for a dependency in all folders above, as Node does', () => {
    const nested = lockOf({
      'node_modules/a': entry('1.0.0', { dependencies: { b: '^1.0.0' } }),
      'node_modules/a/node_modules/b': entry('1.0.0', { dependencies: { c: '^1.0.0', zod: '^4.0.0' } }),
      'node_modules/a/node_modules/c': entry('1.0.0'),
    });
    expect(dependencyFaults(manifest, nested)).toEqual([]);
  });

  it('reports a second copy of what we use ourselves', () => {
    const twice = lockOf({
      'node_modules/knip': entry('6.0.0'),
      'node_modules/knip/node_modules/zod': entry('3.25.0'),
    });
    expect(dependencyFaults(manifest, twice)).toEqual(['zod is there in several versions: 4.6.7, 3.25.0']);
  });

  it('reports what comes from elsewhere or cannot be verified', () => {
    const foreign = lockOf({
      'node_modules/a': entry('1.0.0', { resolved: 'git+ssh://git@github.com/someone/a.git#abc' }),
      'node_modules/b': { version: '1.0.0' },
    });
    expect(dependencyFaults(manifest, foreign)).toEqual([
      'node_modules/a comes from git+ssh://git@github.com/someone/a.git#abc, not from the npm registry',
      'node_modules/b has no integrity hash in package-lock.json',
    ]);
  });

  it('wants a decision about every install script, under the real name of an alias', () => {
    const scripts = lockOf({
      'node_modules/node': entry('24.0.0', { hasInstallScript: true }),
      'node_modules/keytar': entry('7.0.0', { name: '@github/keytar', hasInstallScript: true }),
    });
    expect(dependencyFaults(manifest, scripts)).toEqual([
      '@github/keytar has an install script: allow or refuse it in "allowScripts" of package.json',
    ]);
  });
});
