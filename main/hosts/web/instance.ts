import { randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/**
 * One running instance for each profile. The first start leaves a note in the profile, readable by its user
 * only, that names a private socket; later starts ask there instead of starting again.
 */

/** What a second start asks of the first. */
export interface InstanceRequest {
  /** `window`: show one; `address`: give a launch URL. */
  readonly want: 'window' | 'address';
  /** An `xmpp:` link from the command line. */
  readonly link?: string | undefined;
}

/** `launchUrl` is missing where the running instance has opened a window itself. */
export interface InstanceReply {
  readonly pid: number;
  readonly launchUrl?: string | undefined;
}

/** The first instance holds the profile but gave no answer. */
export class InstanceSilent extends Error {
  constructor(pid: number) {
    super(`another ChatSecure (process ${pid}) is using this profile and does not answer`);
    this.name = 'InstanceSilent';
  }
}

interface Note {
  readonly pid: number;
  readonly address: string;
}

const NOTE = 'instance.json';
const MAX_MESSAGE = 16_384;
const PATIENCE = 5_000;

/**
 * Asks the instance that is running on a profile.
 * @returns undefined where none is running, a stale note included
 * @throws InstanceSilent where there is one and it does not answer in 5 s
 */
export const askInstance = async (
  profileDir: string,
  request: InstanceRequest,
): Promise<InstanceReply | undefined> => {
  const note = await readNote(profileDir);
  if (note === undefined) return undefined;
  return new Promise((resolve, reject) => {
    const socket = connect(note.address);
    socket.setTimeout(PATIENCE, () => socket.destroy(new InstanceSilent(note.pid)));
    let connected = false;
    socket.once('connect', () => {
      connected = true;
      socket.write(`${JSON.stringify(request)}\n`);
    });
    socket.once('error', (error) => {
      if (connected || error instanceof InstanceSilent) reject(new InstanceSilent(note.pid));
      else resolve(undefined);
    });
    readLine(socket, (line) => {
      socket.destroy();
      const reply = parse<InstanceReply>(line);
      if (reply === undefined) reject(new InstanceSilent(note.pid));
      else resolve(reply);
    });
    socket.once('close', () => reject(new InstanceSilent(note.pid)));
  });
};

/**
 * Becomes the instance of a profile. Call `askInstance` before: a note that is there is replaced.
 * @returns takes the note and the socket away again
 */
export const announceInstance = async (
  profileDir: string,
  answer: (request: InstanceRequest) => Promise<InstanceReply>,
): Promise<() => Promise<void>> => {
  await mkdir(profileDir, { recursive: true, mode: 0o700 });
  // A path of at most 107 bytes fits a socket address (unix(7)); the profile's own may be longer.
  const folder =
    process.platform === 'win32' ? undefined : await mkdtemp(path.join(os.tmpdir(), 'chatsecure-'));
  const address =
    folder === undefined
      ? `\\\\.\\pipe\\chatsecure-${randomBytes(16).toString('hex')}`
      : path.join(folder, 'instance');
  const server = createServer((socket) => {
    socket.setTimeout(PATIENCE, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    readLine(socket, (line) => {
      const request = parse<InstanceRequest>(line);
      if (request === undefined) socket.destroy();
      else void reply(socket, answer(request));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
  const note: Note = { pid: process.pid, address };
  await writeNote(profileDir, note);
  return async () => {
    if ((await readNote(profileDir))?.address === address)
      await rm(path.join(profileDir, NOTE), { force: true });
    await new Promise((resolve) => server.close(resolve));
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  };
};

const reply = async (socket: Socket, answer: Promise<InstanceReply>): Promise<void> => {
  try {
    socket.end(`${JSON.stringify(await answer)}\n`);
  } catch {
    socket.destroy();
  }
};

/** Calls back with the first line, once; whoever sends more than a line may hold is cut off. */
const readLine = (socket: Socket, take: (line: string) => void): void => {
  let text = '';
  const onData = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end < 0 && text.length <= MAX_MESSAGE) return;
    socket.off('data', onData);
    if (end < 0) socket.destroy();
    else take(text.slice(0, end));
  };
  socket.setEncoding('utf8').on('data', onData);
};

const readNote = async (profileDir: string): Promise<Note | undefined> => {
  const file = path.join(profileDir, NOTE);
  try {
    const { uid } = await lstat(file);
    // Somebody else's note would lead us to somebody else's window.
    if (process.getuid !== undefined && uid !== process.getuid()) return undefined;
    const note = parse<Note>(await readFile(file, 'utf8'));
    return typeof note?.address === 'string' ? note : undefined;
  } catch {
    return undefined;
  }
};

/** Written beside and renamed, so that a reader never sees half of it. */
const writeNote = async (profileDir: string, note: Note): Promise<void> => {
  const temporary = path.join(profileDir, `${NOTE}.${process.pid}`);
  await writeFile(temporary, JSON.stringify(note), { mode: 0o600 });
  await rename(temporary, path.join(profileDir, NOTE));
};

/** Both ends are this program, run by the same user; only garbage must not pass. */
const parse = <T extends object>(text: string): T | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
};
