import { spawnSync } from 'node:child_process';
import path from 'node:path';

/**
 * Runs a built Electron entry in plain Node, with the stub in place of `electron`, and then `script`, in which
 * `stub` is the stub and `require` resolves packages as the entry does.
 * @returns what the script printed, and what was written to stderr
 */
export const runOnStub = (
  entry: string,
  profileDir: string,
  script: string,
): { readonly stdout: string; readonly stderr: string } => {
  const stub = path.join(import.meta.dirname, 'electron-stub.ts');
  const program = `
    import { createRequire, registerHooks } from 'node:module';
    import { pathToFileURL } from 'node:url';
    const stubUrl = pathToFileURL(${JSON.stringify(stub)}).href;
    registerHooks({
      resolve: (name, context, next) =>
        name === 'electron' ? { url: stubUrl, format: 'module-typescript', shortCircuit: true } : next(name, context),
    });
    const stub = await import(stubUrl);
    // An entry that waits for ready at its top level would never be evaluated.
    const late = setTimeout(() => { console.log('DEADLOCK'); process.exit(3); }, 10_000);
    await import(pathToFileURL(${JSON.stringify(entry)}).href);
    clearTimeout(late);
    const require = createRequire(${JSON.stringify(entry)});
    await stub.fireReady();
    ${script}
    process.exit(0);`;
  const env = {
    ...process.env,
    CHATSECURE_PROFILE: profileDir,
    CHATSECURE_LOG: 'error',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
  };
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', env });
};
