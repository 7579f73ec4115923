import type { MessageId } from '#shared/ids.ts';
import type { Protection } from '#shared/views.ts';
import type { DeviceName, Person } from './world.ts';

/** What the user was told about one message on one computer, by the answers of the application. */
export interface Promised {
  readonly device: DeviceName;
  readonly key: string;
}

/** What was done in one sequence, and what came of it as far as the users could see. */
export class Script {
  readonly label: string;
  /** How everything is to travel. */
  readonly protection: Protection;
  /** Texts whose sending was confirmed to the user: these must arrive. */
  readonly sent = new Map<string, DeviceName>();
  /** Taken back before they left; these must not arrive. */
  readonly cancelled = new Set<string>();
  /** Retracted by this computer: with luck, nobody else has ever heard of them. */
  readonly retracted: Promised[] = [];
  /** Removed from one computer alone. What had not left by then never will. */
  readonly deleted: Promised[] = [];
  /** By computer and key: the last text, and the last reactions, that the user saw. */
  readonly edited = new Map<string, Promised & { readonly text: string }>();
  readonly reacted = new Map<string, Promised & { readonly emojis: string }>();
  readonly read: (Promised & { readonly person: Person })[] = [];
  /** Rows of own messages, so that a row without text can be told. */
  readonly rows = new Map<string, MessageId>();
  /** All that was written, by key; whether it was sent or not. */
  readonly written = new Map<string, DeviceName>();
  #texts = 0;

  constructor(label: string, protection: Protection) {
    this.label = label;
    this.protection = protection;
  }

  /** A text that no other message has; the name of the computer is for whoever reads the report. */
  newText(device: DeviceName): string {
    const text = `${this.label} ${this.#texts++} by ${device}`;
    this.written.set(text, device);
    return text;
  }

  /** Another text for the message with this key. */
  newVersion(key: string): string {
    return `${key}, edit ${this.#texts++}`;
  }

  isDeleted(device: DeviceName, key: string): boolean {
    return this.deleted.some((one) => one.device === device && one.key === key);
  }
}
