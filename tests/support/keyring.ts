import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startChild, type TestChild } from './child-process.ts';
import { temporaryFolder } from './temporary-profile.ts';

/** A session bus of the test's own, with nothing on it and nothing that it starts by itself. */
export interface PrivateBus {
  /** For processes that shall use this bus and keyring instead of the user's. */
  readonly env: NodeJS.ProcessEnv;
  /** Starts gnome-keyring; with a password its keyring is open, without one it is locked (or not there yet). */
  startKeyring(password?: string): Promise<TestChild>;
}

/** No services: D-Bus would otherwise start the keyring of the system. */
const busConfig = (
  socket: string,
): string => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

export const startPrivateBus = async (): Promise<PrivateBus> => {
  const home = temporaryFolder();
  const runtime = join(home, 'run');
  const socket = join(runtime, 'bus');
  mkdirSync(runtime, { mode: 0o700 });
  writeFileSync(join(home, 'bus.conf'), busConfig(socket));
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
  };
  const bus = startChild(
    'dbus-daemon',
    [`--config-file=${join(home, 'bus.conf')}`, '--nofork', '--print-address'],
    { env },
  );
  if ((await bus.nextLine()) === undefined) throw new Error(`dbus-daemon: ${(await bus.finished()).stderr}`);

  return {
    env,
    startKeyring: async (password) => {
      const control = join(runtime, 'keyring');
      const args = ['--components=secrets', '--foreground', `--control-directory=${control}`];
      const keyring = startChild(
        'gnome-keyring-daemon',
        password === undefined ? args : [...args, '--unlock'],
        { env, input: password ?? '' },
      );
      await ownerOf(socket, 'org.freedesktop.secrets');
      return keyring;
    },
  };
};

/** Resolves when somebody owns the name on the bus: asked by D-Bus's own tool. */
const ownerOf = async (socket: string, name: string): Promise<void> => {
  const args = [
    `--bus=unix:path=${socket}`,
    '--print-reply=literal',
    '--dest=org.freedesktop.DBus',
    '/org/freedesktop/DBus',
    'org.freedesktop.DBus.NameHasOwner',
    `string:${name}`,
  ];
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await startChild('dbus-send', args).nextLine();
    if (answer?.includes('true') === true) return;
    await pause(25);
  }
  throw new Error(`${name} did not appear on the bus`);
};
