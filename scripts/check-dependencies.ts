/**
 * What no other tool says about our dependencies; run by scripts/check.ts.
 * Unused ones are knip's business.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Copies that we cannot do without, each with its reason. */
const acceptedCopies: Readonly<Record<string, string>> = {
  '@electron/asar':
    'electron-builder brings an older one for its own use; our tests read archives with the current one',
  '@electron/fuses': 'electron-builder brings an older one that does not know all fuses of our Electron',
};

type Versions = Readonly<Record<string, string>>;

export interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

interface Entry {
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
}

export interface LockFile {
  readonly packages: Readonly<Record<string, Entry>>;
}

/**
 * Faults of package.json and package-lock.json, one sentence each; empty where all is well.
 * Looks only at the two files: nothing is installed, nothing is fetched.
 */
export const dependencyFaults = (manifest: Manifest, lock: LockFile): readonly string[] => [
  ...notExact(manifest),
  ...notInStep(manifest, lock),
  ...duplicated(manifest, lock),
  ...incomplete(lock),
  ...foreign(lock),
  ...undecidedScripts(manifest, lock),
];

const direct = ({ dependencies, devDependencies }: Manifest): Versions => ({
  ...dependencies,
  ...devDependencies,
});

/** A range would give each clone another program. */
const notExact = (manifest: Manifest): readonly string[] =>
  Object.entries(direct(manifest))
    .filter(([, version]) => !/^(?:npm:(?:@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version))
    .map(([name, version]) => `${name} is not pinned to one version: "${version}"`);

/** `npm ci` refuses such a lock file. */
const notInStep = (manifest: Manifest, lock: LockFile): readonly string[] => {
  const locked = direct(lock.packages[''] ?? {});
  const wanted = direct(manifest);
  return [...new Set([...Object.keys(wanted), ...Object.keys(locked)])]
    .filter((name) => wanted[name] !== locked[name])
    .map((name) => `package.json and package-lock.json disagree about ${name}: run npm install`);
};

/** Two copies of what we use ourselves: two module states, two sizes, and types that do not fit. */
const duplicated = (manifest: Manifest, lock: LockFile): readonly string[] =>
  Object.keys(direct(manifest)).flatMap((name) => {
    if (Object.hasOwn(acceptedCopies, name)) return [];
    const versions = new Set(
      Object.entries(lock.packages)
        .filter(([place]) => place === `node_modules/${name}` || place.endsWith(`/node_modules/${name}`))
        .map(([, entry]) => entry.version ?? '?'),
    );
    return versions.size > 1 ? [`${name} is there in several versions: ${[...versions].join(', ')}`] : [];
  });

/** npm writes such a lock file where a registry lacks the packages of other systems, and `npm ci` then refuses it. */
const incomplete = (lock: LockFile): readonly string[] =>
  Object.entries(lock.packages).flatMap(([place, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !isLocked(lock, place, name))
      .map(
        (name) => `${name}, which ${place} wants, is missing from package-lock.json: npm ci will refuse it`,
      ),
  );

/** Whether a package finds another one, as Node looks: in its own folder first, then in each one above. */
const isLocked = (lock: LockFile, place: string, name: string): boolean => {
  const steps = place.split('/node_modules/');
  const above = steps.map(
    (_, depth) => `${steps.slice(0, depth + 1).join('/node_modules/')}/node_modules/${name}`,
  );
  return [`node_modules/${name}`, ...above].some((candidate) => lock.packages[candidate] !== undefined);
};

/** Only the npm registry, and only what can be verified. */
const foreign = (lock: LockFile): readonly string[] =>
  Object.entries(lock.packages)
    .filter(([place]) => place !== '')
    .flatMap(([place, { resolved, integrity }]) => [
      ...(resolved === undefined || resolved.startsWith('https://registry.npmjs.org/')
        ? []
        : [`${place} comes from ${resolved}, not from the npm registry`]),
      ...(integrity === undefined ? [`${place} has no integrity hash in package-lock.json`] : []),
    ]);

/** Whoever wants to run a script at installation is named in package.json, with a yes or a no. */
const undecidedScripts = (manifest: Manifest, lock: LockFile): readonly string[] =>
  Object.entries(lock.packages)
    .filter(([, entry]) => entry.hasInstallScript === true)
    .map(
      ([place, entry]) =>
        entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
    )
    .filter((name) => manifest.allowScripts?.[name] === undefined)
    .map((name) => `${name} has an install script: allow or refuse it in "allowScripts" of package.json`);

if (import.meta.main) {
  const root = path.resolve(import.meta.dirname, '..');
  const read = (name: string): unknown => JSON.parse(readFileSync(path.join(root, name), 'utf8'));
  const faults = dependencyFaults(read('package.json') as Manifest, read('package-lock.json') as LockFile);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
