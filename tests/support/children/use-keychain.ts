// Opens the key of a profile as the application does, in an environment of the caller's choice, and prints
// one JSON line for each step named by the arguments: open, unlock:<passphrase>, set:<name>=<value>, get:<name>.
import { Keyring } from '#main/crypto/keyring.ts';
import { createKeychain } from '#main/hosts/keychain.ts';
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import { openDatabase } from '#main/store/database.ts';

const [folder = '', ...steps] = process.argv.slice(2);
const paths = profilePaths(folder);
const keychain = createKeychain();
const keyring = new Keyring({ markerPath: paths.keyMarker, databasePath: paths.database, secrets: keychain });
const claim = claimProfile(folder);

const describeKey = (outcome: Awaited<ReturnType<Keyring['open']>>): unknown => {
  if (outcome.state !== 'ready') return outcome;
  openDatabase(paths.database, outcome.key).close();
  return { state: 'ready', protection: outcome.protection };
};

const run = async (step: string): Promise<unknown> => {
  const [verb, rest = ''] = step.split(/:(.*)/s);
  const [name = '', value = ''] = rest.split('=');
  switch (verb) {
    case 'open':
      return describeKey(await keyring.open());
    case 'unlock':
      return describeKey(await keyring.unlock(rest));
    case 'set':
      return (await keychain.set(name, value)) ?? 'done';
    case 'get':
      return (await keychain.get(name)) ?? 'nothing';
    default:
      throw new Error(`unknown step ${step}`);
  }
};

for (const step of steps) {
  const result = await run(step).catch((error: unknown) => ({
    error: error instanceof Error ? error.name : 'unknown',
    ...(error instanceof Error && 'code' in error ? { code: error.code } : {}),
  }));
  console.log(JSON.stringify(result));
}
claim.dispose();
