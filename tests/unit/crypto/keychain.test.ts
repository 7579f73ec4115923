import { describe, expect, test } from 'vitest';
import { SecretsLocked, SecretsUnavailable } from '#main/hosts/shell.ts';
import { createKeychain } from '#main/hosts/keychain.ts';

const failing = (message: string): ReturnType<typeof createKeychain> => {
  const fail = async (): Promise<never> => {
    throw new Error(message);
  };
  return createKeychain(async () => ({ getPassword: fail, setPassword: fail, deletePassword: fail }));
};

describe('what keychains say', () => {
  // Seen with libsecret and gnome-keyring, and the texts of SecCopyErrorMessageString on macOS.
  test.each([
    'Cannot create an item in a locked collection',
    'GDBus.Error:org.freedesktop.Secret.Error.IsLocked: the object is locked',
    'Prompt was dismissed',
    'User interaction is not allowed.',
    'User canceled the operation.',
    'The user name or passphrase you entered is not correct.',
  ])('locked: %s', async (message) => {
    const keychain = failing(message);
    await expect(keychain.set('a', 'b')).rejects.toBeInstanceOf(SecretsLocked);
    await expect(keychain.get('a')).rejects.toBeInstanceOf(SecretsLocked);
    await expect(keychain.delete('a')).rejects.toBeInstanceOf(SecretsLocked);
  });

  test.each([
    ['The name org.freedesktop.secrets was not provided by any .service files', 'Secret Service'],
    ['Object does not exist at path “/org/freedesktop/secrets/collection/login”', 'no keychain in it'],
    ['Cannot autolaunch D-Bus without X11 $DISPLAY', 'session bus'],
    ['Could not connect: No such file or directory', 'session bus'],
    ['Verbindung ist gescheitert: Datei oder Verzeichnis nicht gefunden', 'answers with an error'],
  ])('unavailable: %s', async (message, reason) => {
    await expect(failing(message).set('a', 'b')).rejects.toThrow(reason);
    await expect(failing(message).get('a')).rejects.toBeInstanceOf(SecretsUnavailable);
  });
});

test('the library is loaded at the first use, and its absence is no crash', async () => {
  let loads = 0;
  const keychain = createKeychain(async () => {
    loads += 1;
    throw new Error('Failed to load keytar native addon, checked [] on linux-x64');
  });
  expect(loads).toBe(0);
  await expect(keychain.get('a')).rejects.toThrow('libsecret');
  await expect(keychain.set('a', 'b')).rejects.toBeInstanceOf(SecretsUnavailable);
});

test('a value with NUL is refused, because the library would keep only its first part', async () => {
  const kept: string[] = [];
  const keychain = createKeychain(async () => ({
    getPassword: async () => null,
    setPassword: async (_service: string, _name: string, value: string) => void kept.push(value),
    deletePassword: async () => true,
  }));
  await expect(keychain.set('a', 'b\0c')).rejects.toBeInstanceOf(TypeError);
  await keychain.set('a', 'b');
  expect(kept).toEqual(['b']);
  expect(await keychain.get('a')).toBeUndefined();
});
